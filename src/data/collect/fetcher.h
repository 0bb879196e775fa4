#ifndef MASKSCOPE_DATA_COLLECT_FETCHER_H_
#define MASKSCOPE_DATA_COLLECT_FETCHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "data/collect/http_client.h"
#include "data/collect/url.h"

namespace maskscope::collect {

struct FetchOptions {
  HttpOptions http;
  std::string robots_agent = "maskscope";  // the name that robots.txt knows us by
  double requests_per_second = 1;          // to one host
  int retries = 4;                         // after the first try
  double backoff_seconds = 2;              // before the first retry; doubles, up to longest_wait_seconds
  double longest_wait_seconds = 300;       // a server that asks for more is left alone for the rest of the run
  int max_redirects = 5;
  uint64_t seed = 1;  // of the jitter
  // Errors: kUsage with every bad field.
  void Validate() const;
};

struct FetchRequest {
  Url url;
  int64_t max_bytes = 0;
  std::string accept;
  bool obey_robots = true;                      // false for documented APIs, whose terms are the permission
  std::function<bool(std::string_view)> wants;  // as HttpRequest's
};

enum class FetchOutcome {
  kFetched,
  kRobots,       // robots.txt says no
  kRefused,      // an address, scheme or redirect that we do not follow
  kMissing,      // a 4xx: asking again does not help
  kTooLarge,     // beyond max_bytes
  kUnwanted,     // FetchRequest::wants said no
  kUnavailable,  // errors and time-outs until the retries were used up: may work another day
  kStopped,      // the user asked
};
std::string_view FetchOutcomeName(FetchOutcome outcome);  // "fetched", "robots", ...

struct FetchResult {
  FetchOutcome outcome = FetchOutcome::kUnavailable;
  std::string message;  // what happened, unless fetched
  Url final_url;        // after redirects
  int status = 0;       // of the last answer
  std::string content_type, robots_tag, body;
};

// Fetches with manners: robots.txt (RFC 9309) of every site, a least time between requests to one host, exponential
// back-off with jitter on 429, 5xx, time-outs and broken connections, Retry-After honoured, every redirect's target
// held against the same rules. One request at a time. Not thread-safe.
class Fetcher {
 public:
  // Errors: kUsage (options).
  Fetcher(const FetchOptions& options, std::function<bool()> stop);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  FetchResult Fetch(const FetchRequest& request);
  int64_t bytes_received() const;
  bool stopped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Seconds that a Retry-After header asks for, of either form; 0 where it cannot be understood.
double RetryAfterSeconds(const std::string& header);

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_FETCHER_H_
