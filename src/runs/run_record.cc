#include "runs/run_record.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <system_error>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "runs/csv_numbers.h"

namespace maskscope {
namespace {

void ReadResults(const std::filesystem::path& path, RunRecord& run) {
  const std::string source = path.string();
  const CsvTable table = ParseCsv(ReadFileText(path), source);
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::kBadData, "'" + source + "', line 1: " + what);
  };
  if (table.columns.front() != "epoch") fail("found '" + table.columns.front() + "' as first column, wanted 'epoch'");
  if (std::set<std::string>(table.columns.begin(), table.columns.end()).size() != table.columns.size()) {
    fail("a column is there twice");
  }
  run.columns = table.columns;
  for (const CsvTable::Row& row : table.rows) {
    std::vector<double> numbers;
    for (size_t c = 0; c < row.fields.size(); ++c) numbers.push_back(CsvNumber(table, row, c, source));
    if (!std::isfinite(numbers[0])) ThrowCsvField(table, row, 0, source, "the number of the epoch");
    run.rows.push_back(std::move(numbers));
  }
}

}  // namespace

int RunRecord::BestRow() const {
  int best = -1;
  double greatest = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < rows.size(); ++i) {
    const double score = At(static_cast<int>(i), "score");
    if (!(score > greatest)) continue;
    best = static_cast<int>(i);
    greatest = score;
  }
  return best;
}

bool RunRecord::HasColumn(const std::string& column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

double RunRecord::At(int row, const std::string& column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (row < 0 || found == columns.end()) return std::numeric_limits<double>::quiet_NaN();
  return rows[static_cast<size_t>(row)][static_cast<size_t>(found - columns.begin())];
}

std::vector<double> RunRecord::Column(const std::string& column) const {
  std::vector<double> numbers;
  if (!HasColumn(column)) return numbers;
  for (size_t i = 0; i < rows.size(); ++i) numbers.push_back(At(static_cast<int>(i), column));
  return numbers;
}

RunRecord ReadRun(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Error(ErrorKind::kNotFound,
                "'" + folder.string() + "' is not a folder; wanted that of a training, as runs/NAME");
  }
  RunRecord run;
  run.folder = folder;
  // "runs/a/" ends in an empty name.
  const std::filesystem::path plain = folder.has_filename() ? folder : folder.parent_path();
  run.name = plain.filename().string();
  run.settings = ReadRunSettings(folder);
  if (const RunSetting* epochs = FindSetting(run.settings, "epochs"))
    run.epochs_planned = std::atoi(epochs->value.c_str());
  // A training that was stopped in its first epoch has none yet.
  if (std::filesystem::exists(folder / "results.csv", ignored)) ReadResults(folder / "results.csv", run);
  if (std::filesystem::exists(folder / "validation.csv", ignored))
    run.validation = ReadValidation(folder / "validation.csv");
  return run;
}

}  // namespace maskscope
