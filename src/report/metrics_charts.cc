#include "report/metrics_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

int64_t ShareOf(const ConfusionMatrix& matrix, int actual, int predicted, ConfusionShare share) {
  int64_t sum = 0;
  for (int i = 0; i < matrix.classes(); ++i) {
    sum += share == ConfusionShare::kOfActual ? matrix.at(actual, i) : matrix.at(i, predicted);
  }
  return sum;
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

MatrixChart ConfusionChart(const ConfusionMatrix& matrix, const std::vector<std::string>& classes,
                           ConfusionShare share) {
  if (static_cast<size_t>(matrix.classes()) != classes.size()) {
    throw Error(ErrorKind::kInternal,
                fmt::format("confusion chart: found {} names, wanted {}", classes.size(), matrix.classes()));
  }
  const bool counts = share == ConfusionShare::kCounts;
  MatrixChart chart{.title = TitleOf(share),
                    .row_name = "actual",
                    .column_name = "predicted",
                    .rows = classes,
                    .columns = classes,
                    .value_name = counts ? "count" : "share"};
  if (!counts) chart.high = 1;
  for (int a = 0; a < matrix.classes(); ++a) {
    std::vector<double> values;
    std::vector<std::string> texts, notes;
    for (int p = 0; p < matrix.classes(); ++p) {
      const int64_t whole = counts ? 1 : ShareOf(matrix, a, p, share);
      const double value = whole > 0 ? static_cast<double>(matrix.at(a, p)) / static_cast<double>(whole) : kNaN;
      values.push_back(value);
      if (counts) continue;
      texts.push_back(whole > 0 ? fmt::format("{:.1f} %", 100 * value) : "–");
      notes.push_back(std::to_string(matrix.at(a, p)));
    }
    chart.values.push_back(std::move(values));
    if (counts) continue;
    chart.texts.push_back(std::move(texts));
    chart.notes.push_back(std::move(notes));
  }
  return chart;
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
