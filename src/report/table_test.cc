#include "report/table.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/csv.h"
#include "base/expect_error.h"

namespace maskscope {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

Table Sample() { return {"Runs", {"run", "score", "note"}, {{"a|b", 0.25, "x,\"y\""}, {"<c>", kNaN, ""}}}; }

TEST(TableTest, CsvIsReadBack) {
  const CsvTable table = ParseCsv(ToCsv(Sample()), "t");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"run", "score", "note"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].fields, (std::vector<std::string>{"a|b", "0.25", "x,\"y\""}));
  EXPECT_EQ(table.rows[1].fields[1], "");
}

TEST(TableTest, MarkdownIsPaddedAndEscaped) {
  EXPECT_EQ(ToMarkdown(Sample()),
            "| run  | score | note  |\n"
            "|------|------:|-------|\n"
            "| a\\|b |  0.25 | x,\"y\" |\n"
            "| <c>  |     – |       |\n");
}

TEST(TableTest, HtmlIsEscaped) {
  const std::string html = ToHtml(Sample());
  EXPECT_NE(html.find("<caption>Runs</caption>"), std::string::npos);
  EXPECT_NE(html.find("<td>&lt;c&gt;</td><td class=\"n\">–</td>"), std::string::npos) << html;
}

TEST(TableTest, RaggedRowsAreOurMistake) {
  ExpectError(ErrorKind::kInternal, {"Runs", "row 1", "found 1"}, [] { ToCsv(Table{"Runs", {"a", "b"}, {{1.0}}}); });
}

}  // namespace
}  // namespace maskscope
