#include "runs/csv_numbers.h"

#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace maskscope {

double CsvNumber(const CsvTable& table, const CsvTable::Row& row, size_t column, const std::string& source) {
  const std::string& field = row.fields[column];
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  char* end = nullptr;
  const double number = std::strtod(field.c_str(), &end);
  if (end != field.c_str() + field.size() || field[0] == ' ') ThrowCsvField(table, row, column, source, "a number");
  return number;
}

void ThrowCsvField(const CsvTable& table, const CsvTable::Row& row, size_t column, const std::string& source,
                   const std::string& wanted) {
  throw Error(ErrorKind::kBadData, "'" + source + "', line " + std::to_string(row.line) + ", column '" +
                                       table.columns[column] + "': found '" + row.fields[column] + "', wanted " +
                                       wanted);
}

}  // namespace maskscope
