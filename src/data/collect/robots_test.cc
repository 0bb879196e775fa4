#include "data/collect/robots.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace maskscope::collect {
namespace {

RobotsRules Parse(std::string_view text) { return RobotsRules::Parse(text, "maskscope"); }

TEST(Robots, TheLongestMatchDecides) {
  const RobotsRules rules = Parse(
      "User-agent: *\nDisallow: /private/\nAllow: /private/open/\nDisallow: /*.gif$\nAllow: /both\nDisallow: /both\n"
      "Disallow: /exact$\nDisallow: /a*/c\n");
  EXPECT_TRUE(rules.Allows("/"));
  EXPECT_TRUE(rules.Allows("/pictures/a.jpg"));
  EXPECT_FALSE(rules.Allows("/private/a.jpg"));
  EXPECT_TRUE(rules.Allows("/private/open/a.jpg"));
  EXPECT_FALSE(rules.Allows("/x/y.gif"));
  EXPECT_TRUE(rules.Allows("/x/y.gif?large"));
  EXPECT_TRUE(rules.Allows("/both"));  // equal length: allow wins
  EXPECT_FALSE(rules.Allows("/exact"));
  EXPECT_TRUE(rules.Allows("/exactly"));
  EXPECT_FALSE(rules.Allows("/abc/x/c/d"));
  EXPECT_TRUE(rules.Allows("/abc/x"));
}

TEST(Robots, OwnGroupBeforeTheGeneralOne) {
  const RobotsRules rules = Parse(
      "user-agent: other\nuser-agent: MaskScope/2.0\ndisallow: /a\n\nUser-agent: *\nDisallow: /\n"
      "User-Agent: maskscope\nDisallow: /b # twice\nCrawl-delay: 2.5\n");
  EXPECT_FALSE(rules.Allows("/a"));
  EXPECT_FALSE(rules.Allows("/b"));
  EXPECT_TRUE(rules.Allows("/c"));
  EXPECT_DOUBLE_EQ(rules.crawl_delay(), 2.5);
  EXPECT_TRUE(Parse("User-agent: maskscopebot\nDisallow: /\n").Allows("/a"));
  EXPECT_TRUE(Parse("User-agent: maskscope\nDisallow:\n\nUser-agent: *\nDisallow: /\n").Allows("/a"));
}

TEST(Robots, SpellingsOfOnePathMatch) {
  EXPECT_FALSE(Parse("User-agent: *\nDisallow: /a%3cd\n").Allows("/a%3Cd/x"));
  EXPECT_FALSE(Parse("User-agent: *\nDisallow: /~joe\n").Allows("/%7Ejoe/x"));
  EXPECT_FALSE(Parse("User-agent: *\nDisallow: /\xc3\xbc\n").Allows("/%C3%BC"));
  EXPECT_TRUE(Parse("User-agent: *\nDisallow: /A\n").Allows("/a"));  // paths keep their case
}

TEST(Robots, AnyTextIsTaken) {
  EXPECT_TRUE(Parse("").Allows("/a"));
  EXPECT_TRUE(Parse("<html><body>404</body></html>").Allows("/a"));
  EXPECT_TRUE(Parse("Disallow: /\n").Allows("/a"));  // belongs to no group
  EXPECT_FALSE(Parse("\xef\xbb\xbfUser-agent: *\r\nDisallow: /a\r\n").Allows("/a"));
  EXPECT_EQ(Parse("User-agent: *\nCrawl-delay: -3\nCrawl-delay: nan\nCrawl-delay: 1e9\n").crawl_delay(), 0);
  EXPECT_FALSE(RobotsRules::DisallowAll().Allows("/a"));
  EXPECT_TRUE(RobotsRules::DisallowAll().Allows("/robots.txt"));
}

TEST(Robots, ManyStarsTakeNoTime) {
  std::string pattern = "/";
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const RobotsRules rules = Parse("User-agent: *\nDisallow: " + pattern + "b\n");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(rules.Allows("/" + std::string(4000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(Robots, OptingOut) {
  EXPECT_TRUE(OptsOut("noai", "maskscope"));
  EXPECT_TRUE(OptsOut("nofollow, NoImageIndex", "maskscope"));
  EXPECT_TRUE(OptsOut("maskscope: noindex", "maskscope"));
  EXPECT_FALSE(OptsOut("otherbot: noindex, noai", "maskscope"));
  EXPECT_TRUE(OptsOut("otherbot: noindex\nnoimageai", "maskscope"));
  EXPECT_FALSE(OptsOut("", "maskscope"));
  EXPECT_FALSE(OptsOut("index, follow, max-image-preview: large", "maskscope"));
}

}  // namespace
}  // namespace maskscope::collect
