#include <deque>

#include "base/error.h"
#include "data/collect/api_json.h"
#include "data/collect/candidate.h"
#include "data/collect/licence.h"
#include "data/strict_json.h"

namespace maskscope::collect {
namespace {

int Side(int64_t pixels) { return pixels < (int64_t{1} << 30) ? static_cast<int>(pixels) : 0; }

Candidate CandidateOf(const nlohmann::json& result) {
  Candidate candidate;
  candidate.url = TextAt(result, "url");
  candidate.page = TextAt(result, "foreign_landing_url");
  candidate.title = TextAt(result, "title");
  candidate.author = TextAt(result, "creator");
  if (const std::string code = TextAt(result, "license"); !code.empty()) {
    candidate.licence = LicenceName(code + " " + TextAt(result, "license_version"));
  }
  candidate.licence_url = TextAt(result, "license_url");
  candidate.width = Side(NumberAt(result, "width"));
  candidate.height = Side(NumberAt(result, "height"));
  candidate.bytes = NumberAt(result, "filesize");
  for (const char* field : {"id", "source", "attribution"}) {
    if (std::string text = TextAt(result, field); !text.empty()) {
      candidate.attributes[std::string("openverse.") + field] = std::move(text);
    }
  }
  return candidate;
}

class OpenverseSource : public CandidateSource {
 public:
  OpenverseSource(Fetcher& fetcher, const SearchOptions& options) : fetcher_(fetcher), options_(options) {
    for (const std::string& code : options.licences) licences_ += (licences_.empty() ? "" : ",") + code;
  }

  bool Next(Candidate* candidate) override {
    while (waiting_.empty() && !over_) AskForPage();
    if (waiting_.empty()) return false;
    *candidate = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

 private:
  void AskForPage() {
    std::vector<std::pair<std::string, std::string>> parameters = {{"q", options_.query}};
    if (!licences_.empty()) parameters.emplace_back("license", licences_);
    parameters.emplace_back("page", std::to_string(++page_));
    parameters.emplace_back("page_size", std::to_string(options_.page_size));
    const std::string base = options_.api_base.empty() ? kOpenverseBase : options_.api_base;
    const std::string url = WithQuery(base + "/v1/images/", parameters);
    const nlohmann::json answer = AskApi(fetcher_, url);
    const nlohmann::json& results = At(answer, "results");
    if (!results.is_array()) {
      throw Error(ErrorKind::kBadData,
                  "the answer of " + url + ": field 'results': found " + ShortJson(results) + ", wanted a list");
    }
    for (const nlohmann::json& result : results) {
      Candidate candidate = CandidateOf(result);
      if (candidate.url.empty()) {
        ++unusable_;
      } else {
        waiting_.push_back(std::move(candidate));
      }
    }
    over_ = results.empty() || page_ >= NumberAt(answer, "page_count");
  }

  Fetcher& fetcher_;
  SearchOptions options_;
  std::string licences_;
  int page_ = 0;
  bool over_ = false;
  std::deque<Candidate> waiting_;
};

}  // namespace

std::unique_ptr<CandidateSource> MakeOpenverseSource(Fetcher& fetcher, const SearchOptions& options) {
  return std::make_unique<OpenverseSource>(fetcher, options);
}

}  // namespace maskscope::collect
