#include "data/collect/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/error.h"

namespace maskscope::collect {
namespace {

constexpr size_t kStartBytes = 16;            // what `wants` is shown at least
constexpr size_t kOtherBodyBytes = 64 << 10;  // of an answer that is not a 200

// What one request gathers, shared with curl's callbacks.
struct Transfer {
  const HttpOptions* options = nullptr;
  const std::function<bool()>* stop = nullptr;
  const HttpRequest* request = nullptr;
  CURL* curl = nullptr;
  HttpResponse response{};
  int64_t header_bytes = 0;
  std::string refused{};  // the address that the policy refused, and why
  bool asked = false, unwanted = false, too_large = false, cut = false, headers_too_large = false;
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

curl_socket_t OpenSocket(void* context, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string why = "not meant for a connection";
  if (purpose == CURLSOCKTYPE_IPCXN) why = transfer.options->address_policy(&address->addr);
  if (!why.empty()) {
    transfer.refused = AddressText(&address->addr) + ", " + why;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t TakeHeader(char* data, size_t, size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.header_bytes += static_cast<int64_t>(size);
  if (transfer.header_bytes > transfer.options->max_header_bytes) {
    transfer.headers_too_large = true;
    return 0;
  }
  const std::string_view line(data, size);
  HttpResponse& response = transfer.response;
  if (line.substr(0, 5) == "HTTP/") {  // also after an interim answer
    response = {};
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string name = Lower(line.substr(0, colon));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  if (name == "content-type") response.content_type = value;
  if (name == "location") response.location = value;
  if (name == "retry-after") response.retry_after = value;
  if (name == "x-robots-tag") response.robots_tag += std::string(value) + "\n";
  return size;
}

bool AskWhetherWanted(Transfer& transfer) {
  if (transfer.asked || !transfer.request->wants) return true;
  transfer.asked = true;
  transfer.unwanted = !transfer.request->wants(transfer.response.body);
  return !transfer.unwanted;
}

size_t TakeBody(char* data, size_t, size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string& body = transfer.response.body;
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  const size_t most = status == 200 ? static_cast<size_t>(transfer.request->max_bytes) : kOtherBodyBytes;
  const size_t room = most - std::min(most, body.size());
  body.append(data, std::min(size, room));
  if (size > room) {
    (status == 200 ? transfer.too_large : transfer.cut) = true;
    return 0;
  }
  if (status == 200 && body.size() >= kStartBytes && !AskWhetherWanted(transfer)) return 0;
  return size;
}

int WatchTransfer(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<Transfer*>(context)->stop)() ? 1 : 0;
}

HttpProblem ProblemOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpProblem::kNone;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpProblem::kTimeout;
    case CURLE_FILESIZE_EXCEEDED:
      return HttpProblem::kTooLarge;
    case CURLE_ABORTED_BY_CALLBACK:
      return HttpProblem::kStopped;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
      return HttpProblem::kConnection;
    default:
      return HttpProblem::kProtocol;
  }
}

// Why the transfer ended as it did.
void Judge(Transfer& transfer, CURLcode code, const char* details) {
  HttpResponse& response = transfer.response;
  response.problem = ProblemOf(code);
  response.message = code == CURLE_OK ? "" : (details[0] != '\0' ? details : curl_easy_strerror(code));
  if (transfer.unwanted) {
    response.problem = HttpProblem::kUnwanted;
    response.message = "the first bytes are not those of what was wanted";
  } else if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED) {
    response.problem = HttpProblem::kTooLarge;
    response.message = fmt::format("more than the limit of {} bytes", transfer.request->max_bytes);
  } else if (transfer.headers_too_large) {
    response.problem = HttpProblem::kProtocol;
    response.message = fmt::format("more than {} bytes of headers", transfer.options->max_header_bytes);
  } else if (transfer.cut) {  // of an error page the rest is of no interest
    response.problem = HttpProblem::kNone;
    response.message.clear();
  } else if (code == CURLE_COULDNT_CONNECT && !transfer.refused.empty()) {
    response.problem = HttpProblem::kAddress;
    response.message = "the host is at " + transfer.refused;
  }
}

}  // namespace

void HttpOptions::Validate() const {
  Problems problems;
  problems.Require(!user_agent.empty() && user_agent.find_first_of("\r\n") == std::string::npos, "user_agent",
                   "'" + user_agent + "'", "one line of text");
  problems.Require(static_cast<bool>(address_policy), "address_policy", "none", "a function");
  problems.Require(connect_seconds > 0 && connect_seconds <= 3600, "connect_seconds", fmt::to_string(connect_seconds),
                   "more than 0, at most 3600");
  problems.Require(total_seconds > 0 && total_seconds <= 86400, "total_seconds", fmt::to_string(total_seconds),
                   "more than 0, at most 86400");
  problems.Require(slow_seconds >= 1, "slow_seconds", fmt::to_string(slow_seconds), "at least 1");
  problems.Require(least_bytes_per_second >= 0, "least_bytes_per_second", fmt::to_string(least_bytes_per_second),
                   "0 or more");
  problems.Require(max_header_bytes >= 1024, "max_header_bytes", fmt::to_string(max_header_bytes), "at least 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "HTTP options");
}

struct HttpClient::Impl {
  HttpOptions options;
  std::function<bool()> stop;
  CURL* curl = nullptr;
  curl_slist* resolve = nullptr;
  int64_t bytes_received = 0;
  char details[CURL_ERROR_SIZE] = "";

  ~Impl() {
    curl_easy_cleanup(curl);
    curl_slist_free_all(resolve);
  }

  // Options that are the same for every request; connections outlive the reset.
  void Configure() {
    curl_easy_reset(curl);
    const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };
    set(CURLOPT_ERRORBUFFER, details);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // not even one from the environment: it would connect where we may not look
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_seconds * 1000));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_seconds * 1000));
    set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.least_bytes_per_second));
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.slow_seconds));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
    set(CURLOPT_HEADERFUNCTION, TakeHeader);
    set(CURLOPT_WRITEFUNCTION, TakeBody);
    set(CURLOPT_XFERINFOFUNCTION, WatchTransfer);
    set(CURLOPT_RESOLVE, resolve);
  }
};

HttpClient::HttpClient(const HttpOptions& options, std::function<bool()> stop) : impl_(std::make_unique<Impl>()) {
  options.Validate();
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->options = options;
  impl_->stop = stop ? std::move(stop) : [] { return false; };
  impl_->curl = curl_easy_init();
  if (global != CURLE_OK || impl_->curl == nullptr) throw Error(ErrorKind::kResource, "libcurl does not start");
  for (const std::string& entry : options.resolve) impl_->resolve = curl_slist_append(impl_->resolve, entry.c_str());
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::Get(const HttpRequest& request) {
  Impl& impl = *impl_;
  Transfer transfer{.options = &impl.options, .stop = &impl.stop, .request = &request, .curl = impl.curl};
  impl.Configure();
  impl.details[0] = '\0';
  for (const CURLoption option :
       {CURLOPT_OPENSOCKETDATA, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_XFERINFODATA}) {
    curl_easy_setopt(impl.curl, option, static_cast<void*>(&transfer));
  }
  curl_easy_setopt(impl.curl, CURLOPT_URL, request.url.text.c_str());
  curl_easy_setopt(impl.curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_bytes));
  const std::string accept = "Accept: " + (request.accept.empty() ? "*/*" : request.accept);
  curl_slist* headers = curl_slist_append(nullptr, accept.c_str());
  curl_easy_setopt(impl.curl, CURLOPT_HTTPHEADER, headers);
  const CURLcode code = curl_easy_perform(impl.curl);
  curl_slist_free_all(headers);
  long status = 0;
  curl_easy_getinfo(impl.curl, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  impl.bytes_received += static_cast<int64_t>(transfer.response.body.size());
  if (code == CURLE_OK && status == 200) AskWhetherWanted(transfer);  // a body shorter than the start
  Judge(transfer, code, impl.details);
  return std::move(transfer.response);
}

int64_t HttpClient::bytes_received() const { return impl_->bytes_received; }

}  // namespace maskscope::collect
