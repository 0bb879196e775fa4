#ifndef MASKSCOPE_DATA_STRICT_JSON_H_
#define MASKSCOPE_DATA_STRICT_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace maskscope {

// What is wrong with a piece of JSON, and where in it ("faces[2].box"; empty: as a whole).
struct JsonFault {
  std::string field;
  std::string what;
};

// Parses one JSON value and nothing after it. Stricter than the parser beneath: a key that an object has twice is a
// fault (the parser would keep the last one in silence), and so is nesting deeper than 16, text that is not UTF-8, and
// a number too large for a double. Throws JsonFault.
nlohmann::json ParseStrictJson(std::string_view text);

// For messages: the value as JSON, shortened.
std::string ShortJson(const nlohmann::json& value);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_STRICT_JSON_H_
