#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/palette.h"
#include "report/panel.h"
#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kGroupShare = 0.8;                  // of a category's part of the axis
constexpr double kWidestBar = 56, kNumberSize = 10;  // pixels

double Defined(double value) { return std::isfinite(value) ? value : 0; }

void Check(const BarChart& chart) {
  for (const BarSeries& series : chart.series) {
    RequireLength(chart.title, series.name, series.values.size(), chart.categories.size());
    if (!series.low.empty() || !series.high.empty()) {
      RequireLength(chart.title, series.name, series.low.size(), chart.categories.size());
      RequireLength(chart.title, series.name, series.high.size(), chart.categories.size());
    }
    if (!chart.stacked) continue;
    for (const double value : series.values) {
      if (value < 0) {
        throw Error(ErrorKind::kInternal,
                    "chart '" + chart.title + "': '" + series.name + "' has a negative value, which cannot be stacked");
      }
    }
  }
}

FrameSpec SpecOf(const BarChart& chart) {
  Check(chart);
  FrameSpec spec{.title = chart.title,
                 .legend = LegendOf(chart),
                 .x = {.name = chart.category_name},
                 .y = chart.y,
                 .x_extent = {},
                 .y_extent = {},
                 .categories = chart.categories,
                 .width = static_cast<double>(chart.width),
                 .height = static_cast<double>(chart.height)};
  Extent& extent = spec.y_extent;
  for (size_t c = 0; c < chart.categories.size(); ++c) {
    double sum = 0;
    for (const BarSeries& series : chart.series) {
      sum += Defined(series.values[c]);
      extent.Add(chart.stacked ? (std::isfinite(series.values[c]) ? sum : series.values[c]) : series.values[c],
                 chart.y.log);
      if (!series.low.empty() && !chart.stacked) {
        extent.Add(series.low[c], chart.y.log);
        extent.Add(series.high[c], chart.y.log);
      }
    }
  }
  spec.y = BarAxis(chart.y, extent);
  // Room for the numbers beyond the bars.
  if (!extent.empty() && !chart.y.log) extent.Add(std::vector<double>{extent.low * 1.06, extent.high * 1.06}, false);
  return spec;
}

class BarDrawing {
 public:
  BarDrawing(const BarChart& chart, SvgWriter& svg, const PanelPlace& place)
      : chart_(chart), svg_(svg), spec_(SpecOf(chart)), frame_(spec_, place) {
    const double bars = chart.stacked ? 1.0 : static_cast<double>(std::max<size_t>(1, chart.series.size()));
    bar_ = spec_.categories.empty() ? 0 : std::min(kWidestBar, frame_.band() * kGroupShare / bars);
    numbers_ = !chart.stacked && NumbersFit();
  }

  void Draw() {
    frame_.DrawGround(svg_);
    const bool clip =
        !spec_.y_extent.empty() && (!frame_.y().Holds(spec_.y_extent.low) || !frame_.y().Holds(spec_.y_extent.high));
    if (clip) {
      svg_.BeginClip(frame_.left(), frame_.top(), frame_.right() - frame_.left(), frame_.bottom() - frame_.top());
    }
    for (size_t c = 0; c < chart_.categories.size(); ++c) DrawCategory(c);
    if (clip) svg_.EndClip();
    frame_.DrawAxes(svg_, !spec_.y_extent.empty());
  }

 private:
  // Whether every bar has room for its number above it.
  bool NumbersFit() const {
    for (const BarSeries& series : chart_.series) {
      if (!series.low.empty()) return false;
      for (const double value : series.values) {
        if (std::isfinite(value) && TextWidth(ShortNumber(value), kNumberSize) > bar_ + 4) return false;
      }
    }
    return true;
  }

  void DrawCategory(size_t c) {
    const size_t count = chart_.series.size();
    double x = frame_.CategoryX(c) - bar_ * (chart_.stacked ? 0.5 : static_cast<double>(count) / 2);
    double base = 0;  // of the next bar of a stack
    for (size_t s = 0; s < count; ++s) {
      const double value = chart_.series[s].values[c];
      if (CanBeShown(value, chart_.y.log)) DrawBar(c, s, x, base, value);
      if (chart_.stacked) {
        base += Defined(value);
      } else {
        x += bar_;
      }
    }
  }

  void DrawBar(size_t c, size_t s, double x, double base, double value) {
    const BarSeries& series = chart_.series[s];
    // Bars of a logarithmic axis grow from its end, others from 0 or the end nearest to it.
    const double foot = std::clamp(base, frame_.y().low(), frame_.y().high());
    const double from = frame_.Y(foot), to = frame_.Y(chart_.stacked ? base + value : value);
    const std::string who = series.name.empty() ? chart_.categories[c] : chart_.categories[c] + ", " + series.name;
    const double gap = bar_ > 6 ? 1 : 0;
    svg_.Rect(x + gap / 2, std::min(from, to), bar_ - gap, std::abs(from - to),
              fmt::format("f{}", HueIndex(series.hue, s)), who + ": " + ShortNumber(value));
    const double middle = x + bar_ / 2;
    if (numbers_) {
      const double y = value < 0 ? std::min(to + 11, frame_.bottom() - 2) : std::max(to - 3, frame_.top() + 8);
      svg_.Text(middle, y, ShortNumber(value), {.size = kNumberSize, .anchor = TextAnchor::kMiddle});
    }
    if (series.low.empty() || chart_.stacked) return;
    if (!CanBeShown(series.low[c], chart_.y.log) || !CanBeShown(series.high[c], chart_.y.log)) return;
    const double half = std::min(4.0, bar_ / 3), low = frame_.Y(series.low[c]), high = frame_.Y(series.high[c]);
    svg_.Path(fmt::format("M{0} {1}H{2}M{3} {1}V{4}M{0} {4}H{2}", Coordinate(middle - half), Coordinate(low),
                          Coordinate(middle + half), Coordinate(middle), Coordinate(high)),
              "whisker");
  }

  const BarChart& chart_;
  SvgWriter& svg_;
  FrameSpec spec_;
  Frame frame_;
  double bar_ = 0;  // pixels
  bool numbers_ = false;
};

}  // namespace

ChartAxis BarAxis(const ChartAxis& axis, Extent& extent) {
  ChartAxis bars = axis;
  if (extent.empty()) return bars;
  if (axis.log) {
    if (!axis.low) bars.low = extent.low / 10;
  } else {
    extent.Add(0, false);
    if (!axis.low && extent.low == 0) bars.low = 0;
    if (!axis.high && extent.high == 0 && extent.low < 0) bars.high = 0;
  }
  return bars;
}

std::vector<LegendEntry> LegendOf(const BarChart& chart) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const BarSeries& series = chart.series[i];
    if (series.name.empty()) continue;
    entries.push_back({.name = series.name, .swatch = Swatch::kBox, .hue = HueIndex(series.hue, i)});
  }
  return entries;
}

double FieldLeft(const BarChart& chart, bool legend) {
  return Frame(SpecOf(chart), {.least_left = 0, .legend = legend}).left();
}

void Draw(const BarChart& chart, SvgWriter& svg, const PanelPlace& place) { BarDrawing(chart, svg, place).Draw(); }

}  // namespace maskscope
