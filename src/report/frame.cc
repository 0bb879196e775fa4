#include "report/frame.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kMostAbove = 0.55;  // of the height: title and legend

double WidestLabel(const std::vector<Tick>& ticks) {
  double widest = 0;
  for (const Tick& tick : ticks) widest = std::max(widest, TextWidth(tick.label, kTickSize));
  return widest;
}

}  // namespace

ChartTitle::ChartTitle(const std::string& title, double width)
    : lines_(WrapText(title, kTitleSize, width - 2 * kChartPadding, 3, true)) {}

void ChartTitle::Draw(SvgWriter& svg) const {
  double y = kChartPadding + kTitleSize - 2;
  for (const std::string& line : lines_) {
    svg.Text(kChartPadding, y, line, {.size = kTitleSize, .classes = "bold"});
    y += kTitleLine;
  }
}

void DrawNameBelow(SvgWriter& svg, const std::string& name, double low, double high, double y, double least,
                   double most) {
  if (name.empty()) return;
  const std::string fitting = ShortenText(name, kNameSize, most - least);
  const double half = TextWidth(fitting, kNameSize) / 2;
  const double middle = std::max(std::min((low + high) / 2, most - half), least + half);
  svg.Text(middle, y, fitting, {.size = kNameSize, .anchor = TextAnchor::kMiddle});
}

void DrawNameAtLeft(SvgWriter& svg, const std::string& name, double low, double high, double least, double most) {
  if (name.empty()) return;
  const std::string fitting = ShortenText(name, kNameSize, most - least);
  const double half = TextWidth(fitting, kNameSize) / 2;
  const double middle = std::max(std::min((low + high) / 2, most - half), least + half);
  svg.Text(kChartPadding + kNameSize - 2, middle, fitting,
           {.size = kNameSize, .anchor = TextAnchor::kMiddle, .rotation = -90});
}

Frame::Frame(const FrameSpec& spec, const PanelPlace& place) : spec_(spec) {
  spec_.width = std::max(spec.width, kLeastWidth);
  spec_.height = std::max(spec.height, kLeastHeight);
  PlaceTop(place);
  bottom_ = spec_.height - kChartPadding - kTickRoom - (spec_.x.name.empty() ? 0 : kNameRoom);
  PlaceSides(place);
  if (spec_.categories.empty()) {
    PlaceNumbers();
  } else {
    PlaceCategories();
  }
}

void Frame::PlaceTop(const PanelPlace& place) {
  title_ = ChartTitle(spec_.title, spec_.width);
  top_ = kChartPadding + title_.height();
  if (place.legend && !spec_.legend.empty()) {
    legend_.emplace_back(spec_.legend, spec_.width - 2 * kChartPadding, spec_.height * kMostAbove - top_);
    top_ += legend_[0].height();
  }
  top_ += 8;
}

void Frame::PlaceSides(const PanelPlace& place) {
  const int most = std::clamp(static_cast<int>((bottom_ - top_) / 40), 1, 8);
  y_ = AxisScale(spec_.y, spec_.y_extent, most, true);
  y_ticks_ = y_.Ticks(most);
  left_ = kChartPadding + (spec_.y.name.empty() ? 0 : kNameRoom) + WidestLabel(y_ticks_) + 8;
  left_ = std::min(std::max(left_, place.least_left), spec_.width * 0.6);
  right_ = spec_.width - kChartPadding;
}

void Frame::PlaceNumbers() {
  x_ = AxisScale(spec_.x, spec_.x_extent, 10, false);
  int most = std::clamp(static_cast<int>((right_ - left_) / 45), 1, 10);
  for (; most >= 1; --most) {
    x_ticks_ = x_.Ticks(most);
    right_ = spec_.width - kChartPadding;
    if (x_ticks_.empty()) break;
    // Half of the last label may stand beyond the axis.
    const Tick& last = x_ticks_.back();
    const double half = TextWidth(last.label, kTickSize) / 2;
    right_ -= std::max(0.0, half - (1 - x_.Place(last.at)) * (right_ - left_));
    bool fits = true;
    for (size_t i = 1; i < x_ticks_.size(); ++i) {
      const double room = X(x_ticks_[i].at) - X(x_ticks_[i - 1].at);
      fits = fits &&
             (TextWidth(x_ticks_[i].label, kTickSize) + TextWidth(x_ticks_[i - 1].label, kTickSize)) / 2 + 8 < room;
    }
    if (fits) break;
  }
  if (most == 0 && x_ticks_.size() > 1) x_ticks_.resize(1);
  below_ = kTickRoom;
}

void Frame::PlaceCategories() {
  // Some of the field must be left.
  const double most = std::min(spec_.height * 0.4, bottom_ - top_ - 24 + kTickRoom);
  categories_ = CategoryLabels(spec_.categories, band(), most, left_);
  below_ = std::max(kTickRoom, categories_.height());
  bottom_ -= below_ - kTickRoom;
}

void Frame::DrawGround(SvgWriter& svg) const {
  title_.Draw(svg);
  if (!legend_.empty()) legend_[0].Draw(svg, kChartPadding, kChartPadding + title_.height());
  DrawX(svg);
  DrawY(svg);
}

void Frame::DrawX(SvgWriter& svg) const {
  for (const Tick& tick : x_ticks_) {
    const double x = X(tick.at);
    svg.Line(x, top_, x, bottom_, "grid");
    svg.Text(x, bottom_ + kTickRoom - 3, tick.label,
             {.size = kTickSize, .anchor = TextAnchor::kMiddle, .classes = "muted"});
  }
  categories_.Draw(svg, left_, bottom_);
  DrawNameBelow(svg, spec_.x.name, left_, right_, bottom_ + below_ + kNameRoom - 3, kChartPadding,
                spec_.width - kChartPadding);
}

void Frame::DrawY(SvgWriter& svg) const {
  for (const Tick& tick : y_ticks_) {
    const double y = Y(tick.at);
    svg.Line(left_, y, right_, y, "grid");
    svg.Text(left_ - 6, y + 4, tick.label, {.size = kTickSize, .anchor = TextAnchor::kEnd, .classes = "muted"});
  }
  DrawNameAtLeft(svg, spec_.y.name, top_, bottom_, top_, spec_.height - kChartPadding);
}

void Frame::DrawAxes(SvgWriter& svg, bool has_data) const {
  svg.Line(left_, bottom_, right_, bottom_, "axis");
  svg.Line(left_, top_, left_, bottom_, "axis");
  if (has_data) {
    if (y_.low() < 0 && y_.high() > 0) svg.Line(left_, Y(0), right_, Y(0), "axis");
    return;
  }
  svg.Text((left_ + right_) / 2, (top_ + bottom_) / 2 + 5, "no data",
           {.size = kTitleSize, .anchor = TextAnchor::kMiddle, .classes = "muted"});
}

}  // namespace maskscope
