#include "graph/json_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace maskscope {

using nlohmann::json;

void FieldProblems::Add(const std::string& field, std::string_view found, std::string_view wanted) {
  if (reported_.insert(field).second) problems_.Require(false, field, found, wanted);
}

void FieldProblems::AddUnknown(const std::string& field, const std::string& nearest) {
  if (!reported_.insert(field).second) return;
  problems_.Add(field + ": unknown field" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
}

JsonFields::JsonFields(const json& object, std::string path, FieldProblems& problems)
    : object_(object), path_(std::move(path)), problems_(problems) {
  if (!object_.is_object()) problems_.Add(path_, Shorten(object_), "an object");
}

std::string JsonFields::Shorten(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

const json* JsonFields::Find(const char* key) {
  known_.emplace_back(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

bool JsonFields::Convert(const json& from, bool& to) {
  if (from.is_boolean()) to = from.get<bool>();
  return from.is_boolean();
}

bool JsonFields::Convert(const json& from, int& to) {
  if (!from.is_number_integer()) return false;
  const bool fits = from.is_number_unsigned()
                        ? from.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int>::max())
                        : from.get<int64_t>() >= std::numeric_limits<int>::min();
  if (fits) to = from.get<int>();
  return fits;
}

bool JsonFields::Convert(const json& from, float& to) {
  if (!from.is_number()) return false;
  const double value = from.get<double>();
  const bool fits = std::abs(value) <= double{std::numeric_limits<float>::max()};
  if (fits) to = static_cast<float>(value);
  return fits;
}

bool JsonFields::Convert(const json& from, std::string& to) {
  if (from.is_string()) to = from.get<std::string>();
  return from.is_string();
}

template <typename T>
bool JsonFields::ReadOne(const char* key, T& value, const char* wanted) {
  const json* found = Find(key);
  if (found != nullptr && !Convert(*found, value)) problems_.Add(Path(key), Shorten(*found), wanted);
  return found != nullptr;
}

bool JsonFields::Read(const char* key, bool& value) { return ReadOne(key, value, "true or false"); }
bool JsonFields::Read(const char* key, int& value) { return ReadOne(key, value, "a whole number"); }
bool JsonFields::Read(const char* key, float& value) { return ReadOne(key, value, "a number"); }
bool JsonFields::Read(const char* key, std::string& value) { return ReadOne(key, value, "a text"); }

void JsonFields::ReadWord(const char* key, const std::vector<std::string>& words, size_t& value, bool required) {
  const std::string wanted = fmt::format("one of {}", fmt::join(words, ", "));
  std::string word;
  if (!Read(key, word)) {
    problems_.Require(!required, Path(key), "nothing", wanted);
    return;
  }
  const auto found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) {
    value = static_cast<size_t>(found - words.begin());
    return;
  }
  const std::string nearest = NearestWord(word, words);
  problems_.Add(Path(key), "'" + word + "'", wanted + (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"));
}

const json& JsonFields::Child(const char* key) {
  static const json kEmpty = json::object();
  const json* found = Find(key);
  return found == nullptr ? kEmpty : *found;
}

void JsonFields::ReportUnknown() {
  if (!object_.is_object()) return;
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      problems_.AddUnknown(Path(key), NearestWord(key, known_));
    }
  }
}

}  // namespace maskscope
