#ifndef MASKSCOPE_DATA_FORMATS_JSON_TEXT_H_
#define MASKSCOPE_DATA_FORMATS_JSON_TEXT_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "data/formats/attributes.h"

// JSON as annotations use it: fields with their types checked, numbers never taken from strings.
namespace maskscope {

// Errors: those of ReadAnnotationText; throws AnnotationFault{"bad_json"} with the place.
nlohmann::json ParseJsonFile(const std::filesystem::path& file);

// Fields of an object; throw AnnotationFault{"bad_json"} when it is no object, the field is missing or of another type.
const nlohmann::json& JsonField(const nlohmann::json& object, const char* name, const std::string& where);
const nlohmann::json& JsonList(const nlohmann::json& object, const char* name, const std::string& where);
double JsonNumber(const nlohmann::json& value, const std::string& where);
int64_t JsonInteger(const nlohmann::json& object, const char* name, const std::string& where);
std::string JsonString(const nlohmann::json& object, const char* name, const std::string& where);

// Any value as an attribute's text and back: a string as it is, anything else (and a string that looks like JSON) as
// JSON.
std::string JsonToText(const nlohmann::json& value);
nlohmann::json TextToJson(const std::string& text);
AttributeBag JsonBag(const nlohmann::json& object, const std::string& where);
nlohmann::json BagToJson(const AttributeBag& bag);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_JSON_TEXT_H_
