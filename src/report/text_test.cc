#include "report/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/random.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ReportTextTest, EscapesWhatXmlTakesForItself) {
  EXPECT_EQ(EscapeXml("a<b>&\"c\"'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
  EXPECT_EQ(EscapeXml("naïve 顔 😷"), "naïve 顔 😷");
}

TEST(ReportTextTest, ReplacesWhatXmlForbids) {
  EXPECT_EQ(EscapeXml(std::string("a\0b\x1f", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(EscapeXml("a\tb\n"), "a\tb\n");
  EXPECT_EQ(EscapeXml("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(EscapeXml("\xc3"), "\xEF\xBF\xBD");                          // ends too early
  EXPECT_EQ(EscapeXml("\xc0\xaf"), "\xEF\xBF\xBD\xEF\xBF\xBD");          // overlong
  EXPECT_EQ(EscapeXml("\xed\xa0\x80").find('\xed'), std::string::npos);  // a surrogate
  EXPECT_EQ(EscapeXml("\xef\xbf\xbf"), "\xEF\xBF\xBD");                  // U+FFFF
}

TEST(ReportTextTest, WidthGrowsWithLettersAndSize) {
  EXPECT_EQ(TextWidth("", 12), 0);
  EXPECT_NEAR(TextWidth("0", 10), 6.36, 1e-9);
  EXPECT_GT(TextWidth("W", 12), TextWidth("i", 12));
  EXPECT_DOUBLE_EQ(TextWidth("abc", 24), 2 * TextWidth("abc", 12));
  EXPECT_GT(TextWidth("abc", 12, true), TextWidth("abc", 12));
  EXPECT_DOUBLE_EQ(TextWidth("顔", 12), 12);  // one square, not three bytes
}

TEST(ReportTextTest, ShortenedTextFits) {
  EXPECT_EQ(ShortenText("short", 12, 100), "short");
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    std::string text;
    const int letters = random.Int(1, 40);
    for (int k = 0; k < letters; ++k)
      text += random.Chance(0.2) ? "é" : std::string(1, static_cast<char>(random.Int(32, 126)));
    const double width = random.Uniform(15, 200);
    const std::string fitting = ShortenText(text, 12, width);
    EXPECT_LE(TextWidth(fitting, 12), width) << text;
    EXPECT_EQ(EscapeXml(fitting).find("\xEF\xBF\xBD"), std::string::npos) << "cut inside a letter: " << text;
  }
}

TEST(ReportTextTest, WrapsAtBlanks) {
  EXPECT_EQ(WrapText("one two three", 10, TextWidth("one two", 10), 3), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(WrapText("", 10, 50, 3), std::vector<std::string>{});
  const std::vector<std::string> lines = WrapText("one two three four", 10, TextWidth("three", 10), 2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "one");
  EXPECT_TRUE(lines[1].ends_with("…")) << lines[1];
}

TEST(ReportTextTest, NumbersForReading) {
  EXPECT_EQ(ShortNumber(0.123456), "0.1235");
  EXPECT_EQ(ShortNumber(123456), "123456");
  EXPECT_EQ(ShortNumber(-0.0), "0");
  EXPECT_EQ(ShortNumber(kNaN), "–");
  EXPECT_EQ(ShortNumber(1.5e-7), "1.5e-07");
}

TEST(ReportTextTest, NumbersForMachinesReadBackExactly) {
  EXPECT_EQ(ExactNumber(kNaN), "");
  EXPECT_EQ(ExactNumber(3), "3");
  EXPECT_EQ(ExactNumber(0.1), "0.1");
  Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const double value = random.Normal() * std::pow(10, random.Int(-300, 300));
    EXPECT_EQ(std::strtod(ExactNumber(value).c_str(), nullptr), value);
  }
}

}  // namespace
}  // namespace maskscope
