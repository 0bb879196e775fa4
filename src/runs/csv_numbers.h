#ifndef MASKSCOPE_RUNS_CSV_NUMBERS_H_
#define MASKSCOPE_RUNS_CSV_NUMBERS_H_

#include <cstddef>
#include <string>

#include "base/csv.h"

// Numbers out of tables, with errors that name file, line and column.
namespace maskscope {

// NaN for an empty field (an undefined number), "nan", "inf" and "-inf" as such. Errors: kBadData.
double CsvNumber(const CsvTable& table, const CsvTable::Row& row, size_t column, const std::string& source);

// Throws kBadData: "'SOURCE', line 3, column 'loss': found 'x', wanted WANTED".
[[noreturn]] void ThrowCsvField(const CsvTable& table, const CsvTable::Row& row, size_t column,
                                const std::string& source, const std::string& wanted);

}  // namespace maskscope

#endif  // MASKSCOPE_RUNS_CSV_NUMBERS_H_
