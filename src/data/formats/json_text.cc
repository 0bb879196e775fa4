#include "data/formats/json_text.h"

#include "data/formats/annotation_text.h"
#include "data/strict_json.h"

namespace maskscope {

using nlohmann::json;

namespace {
[[noreturn]] void FailJson(const std::string& where, const std::string& what) {
  throw AnnotationFault{"bad_json", where, what};
}
}  // namespace

json ParseJsonFile(const std::filesystem::path& file) {
  const std::string text = ReadAnnotationText(file, kMaxAnnotationBytes);
  try {
    return ParseStrictJson(text);
  } catch (const JsonFault& fault) {
    FailJson(fault.field, fault.what);
  }
}

const json& JsonField(const json& object, const char* name, const std::string& where) {
  if (!object.is_object()) FailJson(where, "found " + ShortJson(object) + ", wanted an object");
  const auto found = object.find(name);
  if (found == object.end()) FailJson(where, std::string("the field '") + name + "' is missing");
  return *found;
}

const json& JsonList(const json& object, const char* name, const std::string& where) {
  const json& list = JsonField(object, name, where);
  if (!list.is_array()) FailJson(where + "." + name, "found " + ShortJson(list) + ", wanted a list");
  return list;
}

double JsonNumber(const json& value, const std::string& where) {
  if (!value.is_number()) FailJson(where, "found " + ShortJson(value) + ", wanted a number");
  return value.get<double>();
}

int64_t JsonInteger(const json& object, const char* name, const std::string& where) {
  const json& value = JsonField(object, name, where);
  if (!value.is_number_integer()) FailJson(where + "." + name, "found " + ShortJson(value) + ", wanted a whole number");
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{1} << 62)
    FailJson(where + "." + name, "the number is too large");
  return value.get<int64_t>();
}

std::string JsonString(const json& object, const char* name, const std::string& where) {
  const json& value = JsonField(object, name, where);
  if (!value.is_string()) FailJson(where + "." + name, "found " + ShortJson(value) + ", wanted a text");
  return value.get<std::string>();
}

std::string JsonToText(const json& value) {
  if (value.is_string() && !json::accept(value.get_ref<const std::string&>())) return value.get<std::string>();
  return value.dump();
}

json TextToJson(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

AttributeBag JsonBag(const json& object, const std::string& where) {
  if (!object.is_object()) FailJson(where, "found " + ShortJson(object) + ", wanted an object");
  AttributeBag bag;
  for (const auto& [key, value] : object.items())
    bag[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return bag;
}

json BagToJson(const AttributeBag& bag) {
  json object = json::object();
  for (const auto& [key, value] : bag) object[key] = value;
  return object;
}

}  // namespace maskscope
