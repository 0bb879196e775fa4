#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "report/line_path.h"
#include "report/palette.h"
#include "report/panel.h"

namespace maskscope {
namespace {

constexpr size_t kFewPoints = 40;                  // of a line: each is marked
constexpr double kMarkerRadius = 3, kWhisker = 4;  // pixels

bool PointCanBeShown(const LineChart& chart, const Series& series, size_t i) {
  return CanBeShown(series.x[i], chart.x.log) && CanBeShown(series.y[i], chart.y.log);
}

// Whether each point of the line is marked.
bool IsMarked(const LineChart& chart, const Series& series) {
  size_t points = 0;
  for (size_t i = 0; i < series.x.size(); ++i) points += PointCanBeShown(chart, series, i) ? 1 : 0;
  return points <= kFewPoints && series.style == SeriesStyle::kLine;
}

// Where colours begin again, dashes tell the series apart.
bool IsDashed(const Series& series, size_t place) {
  return series.dashed || (series.hue == Hue::kAuto && place >= kHues);
}

void Check(const LineChart& chart) {
  for (const Series& series : chart.series) {
    RequireLength(chart.title, series.name, series.x.size(), series.y.size());
    if (!series.low.empty() || !series.high.empty()) {
      RequireLength(chart.title, series.name, series.low.size(), series.y.size());
      RequireLength(chart.title, series.name, series.high.size(), series.y.size());
    }
  }
}

FrameSpec SpecOf(const LineChart& chart) {
  Check(chart);
  FrameSpec spec{.title = chart.title,
                 .legend = LegendOf(chart),
                 .x = chart.x,
                 .y = chart.y,
                 .x_extent = {},
                 .y_extent = {},
                 .categories = {},
                 .width = static_cast<double>(chart.width),
                 .height = static_cast<double>(chart.height)};
  for (const Series& series : chart.series) {
    for (size_t i = 0; i < series.x.size(); ++i) {
      if (!PointCanBeShown(chart, series, i)) continue;
      spec.x_extent.Add(series.x[i], chart.x.log);
      spec.y_extent.Add(series.y[i], chart.y.log);
      if (series.low.empty()) continue;
      spec.y_extent.Add(series.low[i], chart.y.log);
      spec.y_extent.Add(series.high[i], chart.y.log);
    }
  }
  // A reference must be seen; alone it makes no data.
  for (const ReferenceLine& line : chart.lines) {
    if (line.kind == ReferenceLine::Kind::kHorizontal && !spec.y_extent.empty())
      spec.y_extent.Add(line.at, chart.y.log);
    if (line.kind == ReferenceLine::Kind::kVertical && !spec.x_extent.empty()) spec.x_extent.Add(line.at, chart.x.log);
  }
  return spec;
}

class LineDrawing {
 public:
  LineDrawing(const LineChart& chart, SvgWriter& svg, const PanelPlace& place)
      : chart_(chart), svg_(svg), spec_(SpecOf(chart)), frame_(spec_, place) {}

  void Draw() {
    frame_.DrawGround(svg_);
    const bool clip = GoesBeyond(), has_data = !spec_.x_extent.empty();
    if (clip) {
      svg_.BeginClip(frame_.left(), frame_.top(), frame_.right() - frame_.left(), frame_.bottom() - frame_.top());
    }
    for (size_t i = 0; i < chart_.series.size(); ++i) DrawBand(chart_.series[i], HueIndex(chart_.series[i].hue, i));
    if (has_data) {
      for (const ReferenceLine& line : chart_.lines) DrawReference(line);
    }
    for (size_t i = 0; i < chart_.series.size(); ++i) DrawSeries(chart_.series[i], i);
    if (clip) svg_.EndClip();
    frame_.DrawAxes(svg_, has_data);
  }

 private:
  bool GoesBeyond() const {
    const auto beyond = [](const Extent& extent, const AxisScale& scale) {
      return !extent.empty() && (!scale.Holds(extent.low) || !scale.Holds(extent.high));
    };
    return beyond(spec_.x_extent, frame_.x()) || beyond(spec_.y_extent, frame_.y());
  }

  // The points of (x, y) in pixels; a number that cannot be shown begins a new run. `also`: must be showable too.
  std::vector<PixelRun> Runs(const Series& series, const std::vector<double>& y,
                             const std::vector<double>& also) const {
    std::vector<PixelRun> runs(1);
    for (size_t i = 0; i < y.size(); ++i) {
      if (CanBeShown(series.x[i], chart_.x.log) && CanBeShown(y[i], chart_.y.log) &&
          CanBeShown(also[i], chart_.y.log)) {
        runs.back().push_back({frame_.X(series.x[i]), frame_.Y(y[i])});
      } else if (!runs.back().empty()) {
        runs.emplace_back();
      }
    }
    if (runs.back().empty()) runs.pop_back();
    return runs;
  }

  void DrawBand(const Series& series, size_t hue) {
    if (series.low.empty()) return;
    if (series.style == SeriesStyle::kPoints) return DrawWhiskers(series, hue);
    const std::vector<PixelRun> low = Runs(series, series.low, series.high),
                                high = Runs(series, series.high, series.low);
    for (size_t i = 0; i < low.size(); ++i) {
      const bool steps = series.style == SeriesStyle::kSteps;
      svg_.Path(steps ? BandPath(AsSteps(low[i]), AsSteps(high[i])) : BandPath(low[i], high[i]),
                fmt::format("f{} band", hue));
    }
  }

  void DrawWhiskers(const Series& series, size_t hue) {
    std::string data;
    for (size_t i = 0; i < series.x.size(); ++i) {
      if (!CanBeShown(series.x[i], chart_.x.log) || !CanBeShown(series.low[i], chart_.y.log) ||
          !CanBeShown(series.high[i], chart_.y.log)) {
        continue;
      }
      const double x = frame_.X(series.x[i]), low = frame_.Y(series.low[i]), high = frame_.Y(series.high[i]);
      data += fmt::format("M{} {}h{}m-{} 0V{}m-{} 0h{}", Coordinate(x - kWhisker), Coordinate(low), 2 * kWhisker,
                          kWhisker, Coordinate(high), kWhisker, 2 * kWhisker);
    }
    if (!data.empty()) svg_.Path(data, fmt::format("thin s{}", hue));
  }

  void DrawReference(const ReferenceLine& line) {
    if (line.kind == ReferenceLine::Kind::kHorizontal) {
      if (CanBeShown(line.at, chart_.y.log))
        svg_.Line(frame_.left(), frame_.Y(line.at), frame_.right(), frame_.Y(line.at), "ref");
    } else if (line.kind == ReferenceLine::Kind::kVertical) {
      if (CanBeShown(line.at, chart_.x.log))
        svg_.Line(frame_.X(line.at), frame_.top(), frame_.X(line.at), frame_.bottom(), "ref");
    } else {
      // y = x, as far as both axes go.
      const double from = std::max(frame_.x().low(), frame_.y().low()),
                   to = std::min(frame_.x().high(), frame_.y().high());
      if (from < to) svg_.Line(frame_.X(from), frame_.Y(from), frame_.X(to), frame_.Y(to), "ref");
    }
  }

  void DrawSeries(const Series& series, size_t place) {
    const size_t hue = HueIndex(series.hue, place);
    const std::vector<PixelRun> runs = Runs(series, series.y, series.y);
    if (series.style == SeriesStyle::kPoints) return DrawPoints(runs, hue, place);
    std::string line;
    for (const PixelRun& run : runs) {
      const PixelRun thin = ThinOut(run);
      if (run.size() > 1) line += PolylinePath(series.style == SeriesStyle::kSteps ? AsSteps(thin) : thin);
    }
    if (!line.empty()) svg_.Path(line, fmt::format("line s{}{}", hue, IsDashed(series, place) ? " dash" : ""));
    DrawMarks(series, runs, hue, place);
  }

  // Marks where the points are few, and on points that stand alone: no line shows them.
  void DrawMarks(const Series& series, const std::vector<PixelRun>& runs, size_t hue, size_t place) {
    const bool all = IsMarked(chart_, series);
    std::string marks;
    for (const PixelRun& run : runs) {
      if (!all && run.size() > 1) continue;
      for (const PixelPoint& point : run) marks += MarkerPath(place, point.x, point.y, kMarkerRadius);
    }
    if (!marks.empty()) svg_.Path(marks, fmt::format("f{}", hue));
  }

  // Points that fall on the same half pixel are drawn once.
  void DrawPoints(const std::vector<PixelRun>& runs, size_t hue, size_t place) {
    std::set<std::pair<long, long>> seen;
    std::string marks;
    for (const PixelRun& run : runs) {
      for (const PixelPoint& point : run) {
        if (!seen.insert({std::lround(2 * point.x), std::lround(2 * point.y)}).second) continue;
        marks += MarkerPath(place, point.x, point.y, seen.size() > 500 ? kMarkerRadius * 0.7 : kMarkerRadius);
      }
    }
    if (!marks.empty()) svg_.Path(marks, fmt::format("f{}", hue));
  }

  const LineChart& chart_;
  SvgWriter& svg_;
  FrameSpec spec_;
  Frame frame_;
};

}  // namespace

std::vector<LegendEntry> LegendOf(const LineChart& chart) {
  Check(chart);
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    if (series.name.empty()) continue;
    const bool points = series.style == SeriesStyle::kPoints;
    entries.push_back({.name = series.name,
                       .swatch = points                    ? Swatch::kPoints
                                 : IsMarked(chart, series) ? Swatch::kMarkedLine
                                                           : Swatch::kLine,
                       .hue = HueIndex(series.hue, i),
                       .marker = i,
                       .dashed = IsDashed(series, i)});
  }
  for (const ReferenceLine& line : chart.lines) {
    if (line.name.empty()) continue;
    entries.push_back({.name = line.name,
                       .swatch = line.kind == ReferenceLine::Kind::kHorizontal ? Swatch::kHorizontal
                                 : line.kind == ReferenceLine::Kind::kVertical ? Swatch::kVertical
                                                                               : Swatch::kDiagonal});
  }
  return entries;
}

double FieldLeft(const LineChart& chart, bool legend) {
  return Frame(SpecOf(chart), {.least_left = 0, .legend = legend}).left();
}

void Draw(const LineChart& chart, SvgWriter& svg, const PanelPlace& place) { LineDrawing(chart, svg, place).Draw(); }

}  // namespace maskscope
