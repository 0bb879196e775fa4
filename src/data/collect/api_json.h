#ifndef MASKSCOPE_DATA_COLLECT_API_JSON_H_
#define MASKSCOPE_DATA_COLLECT_API_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "data/collect/fetcher.h"

// What the clients of search APIs share.
namespace maskscope::collect {

// Asks a documented API (robots.txt is not consulted: its terms are the permission). Errors: kUnreadable (no answer, an
// error status), kBadData (an answer that is no JSON object), kInterrupted; each names the URL.
nlohmann::json AskApi(Fetcher& fetcher, const std::string& url);

// Fields of strangers' JSON, taken where they are what they should be: "" and 0 where absent, null or of another kind.
std::string TextAt(const nlohmann::json& object, const char* field);
int64_t NumberAt(const nlohmann::json& object, const char* field);  // 0 to 2^40
int SideAt(const nlohmann::json& object, const char* field);        // of a picture, pixels; 0 from 2^30 on

// The object or list at a field; a null value where there is none.
const nlohmann::json& At(const nlohmann::json& object, const char* field);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_API_JSON_H_
