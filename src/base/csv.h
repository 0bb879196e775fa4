#ifndef MASKSCOPE_BASE_CSV_H_
#define MASKSCOPE_BASE_CSV_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace maskscope {

// A table with named columns. Every row has as many fields as there are columns.
struct CsvTable {
  struct Row {
    int line = 0;  // in the file, from 1
    std::vector<std::string> fields;
  };
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

// RFC 4180: comma, quotes doubled inside quoted fields, LF or CRLF; a byte order mark is skipped, empty lines are too.
// The first line names the columns. `source` names the table in errors. Errors: kBadData with the line.
CsvTable ParseCsv(std::string_view text, const std::string& source);

// A field as it is written: in quotes, quotes doubled, always (QuoteCsv) or where it must be (CsvField).
std::string QuoteCsv(std::string_view text);
std::string CsvField(std::string_view text);
// For names that come from outside: a field that spreadsheets do not take for a formula (an apostrophe stands before =,
// +,
// -, @ and tabs).
std::string CsvText(std::string_view text);

// Reads a file and checks that its columns are exactly `columns`, in that order. Errors: kNotFound, kUnreadable,
// kBadData.
CsvTable ReadCsv(const std::filesystem::path& path, const std::vector<std::string>& columns);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_CSV_H_
