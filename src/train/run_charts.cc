#include "train/run_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskscope {

namespace {

constexpr int kThresholds = 100;

double F1At(const std::vector<int>& labels, const std::vector<double>& probabilities, size_t classes, size_t c,
            double threshold) {
  int64_t hits = 0, called = 0, there = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool is = static_cast<size_t>(labels[i]) == c, says = probabilities[i * classes + c] >= threshold;
    hits += is && says;
    called += says;
    there += is;
  }
  return called + there == 0 ? std::numeric_limits<double>::quiet_NaN()
                             : 2.0 * static_cast<double>(hits) / static_cast<double>(called + there);
}

}  // namespace

PanelGrid ResultsChart(const std::vector<NamedNumbers>& rows) {
  PanelGrid grid{.title = "Training"};
  if (rows.empty()) return grid;
  std::vector<double> epochs;
  for (const NamedNumbers& row : rows) epochs.push_back(FindNumber(row, "epoch"));
  for (const auto& [name, unused] : rows.front()) {
    if (name == "epoch" || name == "seconds") continue;
    Series series{.name = "", .x = epochs};
    for (const NamedNumbers& row : rows) series.y.push_back(FindNumber(row, name));
    LineChart chart{.title = name, .width = 300, .height = 220};
    chart.x = {.name = "epoch", .integer = true};
    chart.series = {series};
    grid.panels.emplace_back(chart);
  }
  return grid;
}

BarChart LabelsChart(const std::vector<int64_t>& labels, const std::vector<std::string>& classes) {
  BarChart chart{.title = "Faces to learn from", .category_name = "state", .categories = classes};
  chart.y = {.name = "faces", .integer = true};
  BarSeries series;
  for (size_t c = 0; c < classes.size(); ++c) {
    series.values.push_back(static_cast<double>(std::count(labels.begin(), labels.end(), static_cast<int64_t>(c))));
  }
  chart.series = {series};
  return chart;
}

LineChart F1Chart(const std::vector<int>& labels, const std::vector<double>& probabilities,
                  const std::vector<std::string>& classes) {
  LineChart chart{.title = "F1 against the threshold, validation"};
  chart.x = {.name = "least probability", .low = 0, .high = 1};
  chart.y = {.name = "F1", .low = 0, .high = 1};
  for (size_t c = 0; c < classes.size(); ++c) {
    Series series{.name = classes[c]};
    for (int i = 0; i <= kThresholds; ++i) {
      const double threshold = static_cast<double>(i) / kThresholds;
      series.x.push_back(threshold);
      series.y.push_back(F1At(labels, probabilities, classes.size(), c, threshold));
    }
    chart.series.push_back(series);
  }
  return chart;
}

LineChart RatesChart(const RateFinding& finding) {
  LineChart chart{.title = "Loss against the learning rate"};
  chart.x = {.name = "learning rate", .log = true};
  chart.y = {.name = "loss"};
  Series loss{.name = "each step"}, smoothed{.name = "smoothed"};
  loss.style = SeriesStyle::kPoints;
  loss.hue = Hue::kGrey;
  for (const RateStep& step : finding.steps) {
    loss.x.push_back(step.rate);
    loss.y.push_back(step.loss);
    smoothed.x.push_back(step.rate);
    smoothed.y.push_back(step.smoothed);
  }
  chart.series = {loss, smoothed};
  if (!std::isnan(finding.suggested)) {
    chart.lines.push_back({ReferenceLine::Kind::kVertical, finding.suggested, "steepest fall"});
  }
  return chart;
}

}  // namespace maskscope
