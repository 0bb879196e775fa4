#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "evaluate/report/site_report.h"
#include "metrics/classification.h"

namespace maskscope {
namespace {

constexpr int kBins = 24;
constexpr double kMostFaces = 20;  // in a picture, told apart; more are one bin
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Of both samples together, from `least` on; a range even where all are equal or there are none.
std::vector<double> LogEdges(const SiteDistribution& one, double least) {
  double low = std::numeric_limits<double>::infinity(), high = least;
  for (const Sample* sample : {&one.site, &one.other}) {
    if (sample->values.empty()) continue;
    low = std::min(low, std::max(least, sample->values.front()));
    high = std::max(high, sample->values.back());
  }
  low = std::min(low, high);
  return EvenLogEdges(low, std::max(high, 2 * low), kBins);
}

struct Bins {
  std::vector<double> edges;
  double least, most;  // values beyond are put there
};

Bins BinsOf(const SiteDistribution& one) {
  const double endless = std::numeric_limits<double>::infinity();
  switch (one.quantity) {
    case SiteQuantity::kHeight:
    case SiteQuantity::kSharpness:
      return {LogEdges(one, 1), 1, endless};
    case SiteQuantity::kBrightness:
      return {EvenEdges(0, 256, kBins), 0, endless};
    case SiteQuantity::kFaces: {
      double most = 1;
      for (const Sample* sample : {&one.site, &one.other}) {
        if (!sample->values.empty()) most = std::max(most, std::min(sample->values.back(), kMostFaces));
      }
      return {EvenEdges(-0.5, most + 0.5, static_cast<int>(most) + 1), 0, kMostFaces};
    }
    case SiteQuantity::kScore:
    case SiteQuantity::kConfidence:
      break;
  }
  return {EvenEdges(0, 1, kBins + 1), 0, 1};
}

HistogramSeries SharesOf(const Sample& sample, const Bins& bins, std::string name, Hue hue) {
  std::vector<double> values = sample.values;
  for (double& value : values) value = std::clamp(value, bins.least, bins.most);
  HistogramSeries series{std::move(name), CountInBins(values, bins.edges), hue};
  for (double& count : series.counts) {
    count = values.empty() ? kNaN : count / static_cast<double>(values.size());
  }
  return series;
}

Histogram HistogramOf(const SiteDistribution& one, const SiteComparison& comparison) {
  const SiteQuantityText& text = TextOf(one.quantity);
  const bool faces = one.quantity == SiteQuantity::kFaces;
  const Bins bins = BinsOf(one);
  Histogram chart{.title = text.name,
                  .x = {.name = text.axis},
                  .y_name = faces ? "share of pictures" : "share of faces",
                  .edges = bins.edges,
                  .series = {},
                  .width = 520,
                  .height = 320};
  chart.x.log = one.quantity == SiteQuantity::kHeight || one.quantity == SiteQuantity::kSharpness;
  chart.x.integer = faces;
  if (faces && bins.edges.back() > kMostFaces) chart.x.name += fmt::format(" ({:.0f}: or more)", kMostFaces);
  chart.series.push_back(SharesOf(one.site, bins, comparison.compared ? "this place" : "", Hue::kBlue));
  if (comparison.compared) chart.series.push_back(SharesOf(one.other, bins, "compared with", Hue::kOrange));
  return chart;
}

BarChart StateChart(const SiteComparison& comparison) {
  BarChart chart{.title = "States",
                 .category_name = "state",
                 .y = {.name = "share of faces", .low = 0, .high = 1},
                 .width = 520,
                 .height = 320};
  const auto add = [&](const char* name, Hue hue, int64_t StateShare::*count) {
    BarSeries series{.name = name, .hue = hue};
    int64_t all = 0;
    for (const StateShare& share : comparison.states) all += share.*count;
    for (const StateShare& share : comparison.states) {
      const Interval interval = WilsonInterval(share.*count, all);
      series.values.push_back(all == 0 ? kNaN : static_cast<double>(share.*count) / static_cast<double>(all));
      series.low.push_back(interval.low);
      series.high.push_back(interval.high);
    }
    chart.series.push_back(std::move(series));
  };
  for (const StateShare& share : comparison.states) chart.categories.push_back(share.state);
  add(comparison.compared ? "this place" : "", Hue::kBlue, &StateShare::site);
  if (comparison.compared) add("compared with", Hue::kOrange, &StateShare::other);
  return chart;
}

}  // namespace

std::vector<NamedChart> SiteCharts(const SiteFindings& findings) {
  std::vector<NamedChart> charts;
  for (const SiteDistribution& one : findings.comparison.distributions) {
    const char* key = TextOf(one.quantity).key;
    charts.push_back(
        {key, Chart(HistogramOf(one, findings.comparison)), one.words.empty() ? "" : "Here " + one.words + "."});
  }
  if (!findings.comparison.states.empty()) {
    charts.push_back({"states", Chart(StateChart(findings.comparison)),
                      "What found faces are called, with 95 % intervals (Wilson, faces taken as independent)."});
  }
  return charts;
}

}  // namespace maskscope
