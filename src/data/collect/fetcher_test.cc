#include "data/collect/fetcher.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/error.h"
#include "data/collect/test_server.h"

namespace maskscope::collect {
namespace {

using Request = TestServer::Request;
using Send = TestServer::Send;

FetchOptions Quick() {
  FetchOptions options;
  options.http.address_policy = [](const sockaddr*) { return std::string(); };
  options.http.total_seconds = 10;
  options.requests_per_second = 1000;
  options.retries = 2;
  options.backoff_seconds = 0.01;
  options.longest_wait_seconds = 2;
  return options;
}

// A server whose robots.txt is absent unless the handler says otherwise.
TestServer::Handler WithoutRobots(TestServer::Handler handler) {
  return [handler](const Request& request, const Send& send) {
    if (request.path() == "/robots.txt") {
      send(TestServer::Answer("none", 404));
    } else {
      handler(request, send);
    }
  };
}

FetchRequest Ask(const std::string& url) { return {ParseUrl(url), 100'000, "", true, {}}; }

TEST(Fetcher, RetriesErrorsThatPass) {
  int times = 0;
  TestServer server(WithoutRobots([&](const Request&, const Send& send) {
    ++times;
    send(times < 3 ? TestServer::Answer("busy", times == 1 ? 500 : 503) : TestServer::Answer("here"));
  }));
  Fetcher fetcher(Quick(), {});
  const FetchResult result = fetcher.Fetch(Ask(server.Url("/a")));
  EXPECT_EQ(result.outcome, FetchOutcome::kFetched) << result.message;
  EXPECT_EQ(result.body, "here");
  EXPECT_EQ(server.Count("/a"), 3);
}

TEST(Fetcher, GivesUpAfterTheRetries) {
  TestServer server(WithoutRobots([](const Request& request, const Send& send) {
    if (request.path() == "/cut") {
      send("HTTP/1.1 200 OK\r\nContent-length: 10\r\n\r\nx");
    } else {
      send(TestServer::Answer("broken", 500));
    }
  }));
  Fetcher fetcher(Quick(), {});
  FetchResult result = fetcher.Fetch(Ask(server.Url("/broken")));
  EXPECT_EQ(result.outcome, FetchOutcome::kUnavailable);
  EXPECT_EQ(result.message, "HTTP status 500");
  EXPECT_EQ(server.Count("/broken"), 3);
  result = fetcher.Fetch(Ask(server.Url("/cut")));
  EXPECT_EQ(result.outcome, FetchOutcome::kUnavailable);
  EXPECT_EQ(server.Count("/cut"), 3);
}

TEST(Fetcher, DoesNotRepeatWhatWillNotHelp) {
  TestServer server(WithoutRobots([](const Request&, const Send& send) { send(TestServer::Answer("no", 404)); }));
  Fetcher fetcher(Quick(), {});
  const FetchResult result = fetcher.Fetch(Ask(server.Url("/a")));
  EXPECT_EQ(result.outcome, FetchOutcome::kMissing);
  EXPECT_EQ(result.status, 404);
  EXPECT_EQ(server.Count("/a"), 1);
}

TEST(Fetcher, WaitsAsLongAsRetryAfterSays) {
  int times = 0;
  TestServer server(WithoutRobots([&](const Request&, const Send& send) {
    send(++times == 1 ? TestServer::Answer("", 429, "Retry-After: 1\r\n") : TestServer::Answer("here"));
  }));
  Fetcher fetcher(Quick(), {});
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/a"))).outcome, FetchOutcome::kFetched);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_GE(requests[2].seconds - requests[1].seconds, 0.95);
}

TEST(Fetcher, LeavesAServerAloneThatAsksForLonger) {
  TestServer server(WithoutRobots(
      [](const Request&, const Send& send) { send(TestServer::Answer("", 429, "Retry-After: 3600\r\n")); }));
  Fetcher fetcher(Quick(), {});
  for (const char* path : {"/a", "/b"}) {
    const FetchResult result = fetcher.Fetch(Ask(server.Url(path)));
    EXPECT_EQ(result.outcome, FetchOutcome::kUnavailable);
    EXPECT_NE(result.message.find("left alone"), std::string::npos) << result.message;
  }
  EXPECT_EQ(server.Count("/a"), 1);
  EXPECT_EQ(server.Count("/b"), 0);
}

TEST(Fetcher, RetryAfterIsReadInBothForms) {
  EXPECT_EQ(RetryAfterSeconds("120"), 120);
  EXPECT_EQ(RetryAfterSeconds(""), 0);
  EXPECT_EQ(RetryAfterSeconds("-5"), 0);
  EXPECT_EQ(RetryAfterSeconds("soon"), 0);
  EXPECT_EQ(RetryAfterSeconds("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  const std::time_t later = std::time(nullptr) + 100;
  char text[64];
  std::tm parts{};
  ::gmtime_r(&later, &parts);
  std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  EXPECT_NEAR(RetryAfterSeconds(text), 100, 3);
}

TEST(Fetcher, KeepsTheRateOfAHost) {
  TestServer server(WithoutRobots([](const Request&, const Send& send) { send(TestServer::Answer("x")); }));
  FetchOptions options = Quick();
  options.requests_per_second = 10;
  Fetcher fetcher(options, {});
  for (int i = 0; i < 4; ++i) fetcher.Fetch(Ask(server.Url("/a")));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5u);
  for (size_t i = 1; i < requests.size(); ++i) {
    EXPECT_GE(requests[i].seconds - requests[i - 1].seconds, 0.09) << i;
  }
}

TEST(Fetcher, RobotsAreAskedOnceAndObeyed) {
  TestServer server([](const Request& request, const Send& send) {
    send(TestServer::Answer(request.path() == "/robots.txt" ? "User-agent: *\nDisallow: /private\nCrawl-delay: 0.3\n"
                                                            : "x"));
  });
  Fetcher fetcher(Quick(), {});
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/private/a"))).outcome, FetchOutcome::kRobots);
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/a"))).outcome, FetchOutcome::kFetched);
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/b"))).outcome, FetchOutcome::kFetched);
  EXPECT_EQ(server.Count("/robots.txt"), 1);
  EXPECT_EQ(server.Count("/private"), 0);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_GE(requests[1].seconds - requests[0].seconds, 0.28);  // the delay that robots.txt asks for
  EXPECT_GE(requests[2].seconds - requests[1].seconds, 0.28);
  FetchRequest api = Ask(server.Url("/private/api"));
  api.obey_robots = false;
  EXPECT_EQ(fetcher.Fetch(api).outcome, FetchOutcome::kFetched);
}

TEST(Fetcher, UnreadableRobotsMeanNoForNow) {
  TestServer server([](const Request& request, const Send& send) {
    send(TestServer::Answer("x", request.path() == "/robots.txt" ? 500 : 200));
  });
  Fetcher fetcher(Quick(), {});
  const FetchResult result = fetcher.Fetch(Ask(server.Url("/a")));
  EXPECT_EQ(result.outcome, FetchOutcome::kUnavailable);
  EXPECT_NE(result.message.find("robots.txt"), std::string::npos) << result.message;
  EXPECT_EQ(server.Count("/a"), 0);
}

TEST(Fetcher, FollowsRedirectsWithinReason) {
  TestServer server(WithoutRobots([](const Request& request, const Send& send) {
    if (request.path() == "/start") return void(send(TestServer::Redirect("next/step?x=1")));
    if (request.path() == "/next/step") return void(send(TestServer::Redirect("/end")));
    if (request.path() == "/loop") return void(send(TestServer::Redirect("/loop")));
    if (request.path() == "/file") return void(send(TestServer::Redirect("file:///etc/passwd")));
    if (request.path() == "/nowhere") return void(send(TestServer::Redirect("")));
    send(TestServer::Answer("here"));
  }));
  Fetcher fetcher(Quick(), {});
  const FetchResult good = fetcher.Fetch(Ask(server.Url("/start")));
  EXPECT_EQ(good.outcome, FetchOutcome::kFetched) << good.message;
  EXPECT_EQ(good.final_url.text, server.Url("/end"));
  const FetchResult loop = fetcher.Fetch(Ask(server.Url("/loop")));
  EXPECT_EQ(loop.outcome, FetchOutcome::kRefused);
  EXPECT_NE(loop.message.find("more than 5 redirects"), std::string::npos) << loop.message;
  EXPECT_EQ(server.Count("/loop"), 6);
  const FetchResult file = fetcher.Fetch(Ask(server.Url("/file")));
  EXPECT_EQ(file.outcome, FetchOutcome::kRefused);
  EXPECT_NE(file.message.find("wanted http or https"), std::string::npos) << file.message;
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/nowhere"))).outcome, FetchOutcome::kRefused);
}

// The real rules, but for the one address that plays the public server.
TEST(Fetcher, ARedirectDoesNotLeadToAPrivateAddress) {
  TestServer inner([](const Request&, const Send& send) { send(TestServer::Answer("secret")); }, "127.0.0.2");
  std::string target;
  TestServer outer(WithoutRobots([&](const Request&, const Send& send) { send(TestServer::Redirect(target)); }));
  FetchOptions options = Quick();
  options.http.address_policy = [](const sockaddr* address) {
    return AddressText(address) == "127.0.0.1" ? std::string() : WhyNotPublic(address);
  };
  options.http.resolve = {fmt::format("rebound.example:{}:127.0.0.2", inner.port())};
  Fetcher fetcher(options, {});
  for (const std::string host : {"127.0.0.2", "rebound.example", "2130706434", "[::ffff:127.0.0.2]"}) {
    target = fmt::format("http://{}:{}/latest/meta-data", host, inner.port());
    const FetchResult result = fetcher.Fetch(Ask(outer.Url("/a")));
    // Already its robots.txt is out of reach; where robots.txt is not asked for, the picture itself is.
    EXPECT_EQ(result.outcome, FetchOutcome::kRefused) << host << ": " << result.message;
    FetchRequest request = Ask(outer.Url("/a"));
    request.obey_robots = false;
    EXPECT_EQ(fetcher.Fetch(request).outcome, FetchOutcome::kRefused) << host;
  }
  EXPECT_TRUE(inner.requests().empty());
}

TEST(Fetcher, ARedirectsTargetIsHeldAgainstItsRobots) {
  TestServer closed([](const Request& request, const Send& send) {
    send(TestServer::Answer(request.path() == "/robots.txt" ? "User-agent: maskscope\nDisallow: /\n" : "x"));
  });
  TestServer open(
      WithoutRobots([&](const Request&, const Send& send) { send(TestServer::Redirect(closed.Url("/a"))); }));
  Fetcher fetcher(Quick(), {});
  EXPECT_EQ(fetcher.Fetch(Ask(open.Url("/a"))).outcome, FetchOutcome::kRobots);
  EXPECT_EQ(closed.Count("/a"), 0);
}

TEST(Fetcher, StopsWhileWaiting) {
  TestServer server(
      WithoutRobots([](const Request&, const Send& send) { send(TestServer::Answer("", 503, "Retry-After: 2\r\n")); }));
  const auto start = std::chrono::steady_clock::now();
  Fetcher fetcher(Quick(),
                  [start] { return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(300); });
  EXPECT_EQ(fetcher.Fetch(Ask(server.Url("/a"))).outcome, FetchOutcome::kStopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
}

TEST(Fetcher, OptionsNameEveryBadField) {
  FetchOptions options;
  options.requests_per_second = 0;
  options.retries = -1;
  try {
    Fetcher fetcher(options, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("requests_per_second"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("retries"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskscope::collect
