#include "data/collect/api_json.h"

#include "base/error.h"
#include "data/collect/html.h"
#include "data/strict_json.h"

namespace maskscope::collect {
namespace {

constexpr int64_t kMostAnswerBytes = 16 << 20;

// What an error page says of itself, for the message.
std::string Excerpt(const std::string& body) {
  const std::string text = TextOfHtml(body.substr(0, 2000)).substr(0, 200);
  return text.empty() ? "" : ": " + CleanText(text, 200);
}

}  // namespace

nlohmann::json AskApi(Fetcher& fetcher, const std::string& url) {
  FetchRequest request;
  request.url = ParseUrl(url);
  request.max_bytes = kMostAnswerBytes;
  request.accept = "application/json";
  request.obey_robots = false;
  const FetchResult result = fetcher.Fetch(request);
  if (result.outcome == FetchOutcome::kStopped) throw Error(ErrorKind::kInterrupted, "stopped");
  if (result.outcome != FetchOutcome::kFetched) {
    throw Error(ErrorKind::kUnreadable, "the search at " + url + " failed: " + result.message + Excerpt(result.body));
  }
  nlohmann::json answer;
  try {
    answer = ParseStrictJson(result.body);
  } catch (const JsonFault& fault) {
    throw Error(ErrorKind::kBadData, "the answer of " + url + " is not JSON (" + fault.what + ")" +
                                         (result.content_type.empty() ? "" : ", it says it is " + result.content_type) +
                                         Excerpt(result.body));
  }
  if (!answer.is_object()) {
    throw Error(ErrorKind::kBadData, "the answer of " + url + ": found " + ShortJson(answer) + ", wanted an object");
  }
  return answer;
}

const nlohmann::json& At(const nlohmann::json& object, const char* field) {
  static const nlohmann::json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(field);
  return found == object.end() ? nothing : *found;
}

std::string TextAt(const nlohmann::json& object, const char* field) {
  const nlohmann::json& value = At(object, field);
  return value.is_string() ? CleanText(value.get<std::string>(), 8000) : "";
}

int64_t NumberAt(const nlohmann::json& object, const char* field) {
  const nlohmann::json& value = At(object, field);
  if (!value.is_number()) return 0;
  const double number = value.get<double>();
  return number >= 0 && number <= 0x1p40 ? static_cast<int64_t>(number) : 0;
}

int SideAt(const nlohmann::json& object, const char* field) {
  const int64_t pixels = NumberAt(object, field);
  return pixels < (int64_t{1} << 30) ? static_cast<int>(pixels) : 0;
}

}  // namespace maskscope::collect
