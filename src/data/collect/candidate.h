#ifndef MASKSCOPE_DATA_COLLECT_CANDIDATE_H_
#define MASKSCOPE_DATA_COLLECT_CANDIDATE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/collect/fetcher.h"

namespace maskscope::collect {

// A picture that could be fetched, as its source describes it. Text is clean UTF-8 (CleanText).
struct Candidate {
  std::string url;   // of the picture's file, as found
  std::string page;  // where it is shown and described; "" = not known
  std::string title, author;
  std::string licence;  // LicenceName where it can be understood, else as stated; "" = none stated
  std::string licence_url;
  int width = 0, height = 0;                      // pixels, as stated; 0 = not stated
  int64_t bytes = 0;                              // of the file, as stated; 0 = not stated
  std::map<std::string, std::string> attributes;  // more to keep in the manifest, "openverse.id" ...
};

// Where candidates come from, one after the other; asks its server only when it has to.
class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  // False at the end. Errors: kUnreadable (the source's server does not answer as it should), kBadData (an answer that
  // cannot be understood), kInterrupted (the fetcher was stopped).
  virtual bool Next(Candidate* candidate) = 0;
  // Entries that could not be understood (a result without a URL) and so gave no candidate.
  int unusable() const { return unusable_; }

 protected:
  int unusable_ = 0;
};

// A search whose answers come in pages.
class PagedSource : public CandidateSource {
 public:
  bool Next(Candidate* candidate) override {
    while (waiting_.empty() && !over_) AskForPage();
    if (waiting_.empty()) return false;
    *candidate = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

 protected:
  // Asks for the next page, hands its candidates to Take and sets over_ after the last.
  virtual void AskForPage() = 0;
  void Take(Candidate candidate) {
    if (candidate.url.empty()) {
      ++unusable_;
    } else {
      waiting_.push_back(std::move(candidate));
    }
  }
  bool over_ = false;

 private:
  std::deque<Candidate> waiting_;
};

struct SearchOptions {
  std::string query;
  std::vector<std::string> licences;  // codes (licence.h); empty = any
  std::string api_base;               // of a mirror; "" = the public one
  int page_size = 20;                 // results asked for at once
};

// Openverse (https://api.openverse.org/v1/): open-licence pictures of Flickr, Commons, museums ... Without a key it
// gives 20 results a page and 240 results a search. The fetcher must outlive the source.
inline constexpr const char* kOpenverseBase = "https://api.openverse.org";
std::unique_ptr<CandidateSource> MakeOpenverseSource(Fetcher& fetcher, const SearchOptions& options);

// Wikimedia Commons (MediaWiki's action=query, generator=search). It cannot be asked for licences: the collector's
// filter does that.
inline constexpr const char* kCommonsBase = "https://commons.wikimedia.org";
std::unique_ptr<CandidateSource> MakeCommonsSource(Fetcher& fetcher, const SearchOptions& options);

// A list of URLs: one a line ('#' begins a comment), or a CSV table with the column url and, at will, licence,
// licence_url, author, title, page. `source` names it in errors. Errors: kBadData.
std::unique_ptr<CandidateSource> MakeListSource(std::string_view text, const std::string& source);

// The pictures that a web page shows. Its robots meta tag is obeyed. Errors of Next, further: kUsage (not a web page).
std::unique_ptr<CandidateSource> MakePageSource(Fetcher& fetcher, const std::string& url);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_CANDIDATE_H_
