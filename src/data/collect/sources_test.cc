#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "data/collect/api_json.h"
#include "data/collect/candidate.h"
#include "data/collect/html.h"
#include "data/collect/test_server.h"

namespace maskscope::collect {
namespace {

using Request = TestServer::Request;
using Send = TestServer::Send;

FetchOptions Quick() {
  FetchOptions options;
  options.http.address_policy = [](const sockaddr*) { return std::string(); };
  options.requests_per_second = 1000;
  options.retries = 1;
  options.backoff_seconds = 0.01;
  return options;
}

std::vector<Candidate> All(CandidateSource& source) {
  std::vector<Candidate> candidates;
  for (Candidate candidate; source.Next(&candidate);) candidates.push_back(candidate);
  return candidates;
}

std::string MessageOf(CandidateSource& source) {
  try {
    All(source);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Openverse, AllPagesWithWhatTheyState) {
  TestServer server([](const Request& request, const Send& send) {
    const bool second = request.Has("page=2&");
    send(TestServer::Answer(
        second ? R"({"result_count":3,"page_count":2,"page":2,"results":[{"id":"c","url":"http://h/c.jpg",
                     "license":"cc0","license_version":"1.0","creator":null,"width":"wide"}]})"
               : R"({"result_count":3,"page_count":2,"page":1,"results":[
                     {"id":"a","title":"A mask","url":"http://h/a.jpg","foreign_landing_url":"http://h/a",
                      "creator":"Jo D.","license":"by-sa","license_version":"2.0","width":640,"height":480,
                      "license_url":"https://creativecommons.org/licenses/by-sa/2.0/","filesize":1234,
                      "attribution":"\"A mask\" by Jo D."},
                     {"id":"b","title":"no address"}, 5]})"));
  });
  Fetcher fetcher(Quick(), {});
  const auto source = MakeOpenverseSource(fetcher, {"face mask", {"cc0", "by-sa"}, server.Url(), 2});
  const std::vector<Candidate> found = All(*source);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(source->unusable(), 2);
  EXPECT_EQ(found[0].url, "http://h/a.jpg");
  EXPECT_EQ(found[0].page, "http://h/a");
  EXPECT_EQ(found[0].author, "Jo D.");
  EXPECT_EQ(found[0].licence, "CC-BY-SA-2.0");
  EXPECT_EQ(found[0].width, 640);
  EXPECT_EQ(found[0].bytes, 1234);
  EXPECT_EQ(found[0].attributes.at("openverse.attribution"), "\"A mask\" by Jo D.");
  EXPECT_EQ(found[1].licence, "CC0-1.0");
  EXPECT_EQ(found[1].width, 0);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);  // and no robots.txt: the API's terms are the permission
  EXPECT_EQ(requests[0].target, "/v1/images/?q=face%20mask&license=cc0%2Cby-sa&page=1&page_size=2");
}

TEST(Openverse, AnswersOfAWrongShapeAreNamed) {
  std::string answer;
  int status = 200;
  TestServer server([&](const Request&, const Send& send) { send(TestServer::Answer(answer, status)); });
  const auto message = [&](const std::string& body, int code = 200) {
    answer = body;
    status = code;
    Fetcher fetcher(Quick(), {});
    return MessageOf(*MakeOpenverseSource(fetcher, {"q", {}, server.Url(), 20}));
  };
  EXPECT_NE(message("<html><title>x</title><body>Please <b>sign in</b></body></html>").find("is not JSON"),
            std::string::npos);
  EXPECT_NE(message("<html><body>Please <b>sign in</b></body></html>").find("Please sign in"), std::string::npos);
  EXPECT_NE(message("[1,2]").find("wanted an object"), std::string::npos);
  EXPECT_NE(message(R"({"results":{"a":1}})").find("field 'results'"), std::string::npos);
  EXPECT_NE(message("{}").find("field 'results'"), std::string::npos);
  EXPECT_NE(message("{\"results\":[").find("is not JSON"), std::string::npos);
  EXPECT_NE(message(std::string(5000, '[')).find("is not JSON"), std::string::npos);
  EXPECT_NE(message(R"({"detail":"page_size may not exceed 20"})", 401).find("may not exceed 20"), std::string::npos);
  EXPECT_NE(message("down", 500).find("HTTP status 500"), std::string::npos);
  EXPECT_EQ(message(R"({"results":[],"page_count":0})"), "no error");
}

TEST(Commons, FollowsContinueAndReadsMetadata) {
  TestServer server([](const Request& request, const Send& send) {
    const bool second = request.Has("gsroffset=2");
    send(TestServer::Answer(
        second ? R"({"batchcomplete":true,"query":{"pages":[{"pageid":3,"index":3,"title":"File:C.jpg","imageinfo":[
                     {"url":"http://h/C.jpg","extmetadata":{"LicenseShortName":{"value":"Public domain"}}}]}]}})"
               : R"({"continue":{"gsroffset":2,"continue":"gsroffset||"},"query":{"pages":[
                     {"pageid":2,"index":2,"title":"File:B.jpg"},
                     {"pageid":1,"index":1,"title":"File:A.jpg","imageinfo":[{"url":"http://h/A.jpg","size":99,
                       "descriptionurl":"http://h/File:A.jpg","width":800,"height":600,"sha1":"ab","extmetadata":{
                       "Artist":{"value":"<a href=\"//h/U\">J&#252;rgen <b>M</b></a>"},
                       "License":{"value":"cc-by-sa-4.0"},"LicenseShortName":{"value":"CC BY-SA 4.0"},
                       "LicenseUrl":{"value":"https://creativecommons.org/licenses/by-sa/4.0"},
                       "Restrictions":{"value":"personality"}}}]}]}})"));
  });
  Fetcher fetcher(Quick(), {});
  const auto source = MakeCommonsSource(fetcher, {"surgical mask", {}, server.Url(), 2});
  const std::vector<Candidate> found = All(*source);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(source->unusable(), 1);
  EXPECT_EQ(found[0].url, "http://h/A.jpg");
  EXPECT_EQ(found[0].author, "J\xc3\xbcrgen M");
  EXPECT_EQ(found[0].licence, "CC-BY-SA-4.0");
  EXPECT_EQ(found[0].attributes.at("commons.restrictions"), "personality");
  EXPECT_EQ(found[1].licence, "public domain");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_TRUE(requests[0].Has("/w/api.php?action=query")) << requests[0].target;
  EXPECT_TRUE(requests[0].Has("gsrsearch=surgical%20mask%20filetype%3Abitmap")) << requests[0].target;
  EXPECT_TRUE(requests[1].Has("continue=gsroffset%7C%7C")) << requests[1].target;
}

TEST(Commons, ErrorsAndEndlessLoopsAreNamed) {
  std::string answer;
  TestServer server([&](const Request&, const Send& send) { send(TestServer::Answer(answer)); });
  const auto message = [&](const std::string& body) {
    answer = body;
    Fetcher fetcher(Quick(), {});
    return MessageOf(*MakeCommonsSource(fetcher, {"q", {}, server.Url(), 20}));
  };
  EXPECT_NE(message(R"({"error":{"code":"maxlag","info":"waiting"}})").find("maxlag: waiting"), std::string::npos);
  EXPECT_NE(message(R"({"continue":{"gsroffset":2}})").find("leads to itself"), std::string::npos);
  EXPECT_NE(message(R"({"query":{"pages":{"1":{}}}})").find("query.pages"), std::string::npos);
  EXPECT_EQ(message(R"({"batchcomplete":true})"), "no error");
}

TEST(UrlList, PlainAndTable) {
  const auto plain = MakeListSource("# mine\nhttp://h/a.jpg\r\n\n  http://h/b,c.jpg  \n", "list.txt");
  const std::vector<Candidate> lines = All(*plain);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].url, "http://h/b,c.jpg");
  const auto table =
      MakeListSource("author,url,licence\n\"D, J\",http://h/a.jpg,CC BY 4.0\n,http://h/b.jpg,\n", "l.csv");
  const std::vector<Candidate> rows = All(*table);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].author, "D, J");
  EXPECT_EQ(rows[0].licence, "CC-BY-4.0");
  EXPECT_EQ(rows[1].licence, "");
  EXPECT_TRUE(All(*MakeListSource("", "empty.txt")).empty());
}

TEST(UrlList, BadTablesAreNamed) {
  const auto message = [](const char* text) {
    try {
      MakeListSource(text, "l.csv");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(message("url,licens\nhttp://h/a,by\n").find("did you mean 'licence'"), std::string::npos);
  EXPECT_NE(message("url,author\n,Jo\n").find("line 2"), std::string::npos);
}

TEST(Html, PicturesOfAPage) {
  const PageImages found = FindPageImages(
      "<!doctype html><html><head><base href=/dir/><title><img src=no1.jpg></title>"
      "<meta property=\"og:image\" content=\"https://h/og.jpg\"><meta NAME='robots' content='NoAI'>"
      "<link rel='license' href='https://creativecommons.org/licenses/by/4.0/'></head><body>"
      "<!-- <img src=no2.jpg> --><script>if (a<b) document.write('<img src=no3.jpg>')</script>"
      "<IMG SRC='a.jpg?x=1&amp;y=2' alt='A &quot;mask&quot;'><img src=a.jpg?x=1&y=2>"
      "<img src=small.jpg srcset=\"s.jpg 320w, l.jpg 1280w,m.jpg 640w\"><img src=late.gif data-src=late.jpg>"
      "<picture><source srcset='one.webp, two.webp 2x'></picture><img src='data:image/png;base64,AA'><img>"
      "<img src=last.jpg",
      "maskscope");
  std::vector<std::string> references;
  for (const auto& entry : found.entries) references.push_back(entry.reference);
  EXPECT_EQ(references, (std::vector<std::string>{"https://h/og.jpg", "a.jpg?x=1&y=2", "l.jpg", "late.jpg", "two.webp",
                                                  "last.jpg"}));
  EXPECT_EQ(found.entries[1].title, "A \"mask\"");
  EXPECT_EQ(found.base, "/dir/");
  EXPECT_EQ(found.licence, "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(found.robots, "NoAI\n");
}

TEST(Html, AnyBytesAreTaken) {
  for (const std::string& html :
       {std::string("<"), std::string("<img"), std::string("<img src"), std::string("<img src="),
        std::string("<img src='"), std::string("<!--"), std::string("<script"), std::string("</"), std::string("<a =>"),
        std::string("<img / / >"), std::string("\0<img\0src=x>", 12), std::string(200'000, '<')}) {
    FindPageImages(html, "maskscope");
  }
  std::string noise;
  Random random(3);
  for (int i = 0; i < 200'000; ++i) noise += "<>='\"/! -imgsrc&;#x\xff"[random.Below(20)];
  FindPageImages(noise, "maskscope");
}

TEST(Html, TextIsMadeFitToKeep) {
  EXPECT_EQ(TextOfHtml(" <a href='x'>J.&nbsp;D&#xFC;</a>\n<br>&amp; Co &unknown; 3 < 4"),
            "J. D\xc3\xbc & Co &unknown; 3 < 4");
  EXPECT_EQ(CleanText("a\xff\xc3(b\x01\n\n c"), "a\xef\xbf\xbd\xef\xbf\xbd(b c");
  EXPECT_EQ(CleanText("\xc3\xbc\xc3\xbc", 3), "\xc3\xbc");
  EXPECT_EQ(CleanText("&#0;"), "&#0;");
  EXPECT_EQ(DecodeEntities("&#0;&#xD800;&#99999999;"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(WebPage, ReferencesAreResolvedAndRobotsTagsObeyed) {
  TestServer server([](const Request& request, const Send& send) {
    if (request.path() == "/robots.txt") return void(send(TestServer::Answer("", 404)));
    if (request.path() == "/moved") return void(send(TestServer::Redirect("/dir/page.html")));
    if (request.path() == "/no")
      return void(send(TestServer::Answer("<meta name=robots content=noimageindex><img src=a>")));
    if (request.path() == "/a.jpg")
      return void(send(TestServer::Answer("\xff\xd8", 200, "Content-Type: image/jpeg\r\n")));
    send(TestServer::Answer("<img src=a.jpg><img src=/b.jpg alt=B><img src='ftp://h/c.jpg'>", 200,
                            "Content-Type: text/html\r\n"));
  });
  Fetcher fetcher(Quick(), {});
  const auto source = MakePageSource(fetcher, server.Url("/moved"));
  const std::vector<Candidate> found = All(*source);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].url, server.Url("/dir/a.jpg"));
  EXPECT_EQ(found[1].url, server.Url("/b.jpg"));
  EXPECT_EQ(found[1].title, "B");
  EXPECT_EQ(found[1].page, server.Url("/moved"));
  EXPECT_EQ(found[2].url, "ftp://h/c.jpg");  // the collector refuses it by name
  EXPECT_NE(MessageOf(*MakePageSource(fetcher, server.Url("/no"))).find("robots tag"), std::string::npos);
  EXPECT_NE(MessageOf(*MakePageSource(fetcher, server.Url("/a.jpg"))).find("--from urls"), std::string::npos);
}

}  // namespace
}  // namespace maskscope::collect
