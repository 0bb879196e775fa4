#ifndef MASKSCOPE_DATA_COLLECT_HTTP_CLIENT_H_
#define MASKSCOPE_DATA_COLLECT_HTTP_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/collect/address.h"
#include "data/collect/url.h"

// One HTTP request with limits on everything a server can do to us. What is polite (rates, robots, retries, redirects)
// is the fetcher's business.
namespace maskscope::collect {

struct HttpOptions {
  std::string user_agent = "maskscope";
  AddressPolicy address_policy = WhyNotPublic;  // asked for the address of every connection before it is opened
  double connect_seconds = 15;
  double total_seconds = 120;            // of one request, from looking up the name to the last byte
  int64_t least_bytes_per_second = 512;  // slower than this for
  int slow_seconds = 20;                 // so long: given up
  int64_t max_header_bytes = 64 << 10;
  std::vector<std::string> resolve;  // "host:port:address", in place of a look-up; for tests
  // Errors: kUsage with every bad field.
  void Validate() const;
};

struct HttpRequest {
  Url url;
  int64_t max_bytes = 0;  // of the body, after decompression
  std::string accept;     // the Accept header
  // Asked once of a 200 with the body's first bytes (16, or all there are); false ends the transfer.
  std::function<bool(std::string_view)> wants;
};

enum class HttpProblem {
  kNone,        // an answer came, of whatever status
  kAddress,     // the address policy said no
  kTooLarge,    // announced or found to be beyond max_bytes; `body` holds what came until then
  kUnwanted,    // HttpRequest::wants said no
  kTimeout,     // too slow, or no answer in time
  kConnection,  // not connected, cut off
  kProtocol,    // not HTTP, a certificate that does not hold, a body that does not unpack
  kStopped,     // the user asked
};

struct HttpResponse {
  HttpProblem problem = HttpProblem::kNone;
  std::string message;  // of the problem
  int status = 0;
  std::string content_type, location, retry_after, robots_tag;  // headers, "" where absent; robots tags one a line
  std::string body;
};

// Keeps connections open between requests; one request at a time, so one busy connection in all. Sends no cookies, no
// referrer, no credentials, and uses no proxy: what it connects to is what the policy was asked about. Not thread-safe.
class HttpClient {
 public:
  // `stop` is asked several times a second; true ends the request (kStopped). Errors: kUsage (options).
  HttpClient(const HttpOptions& options, std::function<bool()> stop);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Redirects are answers like others. Errors: kResource.
  HttpResponse Get(const HttpRequest& request);
  int64_t bytes_received() const;  // of all bodies so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_HTTP_CLIENT_H_
