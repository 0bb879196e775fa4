#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/palette.h"
#include "report/panel.h"
#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kLargestNumber = 14, kLeastNumber = 7, kNoteSize = 10;  // pixels
constexpr double kScaleWidth = 14, kScaleRoom = 74;                      // pixels
constexpr int kScaleSteps = 32;
constexpr size_t kMostTips = 400;  // cells of which each says its number under the pointer

template <typename Rows>
void CheckRows(const MatrixChart& chart, const char* what, const Rows& rows) {
  RequireLength(chart.title, what, rows.size(), chart.rows.size());
  for (const auto& row : rows) RequireLength(chart.title, what, row.size(), chart.columns.size());
}

void Check(const MatrixChart& chart) {
  CheckRows(chart, "values", chart.values);
  if (!chart.texts.empty()) CheckRows(chart, "texts", chart.texts);
  if (!chart.notes.empty()) CheckRows(chart, "notes", chart.notes);
}

class MatrixDrawing {
 public:
  MatrixDrawing(const MatrixChart& chart, SvgWriter& svg, const PanelPlace& place) : chart_(chart), svg_(svg) {
    Check(chart);
    width_ = std::max<double>(chart.width, kLeastWidth);
    height_ = std::max<double>(chart.height, kLeastHeight);
    FindRange();
    title_ = ChartTitle(chart.title, width_);
    top_ = kChartPadding + title_.height() + 8;
    PlaceLeft(place.least_left);
    right_ = width_ - kChartPadding - (chart.numbers ? 0 : kScaleRoom);
    right_ = std::max(right_, left_ + 20);
    cell_width_ = chart.columns.empty() ? 0 : (right_ - left_) / static_cast<double>(chart.columns.size());
    bottom_ = height_ - kChartPadding - (chart.column_name.empty() ? 0 : kNameRoom);
    columns_ = CategoryLabels(chart.columns, cell_width_, std::min(height_ * 0.35, bottom_ - top_ - 24), left_);
    bottom_ -= columns_.height();
    cell_height_ = chart.rows.empty() ? 0 : (bottom_ - top_) / static_cast<double>(chart.rows.size());
    FindNumberSize();
  }

  double left() const { return left_; }

  void Draw() {
    title_.Draw(svg_);
    DrawRowNames();
    columns_.Draw(svg_, left_, bottom_);
    DrawNameAtLeft(svg_, chart_.row_name, top_, bottom_, top_, height_ - kChartPadding);
    DrawNameBelow(svg_, chart_.column_name, left_, right_, bottom_ + columns_.height() + kNameRoom - 3, kChartPadding,
                  width_ - kChartPadding);
    for (size_t r = 0; r < chart_.rows.size(); ++r) {
      for (size_t c = 0; c < chart_.columns.size(); ++c) DrawCell(r, c);
    }
    if (empty_) {
      svg_.Text((left_ + right_) / 2, (top_ + bottom_) / 2 + 5, "no data",
                {.size = kTitleSize, .anchor = TextAnchor::kMiddle, .classes = "muted"});
    } else if (!chart_.numbers) {
      DrawScale();
    }
    svg_.Path(fmt::format("M{0} {1}H{2}V{3}H{0}z", Coordinate(left_), Coordinate(top_), Coordinate(right_),
                          Coordinate(bottom_)),
              "axis");
  }

 private:
  void FindRange() {
    Extent extent;
    for (const auto& row : chart_.values) extent.Add(row, false);
    empty_ = extent.empty();
    low_ = chart_.low.value_or(empty_ ? 0 : std::min(0.0, extent.low));
    high_ = chart_.high.value_or(empty_ ? 1 : extent.high);
  }

  double Share(double value) const { return high_ > low_ ? std::clamp((value - low_) / (high_ - low_), 0.0, 1.0) : 0; }

  void PlaceLeft(double least_left) {
    double widest = 0;
    for (const std::string& name : chart_.rows) widest = std::max(widest, TextWidth(name, kTickSize));
    const double before = kChartPadding + (chart_.row_name.empty() ? 0 : kNameRoom);
    row_room_ = std::min(widest, width_ * 0.35);
    left_ = std::max(before + row_room_ + (widest > 0 ? 8 : 0), std::min(least_left, width_ * 0.6));
  }

  std::string CellText(size_t r, size_t c) const {
    return chart_.texts.empty() ? ShortNumber(chart_.values[r][c]) : chart_.texts[r][c];
  }

  // As large as the widest number allows; 0 where they would be too small to read.
  void FindNumberSize() {
    if (!chart_.numbers) return;
    double widest = 0;  // at size 1
    for (size_t r = 0; r < chart_.rows.size(); ++r) {
      for (size_t c = 0; c < chart_.columns.size(); ++c) {
        widest = std::max(widest, TextWidth(CellText(r, c), 1, true));
        // A note has the size of 0.75 of the number.
        if (!chart_.notes.empty()) widest = std::max(widest, 0.75 * TextWidth(chart_.notes[r][c], 1, true));
      }
    }
    const double lines = chart_.notes.empty() ? 1.3 : 2.4;
    size_ = std::min({kLargestNumber, (cell_width_ - 6) / std::max(widest, 0.1), (cell_height_ - 4) / lines});
    if (size_ < kLeastNumber) size_ = 0;
  }

  void DrawRowNames() {
    const auto every = static_cast<size_t>(std::max(1.0, std::ceil((kTickSize + 2) / std::max(cell_height_, 0.1))));
    for (size_t r = 0; r < chart_.rows.size(); r += every) {
      if (chart_.rows[r].empty()) continue;
      svg_.Text(left_ - 6, top_ + (static_cast<double>(r) + 0.5) * cell_height_ + 4,
                ShortenText(chart_.rows[r], kTickSize, row_room_ + 0.01),
                {.size = kTickSize, .anchor = TextAnchor::kEnd, .classes = "muted"});
    }
  }

  void DrawCell(size_t r, size_t c) {
    const double value = chart_.values[r][c];
    const bool defined = std::isfinite(value);
    const double x = left_ + static_cast<double>(c) * cell_width_, y = top_ + static_cast<double>(r) * cell_height_;
    const double share = defined ? Share(value) : 0;
    const double gap = chart_.numbers && std::min(cell_width_, cell_height_) > 10 ? 1 : 0;
    const bool tip = chart_.rows.size() * chart_.columns.size() <= kMostTips;
    const std::string value_text = defined ? ShortNumber(value) : "–";
    if (defined && (share > 0 || tip)) {
      svg_.Rect(x + gap / 2, y + gap / 2, cell_width_ - gap, cell_height_ - gap, "heat",
                tip ? chart_.rows[r] + ", " + chart_.columns[c] + ": " + value_text : "", HeatOpacity(share));
    }
    if (size_ == 0 || empty_) return;
    const double middle_x = x + cell_width_ / 2, middle_y = y + cell_height_ / 2;
    const std::string_view colour = HeatTextIsGround(share) ? "on bold" : defined ? "bold" : "muted";
    const bool note = !chart_.notes.empty() && !chart_.notes[r][c].empty();
    const TextStyle style{.size = size_, .anchor = TextAnchor::kMiddle, .classes = colour};
    svg_.Text(middle_x, middle_y + size_ * (note ? -0.1 : 0.36), CellText(r, c), style);
    if (!note) return;
    svg_.Text(middle_x, middle_y + size_ * 0.95, chart_.notes[r][c],
              {.size = size_ * 0.75, .anchor = TextAnchor::kMiddle, .classes = colour});
  }

  void DrawScale() {
    const double x = right_ + 14, step = (bottom_ - top_) / kScaleSteps;
    for (int i = 0; i < kScaleSteps; ++i) {
      svg_.Rect(x, bottom_ - (i + 1) * step, kScaleWidth, step + 0.3, "heat", "", HeatOpacity((i + 0.5) / kScaleSteps));
    }
    svg_.Path(fmt::format("M{0} {1}h{2}V{3}h-{2}z", Coordinate(x), Coordinate(top_), kScaleWidth, Coordinate(bottom_)),
              "axis");
    if (!(high_ > low_)) return;
    for (const Tick& tick : LinearTicks(low_, high_, 5)) {
      svg_.Text(x + kScaleWidth + 5, bottom_ - Share(tick.at) * (bottom_ - top_) + 4,
                ShortenText(tick.label, kTickSize, kScaleRoom - kScaleWidth - 8),
                {.size = kTickSize, .classes = "muted"});
    }
    const std::string name = ShortenText(chart_.value_name, kTickSize, kScaleRoom + 20);
    svg_.Text(width_ - kChartPadding, bottom_ + kTickRoom - 3, name, {.size = kTickSize, .anchor = TextAnchor::kEnd});
  }

  const MatrixChart& chart_;
  SvgWriter& svg_;
  ChartTitle title_;
  CategoryLabels columns_;
  double width_ = 0, height_ = 0, left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
  double cell_width_ = 0, cell_height_ = 0, row_room_ = 0, size_ = 0;
  double low_ = 0, high_ = 1;
  bool empty_ = false;
};

}  // namespace

std::vector<LegendEntry> LegendOf(const MatrixChart&) { return {}; }

double FieldLeft(const MatrixChart& chart, bool) {
  SvgWriter unused;
  return MatrixDrawing(chart, unused, {}).left();
}

void Draw(const MatrixChart& chart, SvgWriter& svg, const PanelPlace& place) {
  MatrixDrawing(chart, svg, place).Draw();
}

}  // namespace maskscope
