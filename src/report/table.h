#ifndef MASKSCOPE_REPORT_TABLE_H_
#define MASKSCOPE_REPORT_TABLE_H_

#include <string>
#include <variant>
#include <vector>

namespace maskscope {

// A text or a number. An undefined number (NaN) is an empty cell of CSV and a dash where people read.
using TableCell = std::variant<std::string, double>;

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<TableCell>> rows;  // each as long as `columns`
  void Validate() const;                     // Errors: kInternal naming the first row of another length
};

// All numbers in full (they read back as the same double).
std::string ToCsv(const Table& table);
// Padded so that it reads as plain text too; columns of numbers are right-aligned. The title is not part of it.
std::string ToMarkdown(const Table& table);
// A <table> element, the title its caption.
std::string ToHtml(const Table& table);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_TABLE_H_
