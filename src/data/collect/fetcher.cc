#include "data/collect/fetcher.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "data/collect/robots.h"

namespace maskscope::collect {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kRobotsBytes = 500 << 10;

double SecondsUntil(Clock::time_point time) { return std::chrono::duration<double>(time - Clock::now()).count(); }
Clock::time_point After(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

bool WorthRetrying(const HttpResponse& response) {
  if (response.problem == HttpProblem::kTimeout || response.problem == HttpProblem::kConnection) return true;
  if (response.problem != HttpProblem::kNone) return false;
  return response.status == 408 || response.status == 429 || response.status >= 500;
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string Describe(const HttpResponse& response) {
  return response.problem == HttpProblem::kNone ? fmt::format("HTTP status {}", response.status) : response.message;
}

FetchOutcome OutcomeOf(const HttpResponse& response) {
  switch (response.problem) {
    case HttpProblem::kNone:
      break;
    case HttpProblem::kAddress:
      return FetchOutcome::kRefused;
    case HttpProblem::kTooLarge:
      return FetchOutcome::kTooLarge;
    case HttpProblem::kUnwanted:
      return FetchOutcome::kUnwanted;
    case HttpProblem::kStopped:
      return FetchOutcome::kStopped;
    case HttpProblem::kTimeout:
    case HttpProblem::kConnection:
    case HttpProblem::kProtocol:
      return FetchOutcome::kUnavailable;
  }
  if (response.status == 200) return FetchOutcome::kFetched;
  return WorthRetrying(response) ? FetchOutcome::kUnavailable : FetchOutcome::kMissing;
}

}  // namespace

void FetchOptions::Validate() const {
  http.Validate();
  Problems problems;
  problems.Require(requests_per_second > 0 && requests_per_second <= 1000, "requests_per_second",
                   fmt::to_string(requests_per_second), "more than 0, at most 1000");
  problems.Require(retries >= 0 && retries <= 100, "retries", fmt::to_string(retries), "0 to 100");
  problems.Require(backoff_seconds >= 0 && std::isfinite(backoff_seconds), "backoff_seconds",
                   fmt::to_string(backoff_seconds), "0 or more");
  problems.Require(longest_wait_seconds >= 0 && std::isfinite(longest_wait_seconds), "longest_wait_seconds",
                   fmt::to_string(longest_wait_seconds), "0 or more");
  problems.Require(max_redirects >= 0 && max_redirects <= 50, "max_redirects", fmt::to_string(max_redirects),
                   "0 to 50");
  problems.ThrowIfAny(ErrorKind::kUsage, "fetch options");
}

std::string_view FetchOutcomeName(FetchOutcome outcome) {
  constexpr std::string_view kNames[] = {"fetched",   "robots",   "refused",     "missing",
                                         "too_large", "unwanted", "unavailable", "stopped"};
  return kNames[static_cast<size_t>(outcome)];
}

double RetryAfterSeconds(const std::string& header) {
  int64_t seconds = 0;
  const char* end = header.data() + header.size();
  const auto [rest, code] = std::from_chars(header.data(), end, seconds);
  if (code == std::errc() && rest == end) return seconds > 0 ? static_cast<double>(seconds) : 0;
  if (header.find_first_of("0123456789") == std::string::npos) return 0;
  const std::time_t date = curl_getdate(header.c_str(), nullptr);
  return date < 0 ? 0 : std::max(0.0, std::difftime(date, std::time(nullptr)));
}

struct Fetcher::Impl {
  // What is known of one host.
  struct Host {
    Clock::time_point next;  // no request before
    double crawl_delay = 0;  // seconds
  };
  struct Robots {
    RobotsRules rules;
    std::string unreadable;  // why robots.txt could not be read: then nothing is allowed for now
    bool refused = false;    // ... because we do not talk to that address at all
  };

  Impl(const FetchOptions& given, std::function<bool()> given_stop)
      : options(given),
        stop(given_stop ? std::move(given_stop) : [] { return false; }),
        client(options.http, stop),
        random(options.seed) {}

  // False when the user asked to stop meanwhile.
  bool WaitUntil(Clock::time_point time) {
    while (true) {
      if (stop()) return false;
      const double left = SecondsUntil(time);
      if (left <= 0) return true;
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, 0.05)));
    }
  }

  double BackOff(int retry, const std::string& retry_after) {
    const double most = std::min(options.backoff_seconds * std::pow(2.0, retry), options.longest_wait_seconds);
    return std::max(RetryAfterSeconds(retry_after), most * random.Uniform(0.5, 1.0));
  }

  // One URL, retried, without following redirects. False: `result` says why it ended.
  bool GetRetrying(const FetchRequest& request, const Url& url, HttpResponse* response, FetchResult* result);
  bool MayFetch(const Url& url, FetchResult* result);
  const Robots& RobotsOf(const Url& url);
  FetchResult Fetch(const FetchRequest& request);

  FetchOptions options;
  std::function<bool()> stop;
  HttpClient client;
  Random random;
  std::map<std::string, Host> hosts;     // by Url::host
  std::map<std::string, Robots> robots;  // by Url::origin
};

bool Fetcher::Impl::GetRetrying(const FetchRequest& request, const Url& url, HttpResponse* response,
                                FetchResult* result) {
  Host& host = hosts[url.host];
  const double longest = std::max({options.longest_wait_seconds, host.crawl_delay, 1.0 / options.requests_per_second});
  for (int tried = 0;; ++tried) {
    if (SecondsUntil(host.next) > longest) {
      result->outcome = FetchOutcome::kUnavailable;
      result->message =
          fmt::format("{} asked to be left alone for another {:.0f} s", url.host, SecondsUntil(host.next));
      return false;
    }
    if (!WaitUntil(host.next)) {
      result->outcome = FetchOutcome::kStopped;
      result->message = "stopped";
      return false;
    }
    host.next = After(std::max(1.0 / options.requests_per_second, host.crawl_delay));
    *response = client.Get({url, request.max_bytes, request.accept, request.wants});
    Log(LogLevel::kDebug, "GET {}: {}", url.text, Describe(*response));
    const bool busy = response->problem == HttpProblem::kNone && (response->status == 429 || response->status == 503);
    const bool again = WorthRetrying(*response) && tried < options.retries;
    // A server that is busy is left alone by all requests, also those to come.
    if (again || busy) {
      host.next = std::max(host.next, After(BackOff(tried, busy ? response->retry_after : "")));
    }
    if (!again) return true;
  }
}

const Fetcher::Impl::Robots& Fetcher::Impl::RobotsOf(const Url& url) {
  if (const auto known = robots.find(url.origin); known != robots.end()) return known->second;
  FetchRequest request;
  request.url = ParseUrl(url.origin + "/robots.txt");
  request.max_bytes = kRobotsBytes;
  request.accept = "text/plain";
  request.obey_robots = false;
  const FetchResult result = Fetch(request);
  Robots found;
  if (result.outcome == FetchOutcome::kFetched || result.outcome == FetchOutcome::kTooLarge) {
    found.rules = RobotsRules::Parse(result.body, options.robots_agent);
  } else if (result.outcome == FetchOutcome::kMissing) {
    found.rules = RobotsRules::AllowAll();
  } else {
    found.rules = RobotsRules::DisallowAll();
    found.unreadable = result.message;
    found.refused = result.outcome == FetchOutcome::kRefused;
  }
  Host& host = hosts[url.host];
  host.crawl_delay = std::max(host.crawl_delay, found.rules.crawl_delay());
  if (host.crawl_delay > 0) host.next = std::max(host.next, After(host.crawl_delay));
  if (result.outcome == FetchOutcome::kStopped) {  // not an answer to remember
    static const Robots nothing{RobotsRules::DisallowAll(), "stopped", false};
    return nothing;
  }
  return robots[url.origin] = std::move(found);
}

bool Fetcher::Impl::MayFetch(const Url& url, FetchResult* result) {
  const Robots& site = RobotsOf(url);
  if (site.rules.Allows(url.target)) return true;
  if (stop()) {
    result->outcome = FetchOutcome::kStopped;
    result->message = "stopped";
  } else if (!site.unreadable.empty()) {
    result->outcome = site.refused ? FetchOutcome::kRefused : FetchOutcome::kUnavailable;
    result->message = "the robots.txt of " + url.origin + " could not be read: " + site.unreadable;
  } else {
    result->outcome = FetchOutcome::kRobots;
    result->message = "the robots.txt of " + url.origin + " disallows " + url.target;
  }
  return false;
}

FetchResult Fetcher::Impl::Fetch(const FetchRequest& request) {
  FetchResult result;
  result.final_url = request.url;
  for (int redirects = 0;; ++redirects) {
    const Url& url = result.final_url;
    if (request.obey_robots && !MayFetch(url, &result)) return result;
    HttpResponse response;
    if (!GetRetrying(request, url, &response, &result)) return result;
    result.status = response.status;
    if (response.problem == HttpProblem::kNone && IsRedirect(response.status)) {
      result.outcome = FetchOutcome::kRefused;
      if (redirects >= options.max_redirects) {
        result.message =
            fmt::format("more than {} redirects, the last to '{}'", options.max_redirects, response.location);
        return result;
      }
      if (response.location.empty()) {
        result.message = "redirected without saying where to";
        return result;
      }
      try {
        result.final_url = ResolveUrl(url, response.location);
      } catch (const Error& error) {
        result.message = std::string("redirected to what is not fetched: ") + error.what();
        return result;
      }
      continue;
    }
    result.outcome = OutcomeOf(response);
    if (result.outcome != FetchOutcome::kFetched) result.message = Describe(response);
    result.content_type = std::move(response.content_type);
    result.robots_tag = std::move(response.robots_tag);
    result.body = std::move(response.body);
    return result;
  }
}

Fetcher::Fetcher(const FetchOptions& options, std::function<bool()> stop) {
  options.Validate();
  impl_ = std::make_unique<Impl>(options, std::move(stop));
}
Fetcher::~Fetcher() = default;
FetchResult Fetcher::Fetch(const FetchRequest& request) { return impl_->Fetch(request); }
int64_t Fetcher::bytes_received() const { return impl_->client.bytes_received(); }
bool Fetcher::stopped() const { return impl_->stop(); }

}  // namespace maskscope::collect
