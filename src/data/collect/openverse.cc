#include "base/error.h"
#include "data/collect/api_json.h"
#include "data/collect/candidate.h"
#include "data/collect/licence.h"
#include "data/strict_json.h"

namespace maskscope::collect {
namespace {

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
  candidate.width = SideAt(result, "width");
  candidate.height = SideAt(result, "height");
  candidate.bytes = NumberAt(result, "filesize");
  for (const char* field : {"id", "source", "attribution"}) {
    if (std::string text = TextAt(result, field); !text.empty()) {
      candidate.attributes[std::string("openverse.") + field] = std::move(text);
    }
  }
  return candidate;
}

class OpenverseSource : public PagedSource {
 public:
  OpenverseSource(Fetcher& fetcher, const SearchOptions& options) : fetcher_(fetcher), options_(options) {
    for (const std::string& code : options.licences) licences_ += (licences_.empty() ? "" : ",") + code;
  }

 private:
  void AskForPage() override {
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
    for (const nlohmann::json& result : results) Take(CandidateOf(result));
    over_ = results.empty() || page_ >= NumberAt(answer, "page_count");
  }

  Fetcher& fetcher_;
  SearchOptions options_;
  std::string licences_;
  int page_ = 0;
};

}  // namespace

std::unique_ptr<CandidateSource> MakeOpenverseSource(Fetcher& fetcher, const SearchOptions& options) {
  return std::make_unique<OpenverseSource>(fetcher, options);
}

}  // namespace maskscope::collect
