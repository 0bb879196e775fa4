#include "report/metrics_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// NaN: of nothing, or of what cannot happen.
double WholeOf(const CountTable& table, size_t row, size_t column, ConfusionShare share) {
  if (table.counts[row][column] < 0) return kNaN;
  if (share == ConfusionShare::kCounts) return 1;
  int64_t sum = 0;
  if (share == ConfusionShare::kOfActual) {
    for (const int64_t count : table.counts[row]) sum += std::max<int64_t>(count, 0);
  } else {
    for (const auto& counts : table.counts) sum += std::max<int64_t>(counts[column], 0);
  }
  return sum > 0 ? static_cast<double>(sum) : kNaN;
}

const char* TitleOf(ConfusionShare share) {
  switch (share) {
    case ConfusionShare::kCounts:
      return "Confusion matrix: counts";
    case ConfusionShare::kOfActual:
      return "Confusion matrix: share of each actual class (diagonal: recall)";
    case ConfusionShare::kOfPredicted:
      return "Confusion matrix: share of each predicted class (diagonal: precision)";
  }
  return "";
}

}  // namespace

MatrixChart CountChart(const CountTable& table, ConfusionShare share) {
  const bool counts = share == ConfusionShare::kCounts;
  MatrixChart chart{.title = TitleOf(share),
                    .row_name = "actual",
                    .column_name = "predicted",
                    .rows = table.rows,
                    .columns = table.columns,
                    .value_name = counts ? "count" : "share"};
  if (!counts) chart.high = 1;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    std::vector<double> values;
    std::vector<std::string> texts, notes;
    for (size_t column = 0; column < table.columns.size(); ++column) {
      const double value = static_cast<double>(table.counts[row][column]) / WholeOf(table, row, column, share);
      values.push_back(value);
      texts.push_back(std::isnan(value) ? "–"
                      : counts          ? std::to_string(table.counts[row][column])
                                        : fmt::format("{:.1f} %", 100 * value));
      notes.push_back(table.counts[row][column] < 0 ? "" : std::to_string(table.counts[row][column]));
    }
    chart.values.push_back(std::move(values));
    chart.texts.push_back(std::move(texts));
    if (!counts) chart.notes.push_back(std::move(notes));
  }
  return chart;
}

MatrixChart ConfusionChart(const ConfusionMatrix& matrix, const std::vector<std::string>& classes,
                           ConfusionShare share) {
  if (static_cast<size_t>(matrix.classes()) != classes.size()) {
    throw Error(ErrorKind::kInternal,
                fmt::format("confusion chart: found {} names, wanted {}", classes.size(), matrix.classes()));
  }
  CountTable table{classes, classes, {}};
  for (int a = 0; a < matrix.classes(); ++a) {
    table.counts.emplace_back();
    for (int p = 0; p < matrix.classes(); ++p) table.counts.back().push_back(matrix.at(a, p));
  }
  return CountChart(table, share);
}

std::vector<ReliabilityBin> ReliabilityBins(const std::vector<double>& confidence, const std::vector<bool>& right,
                                            int bins) {
  if (confidence.size() != right.size() || bins < 1) {
    throw Error(ErrorKind::kBadData, fmt::format("reliability: found {} confidences, {} judgements and {} bins",
                                                 confidence.size(), right.size(), bins));
  }
  std::vector<ReliabilityBin> all(static_cast<size_t>(bins));
  std::vector<int64_t> hits(all.size());
  for (size_t i = 0; i < confidence.size(); ++i) {
    const auto bin =
        static_cast<size_t>(std::clamp(static_cast<int>(std::ceil(confidence[i] * bins)) - 1, 0, bins - 1));
    ++all[bin].count;
    all[bin].confidence += confidence[i];
    hits[bin] += right[i] ? 1 : 0;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    ReliabilityBin& bin = all[i];
    bin.low = static_cast<double>(i) / bins;
    bin.high = static_cast<double>(i + 1) / bins;
    const double count = bin.count > 0 ? static_cast<double>(bin.count) : kNaN;
    bin.confidence /= count;
    bin.accuracy = static_cast<double>(hits[i]) / count;
    bin.interval = WilsonInterval(hits[i], bin.count);
  }
  return all;
}

PanelGrid ReliabilityDiagram(const std::vector<double>& confidence, const std::vector<bool>& right, int bins) {
  Series series{.name = "accuracy, 95 % interval", .style = SeriesStyle::kPoints};
  HistogramSeries samples{.name = ""};
  std::vector<double> edges{0};
  for (const ReliabilityBin& bin : ReliabilityBins(confidence, right, bins)) {
    series.x.push_back(bin.confidence);
    series.y.push_back(bin.accuracy);
    series.low.push_back(bin.interval.low);
    series.high.push_back(bin.interval.high);
    edges.push_back(bin.high);
    samples.counts.push_back(static_cast<double>(bin.count));
  }
  const double error = ExpectedCalibrationError(confidence, right, bins);
  LineChart curve{.title = confidence.empty() ? "Reliability"
                                              : fmt::format("Reliability: expected calibration error {:.4f}", error),
                  .x = {.name = "", .low = 0, .high = 1},
                  .y = {.name = "accuracy", .low = 0, .high = 1},
                  .series = {std::move(series)},
                  .lines = {{.kind = ReferenceLine::Kind::kDiagonal, .name = "perfect calibration"}},
                  .width = 480,
                  .height = 400};
  Histogram counts{.title = "",
                   .x = {.name = "confidence", .low = 0, .high = 1},
                   .y_name = "samples",
                   .edges = std::move(edges),
                   .series = {},
                   .width = 480,
                   .height = 180};
  if (!confidence.empty()) counts.series.push_back(std::move(samples));
  return {.title = "", .panels = {std::move(curve), std::move(counts)}, .columns = 1};
}

}  // namespace maskscope
