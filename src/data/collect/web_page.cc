#include "base/error.h"
#include "data/collect/candidate.h"
#include "data/collect/html.h"
#include "data/collect/robots.h"

namespace maskscope::collect {
namespace {

constexpr int64_t kMostPageBytes = 16 << 20;

class PageSource : public CandidateSource {
 public:
  PageSource(Fetcher& fetcher, const std::string& url) : fetcher_(fetcher), url_(ParseUrl(url)) {}

  bool Next(Candidate* candidate) override {
    if (!read_) ReadPage();
    if (next_ == images_.entries.size()) return false;
    const PageImages::Entry& entry = images_.entries[next_++];
    *candidate = {};
    candidate->page = url_.text;
    candidate->title = entry.title;
    try {
      candidate->url = ResolveUrl(base_, entry.reference).text;
    } catch (const Error&) {
      candidate->url = entry.reference;  // the collector says what is wrong with it
    }
    if (!images_.licence.empty()) candidate->attributes["page.licence"] = images_.licence;
    return true;
  }

 private:
  void ReadPage() {
    FetchRequest request;
    request.url = url_;
    request.max_bytes = kMostPageBytes;
    request.accept = "text/html, application/xhtml+xml";
    const FetchResult result = fetcher_.Fetch(request);
    if (result.outcome == FetchOutcome::kStopped) throw Error(ErrorKind::kInterrupted, "stopped");
    if (result.outcome != FetchOutcome::kFetched) {
      throw Error(ErrorKind::kUnreadable, "the page " + url_.text + " was not fetched: " + result.message);
    }
    if (result.content_type.find("html") == std::string::npos && result.body.find('<') == std::string::npos) {
      throw Error(ErrorKind::kUsage, "the page " + url_.text + ": found " +
                                         (result.content_type.empty() ? "no HTML" : result.content_type) +
                                         ", wanted a web page (for single pictures use --from urls)");
    }
    images_ = FindPageImages(result.body, "maskscope");
    if (OptsOut(images_.robots, "maskscope") || OptsOut(result.robots_tag, "maskscope")) {
      throw Error(ErrorKind::kUnreadable,
                  "the page " + url_.text + " asks in its robots tag that its pictures be not collected");
    }
    base_ = result.final_url;
    if (!images_.base.empty()) {
      try {
        base_ = ResolveUrl(base_, images_.base);
      } catch (const Error&) {  // as browsers do: a base that is none is not used
      }
    }
    read_ = true;
  }

  Fetcher& fetcher_;
  Url url_, base_;
  PageImages images_;
  bool read_ = false;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<CandidateSource> MakePageSource(Fetcher& fetcher, const std::string& url) {
  return std::make_unique<PageSource>(fetcher, url);
}

}  // namespace maskscope::collect
