#ifndef MASKSCOPE_REPORT_METRICS_CHARTS_H_
#define MASKSCOPE_REPORT_METRICS_CHARTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/classification.h"
#include "report/chart.h"

// Charts of what the metrics module measures. All functions are pure.
namespace maskscope {

// Whose share a cell shows: none (counts), of its row (the diagonal is the recall) or of its column (precision).
enum class ConfusionShare { kCounts, kOfActual, kOfPredicted };

// Counts whose rows and columns need not be the same things: what was labelled, and what was said (unsure, not found).
struct CountTable {
  std::vector<std::string> rows, columns;
  std::vector<std::vector<int64_t>> counts;  // [row][column]; negative: cannot happen, drawn as a dash
};
// As ConfusionChart.
MatrixChart CountChart(const CountTable& table, ConfusionShare share);

// Rows are actual, columns predicted. Shares carry the counts in small below them; a share of nothing is a dash.
// Errors: kInternal when there are not as many names as classes.
MatrixChart ConfusionChart(const ConfusionMatrix& matrix, const std::vector<std::string>& classes,
                           ConfusionShare share);

struct ReliabilityBin {
  double low = 0, high = 0;             // (low, high], the first one with 0
  int64_t count = 0;                    //
  double confidence = 0, accuracy = 0;  // means; NaN without samples
  Interval interval{};                  // 95 % of the accuracy, Wilson; NaN without samples
};

// The bins of ExpectedCalibrationError. Errors: kBadData when the lengths differ.
std::vector<ReliabilityBin> ReliabilityBins(const std::vector<double>& confidence, const std::vector<bool>& right,
                                            int bins = 15);

// How often the model is right where it claims so much (Guo et al. 2017, figure 1): accuracy of each bin at its mean
// confidence with interval, beside the diagonal of perfect calibration; below, how many samples each bin has.
PanelGrid ReliabilityDiagram(const std::vector<double>& confidence, const std::vector<bool>& right, int bins = 15);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_METRICS_CHARTS_H_
