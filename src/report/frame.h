#ifndef MASKSCOPE_REPORT_FRAME_H_
#define MASKSCOPE_REPORT_FRAME_H_

#include <string>
#include <vector>

#include "report/axis_scale.h"
#include "report/category_labels.h"
#include "report/legend.h"
#include "report/svg_writer.h"

// Title, legend and axes round a field in which a chart is drawn. Internal to the charts.
namespace maskscope {

// All in pixels: sizes of letters, heights of lines.
inline constexpr double kLeastWidth = 200, kLeastHeight = 160, kChartPadding = 12, kTitleSize = 15, kTitleLine = 20,
                        kNameSize = 12, kNameRoom = 18, kTickSize = 11, kTickRoom = 17;

// A title of at most three lines above a chart.
class ChartTitle {
 public:
  ChartTitle() = default;
  ChartTitle(const std::string& title, double width);
  double height() const { return static_cast<double>(lines_.size()) * kTitleLine; }
  void Draw(SvgWriter& svg) const;

 private:
  std::vector<std::string> lines_;
};

// The name of an axis below it or at its left, in the middle of [low, high] or as near to it as it fits into
// [least, most].
void DrawNameBelow(SvgWriter& svg, const std::string& name, double low, double high, double y, double least,
                   double most);
void DrawNameAtLeft(SvgWriter& svg, const std::string& name, double low, double high, double least, double most);

// How a chart stands among others.
struct PanelPlace {
  double least_left = 0;  // pixels: where its field begins at the earliest
  bool legend = true;
};

struct FrameSpec {
  std::string title;
  std::vector<LegendEntry> legend;
  ChartAxis x, y;
  Extent x_extent, y_extent;
  std::vector<std::string> categories;  // in place of numbers on x, evenly spaced
  double width = 640, height = 400;
};

class Frame {
 public:
  Frame(const FrameSpec& spec, const PanelPlace& place);

  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  const AxisScale& x() const { return x_; }
  const AxisScale& y() const { return y_; }
  // Pixels. The value can be shown.
  double X(double value) const { return left_ + x_.Place(value) * (right_ - left_); }
  double Y(double value) const { return bottom_ - y_.Place(value) * (bottom_ - top_); }
  // Width of a category's part of the axis, and its middle.
  double band() const { return (right_ - left_) / static_cast<double>(spec_.categories.size()); }
  double CategoryX(size_t i) const { return left_ + (static_cast<double>(i) + 0.5) * band(); }

  // Everything that lies below the data: title, legend, grid, ticks, names.
  void DrawGround(SvgWriter& svg) const;
  // The lines of the axes, and of 0 where y goes below it, over the data; "no data" where there are none.
  void DrawAxes(SvgWriter& svg, bool has_data) const;

 private:
  void PlaceTop(const PanelPlace& place);
  void PlaceSides(const PanelPlace& place);
  void PlaceCategories();
  void PlaceNumbers();
  void DrawX(SvgWriter& svg) const;
  void DrawY(SvgWriter& svg) const;

  FrameSpec spec_;
  ChartTitle title_;
  std::vector<Legend> legend_;  // none or one
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
  double below_ = 0;  // height of the labels under the axis
  AxisScale x_, y_;
  std::vector<Tick> x_ticks_, y_ticks_;
  CategoryLabels categories_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_FRAME_H_
