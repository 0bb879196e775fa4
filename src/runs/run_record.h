#ifndef MASKSCOPE_RUNS_RUN_RECORD_H_
#define MASKSCOPE_RUNS_RUN_RECORD_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runs/run_settings.h"
#include "runs/validation_set.h"

namespace maskscope {

// What a training left in its folder, finished or not.
struct RunRecord {
  std::string name;  // of the folder
  std::filesystem::path folder;
  std::vector<RunSetting> settings;
  std::vector<std::string> columns;       // of results.csv: "epoch" and the measured numbers, in the file's order
  std::vector<std::vector<double>> rows;  // one an epoch; NaN = undefined. None before the first epoch is over
  int epochs_planned = 0;                 // 0 = the settings do not say
  std::optional<ValidationSet> validation;

  // The row of the highest score, the first of equals, as the trainer keeps it in best.onnx; -1 without any score.
  int BestRow() const;
  bool HasColumn(const std::string& column) const;
  // NaN where there is no such column, or row -1.
  double At(int row, const std::string& column) const;
  std::vector<double> Column(const std::string& column) const;  // empty where there is none
  bool Finished() const { return epochs_planned > 0 && static_cast<int>(rows.size()) >= epochs_planned; }
};

// Reads settings, results.csv and, where there is one, validation.csv. Errors: kNotFound (no folder of a training);
// kBadData naming file, line and column.
RunRecord ReadRun(const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_RUNS_RUN_RECORD_H_
