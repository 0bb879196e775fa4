#ifndef MASKSCOPE_EVALUATE_REPORT_EVALUATION_REPORT_H_
#define MASKSCOPE_EVALUATE_REPORT_EVALUATION_REPORT_H_

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/report/galleries.h"
#include "evaluate/report/measurements.h"

// A measurement as a folder that a person opens: index.html (self-contained), galleries.html, metrics.json, faces.csv,
// and plots/ with every chart as SVG and CSV.
namespace maskscope {

// The file that makes a folder a report, which may be replaced by another.
inline constexpr const char* kReportMarker = "metrics.json";

struct ReportTexts {
  std::string title, subtitle;
  // What was measured and how: model files, thresholds, data, split; shown as a table.
  std::vector<std::pair<std::string, std::string>> settings;
  std::optional<double> score_threshold;  // of the answers
  std::vector<Table> set_tables;          // one a kind of set: scores set by set
  std::string rules;                      // by which they were counted
  nlohmann::ordered_json metrics;         // head of metrics.json: schema, models, sets
};

// Replaces a report that is there. Errors: kUsage when `folder` is something else (RequireReplaceable), kOutput, those
// of GalleryPage.
void WriteEvaluationReport(const Measurements& measured, const ReportTexts& texts, const GalleryOptions& galleries,
                           const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_EVALUATION_REPORT_H_
