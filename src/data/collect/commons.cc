#include <algorithm>

#include "base/error.h"
#include "data/collect/api_json.h"
#include "data/collect/candidate.h"
#include "data/collect/html.h"
#include "data/collect/licence.h"
#include "data/strict_json.h"

namespace maskscope::collect {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// extmetadata is an object of {"value": ..., "source": ...}; values may be HTML.
std::string Metadata(const nlohmann::json& info, const char* field) {
  return TextOfHtml(TextAt(At(At(info, "extmetadata"), field), "value"));
}

Candidate CandidateOf(const nlohmann::json& page) {
  Candidate candidate;
  const nlohmann::json& infos = At(page, "imageinfo");
  if (!infos.is_array() || infos.empty()) return candidate;
  const nlohmann::json& info = infos[0];
  candidate.url = TextAt(info, "url");
  candidate.page = TextAt(info, "descriptionurl");
  candidate.title = TextAt(page, "title");
  candidate.author = Metadata(info, "Artist");
  // "License" is a code ("cc-by-sa-4.0"), but absent for custom ones; the short name is for people.
  const std::string code = Metadata(info, "License"), name = Metadata(info, "LicenseShortName");
  candidate.licence = LicenceName(ParseLicence(code) ? code : name);
  candidate.licence_url = Metadata(info, "LicenseUrl");
  candidate.width = SideAt(info, "width");
  candidate.height = SideAt(info, "height");
  candidate.bytes = NumberAt(info, "size");
  const std::pair<const char*, std::string> more[] = {{"commons.sha1", TextAt(info, "sha1")},
                                                      {"commons.usage_terms", Metadata(info, "UsageTerms")},
                                                      {"commons.credit", Metadata(info, "Credit")},
                                                      {"commons.restrictions", Metadata(info, "Restrictions")}};
  for (const auto& [attribute, text] : more) {
    if (!text.empty()) candidate.attributes[attribute] = text;
  }
  return candidate;
}

class CommonsSource : public PagedSource {
 public:
  CommonsSource(Fetcher& fetcher, const SearchOptions& options) : fetcher_(fetcher), options_(options) {}

 private:
  void AskForPage() override {
    Parameters parameters = {{"action", "query"},
                             {"format", "json"},
                             {"formatversion", "2"},
                             {"generator", "search"},
                             {"gsrsearch", options_.query + " filetype:bitmap"},
                             {"gsrnamespace", "6"},
                             {"gsrlimit", std::to_string(options_.page_size)},
                             {"prop", "imageinfo"},
                             {"iiprop", "url|size|mime|extmetadata|sha1"}};
    parameters.insert(parameters.end(), continue_.begin(), continue_.end());
    const std::string base = options_.api_base.empty() ? kCommonsBase : options_.api_base;
    const std::string url = WithQuery(base + "/w/api.php", parameters);
    const nlohmann::json answer = AskApi(fetcher_, url);
    if (const nlohmann::json& error = At(answer, "error"); !error.is_null()) {
      throw Error(ErrorKind::kUnreadable,
                  "the search at " + url + " failed: " + TextAt(error, "code") + ": " + TextAt(error, "info"));
    }
    TakePages(At(At(answer, "query"), "pages"), url);
    TakeContinue(At(answer, "continue"), url);
  }

  // In the order of the search, which the answer states as "index".
  void TakePages(const nlohmann::json& pages, const std::string& url) {
    if (pages.is_null()) return;  // nothing found
    if (!pages.is_array()) {
      throw Error(ErrorKind::kBadData,
                  "the answer of " + url + ": field 'query.pages': found " + ShortJson(pages) + ", wanted a list");
    }
    std::vector<const nlohmann::json*> ordered;
    for (const nlohmann::json& page : pages) ordered.push_back(&page);
    std::stable_sort(ordered.begin(), ordered.end(), [](const nlohmann::json* a, const nlohmann::json* b) {
      return NumberAt(*a, "index") < NumberAt(*b, "index");
    });
    for (const nlohmann::json* page : ordered) Take(CandidateOf(*page));
  }

  // Every field of "continue" goes into the next request as it is; without it the search is over.
  void TakeContinue(const nlohmann::json& next, const std::string& url) {
    Parameters fields;
    if (next.is_object()) {
      for (const auto& [name, value] : next.items()) {
        fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
      }
    }
    if (!fields.empty() && fields == continue_) {
      throw Error(ErrorKind::kBadData, "the answer of " + url + " leads to itself again");
    }
    over_ = fields.empty();
    continue_ = std::move(fields);
  }

  Fetcher& fetcher_;
  SearchOptions options_;
  Parameters continue_;
};

}  // namespace

std::unique_ptr<CandidateSource> MakeCommonsSource(Fetcher& fetcher, const SearchOptions& options) {
  return std::make_unique<CommonsSource>(fetcher, options);
}

}  // namespace maskscope::collect
