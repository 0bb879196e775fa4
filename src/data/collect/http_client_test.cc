#include "data/collect/http_client.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "data/collect/test_server.h"

namespace maskscope::collect {
namespace {

std::string AnyAddress(const sockaddr*) { return ""; }

HttpOptions Loopback() {
  HttpOptions options;
  options.address_policy = AnyAddress;
  options.total_seconds = 10;
  return options;
}

HttpResponse Get(const HttpOptions& options, const std::string& url, int64_t max_bytes = 100'000,
                 std::function<bool(std::string_view)> wants = {}) {
  HttpClient client(options, {});
  return client.Get({ParseUrl(url), max_bytes, "image/*", std::move(wants)});
}

std::string Gzip(const std::string& raw) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, raw.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(HttpClient, AnAnswerWithItsHeaders) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send(TestServer::Answer("hello", 200,
                            "Content-TYPE: text/plain \r\nX-Robots-Tag: noai\r\nX-Robots-Tag: otherbot: none\r\n"));
  });
  HttpOptions options = Loopback();
  options.user_agent = "maskscope/test (+contact)";
  const HttpResponse response = Get(options, server.Url("/a?b=c"));
  EXPECT_EQ(response.problem, HttpProblem::kNone) << response.message;
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.content_type, "text/plain");
  EXPECT_EQ(response.robots_tag, "noai\notherbot: none\n");
  const TestServer::Request request = server.requests().at(0);
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.headers.at("user-agent"), "maskscope/test (+contact)");
  EXPECT_EQ(request.headers.at("accept"), "image/*");
  EXPECT_EQ(request.headers.count("cookie") + request.headers.count("referer"), 0u);
}

// However the address is written, what counts is what would be connected to.
TEST(HttpClient, ConnectsToNoPrivateAddressHoweverSpelt) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) { send(TestServer::Answer("x")); });
  HttpOptions options;
  options.resolve = {fmt::format("innocent.example:{}:127.0.0.1", server.port()),
                     fmt::format("mapped.example:{}:[::ffff:127.0.0.1]", server.port())};
  for (const char* host : {"127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]",
                           "[::ffff:127.0.0.1]", "0.0.0.0", "innocent.example", "mapped.example"}) {
    const HttpResponse response = Get(options, fmt::format("http://{}:{}/", host, server.port()));
    EXPECT_EQ(response.problem, HttpProblem::kAddress) << host << ": " << response.message;
    EXPECT_NE(response.message.find("the host is at"), std::string::npos) << response.message;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, NoProxyOfTheEnvironmentGetsRoundTheCheck) {
  TestServer proxy([](const TestServer::Request&, const TestServer::Send& send) { send(TestServer::Answer("x")); });
  ::setenv("http_proxy", proxy.Url().c_str(), 1);
  ::setenv("all_proxy", proxy.Url().c_str(), 1);
  EXPECT_EQ(Get(HttpOptions(), "http://127.0.0.2:9/").problem, HttpProblem::kAddress);
  HttpOptions options = Loopback();
  EXPECT_EQ(Get(options, "http://127.0.0.2:9/").problem, HttpProblem::kConnection);  // nobody there
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
  EXPECT_TRUE(proxy.requests().empty());
}

TEST(HttpClient, ABodyThatNeverEndsIsCut) {
  std::atomic<int64_t> sent = 0;
  TestServer server([&](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(10'000, 'x');
    while (send(piece)) sent += 10'000;
  });
  const HttpResponse response = Get(Loopback(), server.Url("/"), 50'000);
  EXPECT_EQ(response.problem, HttpProblem::kTooLarge);
  EXPECT_NE(response.message.find("50000"), std::string::npos) << response.message;
  EXPECT_EQ(response.body.size(), 50'000u);
}

TEST(HttpClient, AHugeLengthIsRefusedBeforeTheBody) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  });
  EXPECT_EQ(Get(Loopback(), server.Url("/")).problem, HttpProblem::kTooLarge);
}

TEST(HttpClient, ACompressedBombIsCutAtItsUnpackedSize) {
  const std::string bomb = Gzip(std::string(20'000'000, '\0'));
  ASSERT_LT(bomb.size(), 50'000u);
  TestServer server([&](const TestServer::Request&, const TestServer::Send& send) {
    send(TestServer::Answer(bomb, 200, "Content-Encoding: gzip\r\n"));
  });
  const HttpResponse response = Get(Loopback(), server.Url("/"), 100'000);
  EXPECT_EQ(response.problem, HttpProblem::kTooLarge);
  EXPECT_LE(response.body.size(), 100'000u);
}

TEST(HttpClient, CompressedAnswersAreUnpackedAndBrokenOnesNamed) {
  TestServer server([](const TestServer::Request& request, const TestServer::Send& send) {
    const std::string body = request.path() == "/good" ? Gzip("hello") : "this is not gzip";
    send(TestServer::Answer(body, 200, "Content-Encoding: gzip\r\n"));
  });
  EXPECT_EQ(Get(Loopback(), server.Url("/good")).body, "hello");
  EXPECT_EQ(Get(Loopback(), server.Url("/bad")).problem, HttpProblem::kProtocol);
}

TEST(HttpClient, ACutOffBodyIsNotAnAnswer) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  });
  EXPECT_EQ(Get(Loopback(), server.Url("/")).problem, HttpProblem::kConnection);
  TestServer short_one([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\nContent-length: 100\r\n\r\nhello");
  });
  EXPECT_EQ(Get(Loopback(), short_one.Url("/")).problem, HttpProblem::kConnection);
}

TEST(HttpClient, ADrippingServerIsGivenUp) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\n\r\n");
    while (send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  });
  HttpOptions options = Loopback();
  options.slow_seconds = 1;
  const HttpResponse response = Get(options, server.Url("/"));
  EXPECT_EQ(response.problem, HttpProblem::kTimeout);
}

TEST(HttpClient, ASilentServerIsGivenUp) {
  TestServer server([](const TestServer::Request&, const TestServer::Send&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
  });
  HttpOptions options = Loopback();
  options.total_seconds = 0.3;
  EXPECT_EQ(Get(options, server.Url("/")).problem, HttpProblem::kTimeout);
}

TEST(HttpClient, UnwantedBytesEndTheTransfer) {
  TestServer server([](const TestServer::Request& request, const TestServer::Send& send) {
    if (request.path() == "/short") {
      send(TestServer::Answer("<html>"));
      return;
    }
    send("HTTP/1.1 200 OK\r\n\r\n");
    while (send("<html>and so on, without end")) {
    }
  });
  const auto wants = [](std::string_view start) { return start.substr(0, 1) != "<"; };
  EXPECT_EQ(Get(Loopback(), server.Url("/long"), 1 << 30, wants).problem, HttpProblem::kUnwanted);
  EXPECT_EQ(Get(Loopback(), server.Url("/short"), 1 << 30, wants).problem, HttpProblem::kUnwanted);
  EXPECT_EQ(Get(Loopback(), server.Url("/short")).body, "<html>");
}

TEST(HttpClient, HeadersWithoutEndAndNoHttpAtAll) {
  TestServer server([](const TestServer::Request& request, const TestServer::Send& send) {
    if (request.path() == "/noise") {
      send("SSH-2.0-OpenSSH_9.2\r\n");
      return;
    }
    send("HTTP/1.1 200 OK\r\n");
    while (send("X-More: and more and more and more\r\n")) {
    }
  });
  EXPECT_EQ(Get(Loopback(), server.Url("/headers")).problem, HttpProblem::kProtocol);
  EXPECT_EQ(Get(Loopback(), server.Url("/noise")).problem, HttpProblem::kProtocol);
}

TEST(HttpClient, ErrorPagesAreNotReadToTheEnd) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 404 Not Found\r\n\r\n");
    while (send(std::string(10'000, 'x'))) {
    }
  });
  const HttpResponse response = Get(Loopback(), server.Url("/"), 1 << 30);
  EXPECT_EQ(response.problem, HttpProblem::kNone);
  EXPECT_EQ(response.status, 404);
}

TEST(HttpClient, StopsWhenAsked) {
  TestServer server([](const TestServer::Request&, const TestServer::Send& send) {
    send("HTTP/1.1 200 OK\r\n\r\n");
    while (send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  const auto start = std::chrono::steady_clock::now();
  HttpClient client(Loopback(),
                    [start] { return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(200); });
  EXPECT_EQ(client.Get({ParseUrl(server.Url("/")), 1000, "", {}}).problem, HttpProblem::kStopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(HttpClient, OptionsNameEveryBadField) {
  HttpOptions options;
  options.user_agent = "two\nlines";
  options.total_seconds = 0;
  options.slow_seconds = 0;
  try {
    options.Validate();
    FAIL();
  } catch (const Error& error) {
    for (const char* field : {"user_agent", "total_seconds", "slow_seconds"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace maskscope::collect
