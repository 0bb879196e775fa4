#include "base/csv.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"
#include "base/files.h"
#include "base/test_folder.h"

namespace maskscope {
namespace {

using Fields = std::vector<std::string>;

TEST(CsvTest, ReadsPlainAndQuotedFields) {
  const CsvTable table = ParseCsv(
      "\xEF\xBB\xBF"
      "a,b\r\n1,\"x,\"\"y\"\"\nz\"\n\n,\n",
      "t.csv");
  EXPECT_EQ(table.columns, (Fields{"a", "b"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].fields, (Fields{"1", "x,\"y\"\nz"}));
  EXPECT_EQ(table.rows[0].line, 2);
  EXPECT_EQ(table.rows[1].fields, (Fields{"", ""}));
  EXPECT_EQ(table.rows[1].line, 5);
}

TEST(CsvTest, NeedsNoLineEndAtTheEnd) {
  EXPECT_EQ(ParseCsv("a,b\n1,2", "t.csv").rows.at(0).fields, (Fields{"1", "2"}));
  EXPECT_TRUE(ParseCsv("a,b", "t.csv").rows.empty());
}

TEST(CsvTest, NamesTheLineOfAFault) {
  ExpectError(ErrorKind::kBadData, {"t.csv", "line 3", "found 1 fields, wanted 2"},
              [] { ParseCsv("a,b\n1,2\n3\n", "t.csv"); });
  ExpectError(ErrorKind::kBadData, {"line 2", "never closed"}, [] { ParseCsv("a,b\n1,\"2\n3,4\n", "t.csv"); });
  ExpectError(ErrorKind::kBadData, {"line 2", "quote"}, [] { ParseCsv("a,b\n1,x\"2\n", "t.csv"); });
  ExpectError(ErrorKind::kBadData, {"line 2", "after a closing quote"}, [] { ParseCsv("a,b\n1,\"2\"3\n", "t.csv"); });
  ExpectError(ErrorKind::kBadData, {"line 1", "found nothing"}, [] { ParseCsv("", "t.csv"); });
}

TEST(CsvTest, ChecksTheColumns) {
  TestFolder folder;
  WriteFileAtomically(folder / "t.csv", "a,c\n1,2\n");
  ExpectError(ErrorKind::kBadData, {"a,c", "a,b"}, [&] { ReadCsv(folder / "t.csv", {"a", "b"}); });
  ExpectError(ErrorKind::kNotFound, {"gone.csv"}, [&] { ReadCsv(folder / "gone.csv", {"a"}); });
}

TEST(CsvTest, TextFromOutsideIsNoFormula) {
  EXPECT_EQ(CsvText("=1+1"), "'=1+1");
  EXPECT_EQ(CsvText("-a,b"), "\"'-a,b\"");
  EXPECT_EQ(CsvText("plain"), "plain");
  EXPECT_EQ(CsvText(""), "");
}

}  // namespace
}  // namespace maskscope
