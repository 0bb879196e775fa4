#include "data/strict_json.h"

#include <cmath>
#include <utility>
#include <vector>

namespace maskscope {
namespace {

using nlohmann::json;

constexpr size_t kGreatestDepth = 16;
constexpr size_t kShortBytes = 60;

// Builds the value from the parser's events, so that keys are seen before they overwrite each other.
class Builder : public nlohmann::json_sax<json> {
 public:
  json root;

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) throw JsonFault{Where(), "found " + text + ", wanted a finite number"};
    return Put(value);
  }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(json::object()); }
  bool start_array(size_t) override { return Open(json::array()); }
  bool key(string_t& value) override {
    json& object = *open_.back();
    key_ = value;
    if (object.contains(key_)) throw JsonFault{Where(), "the key occurs twice in one object"};
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error while ...": the reason alone.
    std::string reason = error.what();
    const size_t column = reason.find("column ");
    const size_t start = column == std::string::npos ? reason.find("] ") : reason.find(": ", column);
    if (start != std::string::npos) reason = reason.substr(start + 2);
    throw JsonFault{Where(), "not valid JSON at byte " + std::to_string(position) + ": " + reason.substr(0, 300)};
  }

 private:
  // Where the event stands: the keys and places of everything open.
  std::string Where() const {
    std::string path;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (open_[i]->is_array()) {
        path += "[" + std::to_string(open_[i]->size() - (i + 1 < open_.size() ? 1 : 0)) + "]";
      } else {
        const std::string& key = i + 1 < open_.size() ? keys_[i + 1] : key_;
        if (!key.empty()) path += (path.empty() ? "" : ".") + key;
      }
    }
    return path;
  }

  json* Add(json&& value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }
  bool Put(json&& value) {
    Add(std::move(value));
    return true;
  }
  bool Open(json&& value) {
    if (open_.size() >= kGreatestDepth) throw JsonFault{Where(), "nested deeper than 16"};
    json* added = Add(std::move(value));
    open_.push_back(added);
    keys_.push_back(key_);
    key_.clear();
    return true;
  }
  bool Close() {
    open_.pop_back();
    key_ = std::move(keys_.back());
    keys_.pop_back();
    return true;
  }

  std::vector<json*> open_;        // a container's address holds while it is open: only its last element grows
  std::vector<std::string> keys_;  // keys_[i]: the key under which open_[i] stands in its parent
  std::string key_;                // the last key of the innermost object
};

}  // namespace

json ParseStrictJson(std::string_view text) {
  Builder builder;
  json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder.root);
}

std::string ShortJson(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kShortBytes) return text;
  size_t end = kShortBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside a letter
  return text.substr(0, end) + " ...";
}

}  // namespace maskscope
