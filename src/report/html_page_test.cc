#include "report/html_page.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"
#include "image/encode.h"

namespace maskscope {
namespace {

std::string Base64(const std::string& text) {
  return EncodeBase64(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// RFC 4648, section 10.
TEST(HtmlPageTest, Base64TestVectors) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe\xfd"), "//79");
}

TEST(HtmlPageTest, HoldsEveryBlockEscaped) {
  LineChart chart{.title = "curve"};
  chart.series.push_back({.name = "s", .x = {1, 2}, .y = {3, 4}});
  Page page{.title = "T<1>", .subtitle = "s&s", .lead = {"at <once>"}};
  page.sections.push_back(
      {"One & two", {Paragraph{"<p>"}, Note{"mind"}, Link{"more & more", "more.html?a&b"}, Preformatted{"a\n  b"}}});
  page.sections.push_back(
      {"Inner", {FigureOf(chart, "what", "c.csv"), FigureOf(chart), Table{"t", {"a"}, {{1.0}}}}, 3});
  page.sections.push_back({"Last", {Gallery{{{EncodeJpeg(Image(8, 8)), "grey"}, {EncodePng(Image(8, 8)), "png"}}}}});
  const std::string html = ToHtml(page);
  for (const char* part :
       {"<title>T&lt;1&gt;</title>", "s&amp;s", "<p>&lt;p&gt;</p>", "<pre>a\n  b</pre>",
        "<h2 id=\"s1\">One &amp; two</h2>", "<h3 id=\"s2\">Inner</h3>", "href=\"#s3\"", "download=\"c.csv\"",
        "data:image/jpeg;base64,/9j/", "data:image/png;base64,iVBOR", "prefers-color-scheme:dark", "@media print",
        "<p class=\"lead\">at &lt;once&gt;</p>", "<a href=\"more.html?a&amp;b\">more &amp; more</a>"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  for (const char* tag : {"section", "figure", "div", "ol", "li", "table", "main", "nav", "svg"}) {
    EXPECT_EQ(CountOf(html, "<" + std::string(tag) + ">") + CountOf(html, "<" + std::string(tag) + " "),
              CountOf(html, "</" + std::string(tag) + ">"))
        << tag;
  }
}

TEST(HtmlPageTest, NeedsNoNetworkAndNoScript) {
  const std::string html = ToHtml(Page{.title = "x", .sections = {{"a", {FigureOf(LineChart{.title = "l"})}}}});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<link"), std::string::npos);
  EXPECT_EQ(html.find("@import"), std::string::npos);
  EXPECT_EQ(html.find("url("), std::string::npos);
  EXPECT_EQ(CountOf(html, "http"), 1u) << "the name of SVG's namespace alone";
  EXPECT_EQ(html.find("<nav"), std::string::npos) << "one section needs no contents";
}

TEST(HtmlPageTest, OtherPicturesAreOurMistake) {
  ExpectError(ErrorKind::kInternal, {"odd", "JPEG"}, [] {
    ToHtml(Page{.title = "x", .sections = {{"a", {Picture{{1, 2, 3}, "odd"}}}}});
  });
}

}  // namespace
}  // namespace maskscope
