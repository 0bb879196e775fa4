#ifndef MASKSCOPE_DATA_COLLECT_TEST_SERVER_H_
#define MASKSCOPE_DATA_COLLECT_TEST_SERVER_H_

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// For tests: an HTTP/1.1 server on loopback that says exactly what it is told to, right or wrong.
namespace maskscope::collect {

class TestServer {
 public:
  struct Request {
    std::string target;                          // "/path?query", as sent
    std::map<std::string, std::string> headers;  // names in lower case
    double seconds = 0;                          // since the server began
    std::string path() const { return target.substr(0, target.find('?')); }
    bool Has(std::string_view text) const { return target.find(text) != std::string::npos; }
  };
  // The answer's raw bytes go out through this; false when the other side is gone or the server ends.
  using Send = std::function<bool(std::string_view)>;
  using Handler = std::function<void(const Request&, const Send&)>;

  explicit TestServer(Handler handler, const char* address = "127.0.0.1") : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &local.sin_addr);
    socklen_t size = sizeof(local);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&local), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
      throw std::runtime_error("the test server cannot listen");
    }
    port_ = ntohs(local.sin_port);
    url_ = fmt::format("http://{}:{}", address, port_);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~TestServer() {
    ending_ = true;
    acceptor_.join();
    ::close(listener_);
    for (std::thread& thread : threads_) thread.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string Url(const std::string& target = "") const { return url_ + target; }
  int port() const { return port_; }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Requests whose target begins so.
  int Count(std::string_view start) const {
    int count = 0;
    for (const Request& request : requests()) count += request.target.substr(0, start.size()) == start ? 1 : 0;
    return count;
  }

  static std::string Answer(std::string_view body, int status = 200, const std::string& headers = "") {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
  }
  static std::string Redirect(const std::string& location) { return Answer("", 302, "Location: " + location + "\r\n"); }

 private:
  bool Readable(int fd) const {
    while (!ending_) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, 20) > 0) return true;
    }
    return false;
  }

  void Accept() {
    while (Readable(listener_)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  // Requests on one connection until it is closed, by them or after an answer without a length.
  void Serve(int fd) {
    bool open = true;
    const Send send = [this, fd, &open](std::string_view bytes) {
      while (!bytes.empty() && open && !ending_) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) open = false;
        if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      }
      return open && !ending_;
    };
    std::string buffer;
    while (open && Readable(fd)) {
      char bytes[4096];
      const ssize_t got = ::recv(fd, bytes, sizeof(bytes), 0);
      if (got <= 0) break;
      buffer.append(bytes, static_cast<size_t>(got));
      const size_t end = buffer.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const Request request = Parse(buffer.substr(0, end));
      buffer.erase(0, end + 4);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      bool whole = false;
      handler_(request, [&](std::string_view answer) {
        whole = whole || answer.find("Content-Length: ") != std::string_view::npos;
        return send(answer);
      });
      if (!whole) break;
    }
    ::close(fd);
  }

  Request Parse(const std::string& head) const {
    Request request;
    const size_t first = head.find(' '), second = head.find(' ', first + 1);
    request.target = head.substr(first + 1, second - first - 1);
    for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
      const size_t colon = head.find(':', at), end = std::min(head.find("\r\n", at + 2), head.size());
      if (colon == std::string::npos || colon > end) continue;
      std::string name = head.substr(at + 2, colon - at - 2);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = head.substr(colon + 2, end - colon - 2);
    }
    request.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    return request;
  }

  Handler handler_;
  int listener_ = -1, port_ = 0;
  std::string url_;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_TEST_SERVER_H_
