#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/line_path.h"
#include "report/palette.h"
#include "report/panel.h"
#include "report/text.h"

namespace maskscope {
namespace {

void Check(const Histogram& chart) {
  for (const HistogramSeries& series : chart.series) {
    RequireLength(chart.title, series.name, series.counts.size() + 1, std::max<size_t>(1, chart.edges.size()));
  }
  if (std::adjacent_find(chart.edges.begin(), chart.edges.end(), [](double a, double b) { return !(a < b); }) !=
      chart.edges.end()) {
    throw Error(ErrorKind::kInternal, "chart '" + chart.title + "': the edges of the bins do not ascend");
  }
}

FrameSpec SpecOf(const Histogram& chart) {
  Check(chart);
  FrameSpec spec{.title = chart.title,
                 .legend = LegendOf(chart),
                 .x = chart.x,
                 .y = {.name = chart.y_name},
                 .x_extent = {},
                 .y_extent = {},
                 .categories = {},
                 .width = static_cast<double>(chart.width),
                 .height = static_cast<double>(chart.height)};
  for (const HistogramSeries& series : chart.series) spec.y_extent.Add(series.counts, false);
  if (!spec.y_extent.empty()) spec.x_extent.Add(chart.edges, chart.x.log);
  spec.y = BarAxis(spec.y, spec.y_extent);
  return spec;
}

class HistogramDrawing {
 public:
  HistogramDrawing(const Histogram& chart, SvgWriter& svg, const PanelPlace& place)
      : chart_(chart), svg_(svg), spec_(SpecOf(chart)), frame_(spec_, place) {}

  void Draw() {
    frame_.DrawGround(svg_);
    const bool clip =
        !spec_.x_extent.empty() && (!frame_.x().Holds(spec_.x_extent.low) || !frame_.x().Holds(spec_.x_extent.high));
    if (clip) {
      svg_.BeginClip(frame_.left(), frame_.top(), frame_.right() - frame_.left(), frame_.bottom() - frame_.top());
    }
    // One series: solid bars. Several lie over each other, so that each must let the others through.
    for (size_t s = 0; s < chart_.series.size(); ++s) {
      const size_t hue = HueIndex(chart_.series[s].hue, s);
      for (size_t i = 0; i < chart_.series[s].counts.size(); ++i) DrawBin(s, i, hue);
      if (chart_.series.size() > 1) DrawOutline(chart_.series[s], hue);
    }
    if (clip) svg_.EndClip();
    frame_.DrawAxes(svg_, !spec_.x_extent.empty());
  }

 private:
  bool Shown(size_t bin) const {
    return CanBeShown(chart_.edges[bin], chart_.x.log) && CanBeShown(chart_.edges[bin + 1], chart_.x.log);
  }

  void DrawBin(size_t s, size_t i, size_t hue) {
    const double count = chart_.series[s].counts[i];
    if (!std::isfinite(count) || count == 0 || !Shown(i)) return;
    const double x = frame_.X(chart_.edges[i]), width = frame_.X(chart_.edges[i + 1]) - x;
    const bool alone = chart_.series.size() == 1;
    const double gap = alone && width > 4 ? 1 : 0;
    const std::string who = chart_.series[s].name.empty() ? "" : chart_.series[s].name + ", ";
    svg_.Rect(x + gap / 2, frame_.Y(count), width - gap, frame_.Y(0) - frame_.Y(count),
              fmt::format("f{}{}", hue, alone ? "" : " veil"),
              fmt::format("{}{} to {}: {}", who, ShortNumber(chart_.edges[i]), ShortNumber(chart_.edges[i + 1]),
                          ShortNumber(count)));
  }

  void DrawOutline(const HistogramSeries& series, size_t hue) {
    PixelRun run;
    for (size_t i = 0; i < series.counts.size(); ++i) {
      if (!Shown(i)) continue;
      const double y = frame_.Y(std::isfinite(series.counts[i]) ? series.counts[i] : 0);
      if (run.empty()) run.push_back({frame_.X(chart_.edges[i]), frame_.Y(0)});
      run.push_back({frame_.X(chart_.edges[i]), y});
      run.push_back({frame_.X(chart_.edges[i + 1]), y});
    }
    if (run.empty()) return;
    run.push_back({run.back().x, frame_.Y(0)});
    svg_.Path(PolylinePath(run), fmt::format("thin s{}", hue));
  }

  const Histogram& chart_;
  SvgWriter& svg_;
  FrameSpec spec_;
  Frame frame_;
};

}  // namespace

std::vector<double> CountInBins(const std::vector<double>& values, const std::vector<double>& edges) {
  std::vector<double> counts(edges.size() > 1 ? edges.size() - 1 : 0);
  if (counts.empty()) return counts;
  for (const double value : values) {
    if (!(value >= edges.front() && value <= edges.back())) continue;
    const auto above = std::upper_bound(edges.begin(), edges.end(), value);
    const size_t bin = static_cast<size_t>(above - edges.begin());
    ++counts[std::min(bin, counts.size()) - 1];
  }
  return counts;
}

std::vector<double> EvenEdges(double low, double high, int bins) {
  if (!(low < high) || bins < 1) {
    throw Error(ErrorKind::kInternal, fmt::format("{} bins from {} to {} cannot be made", bins, low, high));
  }
  std::vector<double> edges;
  for (int i = 0; i <= bins; ++i) edges.push_back(i == bins ? high : low + (high - low) * i / bins);
  return edges;
}

std::vector<double> EvenLogEdges(double low, double high, int bins) {
  if (!(low > 0)) throw Error(ErrorKind::kInternal, fmt::format("bins of equal ratio cannot begin at {}", low));
  std::vector<double> edges = EvenEdges(std::log(low), std::log(high), bins);
  for (double& edge : edges) edge = std::exp(edge);
  edges.front() = low;
  edges.back() = high;
  return edges;
}

std::vector<LegendEntry> LegendOf(const Histogram& chart) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const HistogramSeries& series = chart.series[i];
    if (series.name.empty()) continue;
    entries.push_back({.name = series.name, .swatch = Swatch::kBox, .hue = HueIndex(series.hue, i)});
  }
  return entries;
}

double FieldLeft(const Histogram& chart, bool legend) {
  return Frame(SpecOf(chart), {.least_left = 0, .legend = legend}).left();
}

void Draw(const Histogram& chart, SvgWriter& svg, const PanelPlace& place) {
  HistogramDrawing(chart, svg, place).Draw();
}

}  // namespace maskscope
