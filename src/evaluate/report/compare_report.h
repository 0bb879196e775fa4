#ifndef MASKSCOPE_EVALUATE_REPORT_COMPARE_REPORT_H_
#define MASKSCOPE_EVALUATE_REPORT_COMPARE_REPORT_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/compare_systems.h"
#include "report/table.h"

// Systems side by side, as a table, a folder to look at, and numbers for machines.
namespace maskscope {

struct CompareReportOptions {
  int pictures = 12;  // shown for each system on which it and the first differ most, and as many the other way
  int workers = 1;
  std::string subtitle;
};

// A row a number, a column a system: percent with interval, and a mark where it differs from the first for certain: ▲
// better, ▼ worse. The last row is the speed.
Table ComparisonTable(const SystemComparison& comparison, const std::vector<SystemRun>& runs);
// What the marks mean.
std::string ComparisonLegend(const SystemComparison& comparison, const SceneScoreOptions& options);
nlohmann::ordered_json ToJson(const SystemComparison& comparison, const std::vector<SystemRun>& runs);

// index.html, metrics.json, comparison.csv, plots/. Errors: those of AtomicFolder and ReadImage; kUsage when `folder`
// is something else than a report.
void WriteComparison(const SystemComparison& comparison, const std::vector<SystemRun>& runs,
                     const SceneScoreOptions& score_options, const CompareReportOptions& options,
                     const nlohmann::ordered_json& json, const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_COMPARE_REPORT_H_
