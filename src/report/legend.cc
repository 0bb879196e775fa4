#include "report/legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace maskscope {
namespace {

constexpr double kSize = 12, kRow = 19, kSwatch = 22, kGap = 6, kBetween = 18;  // pixels

void DrawSwatch(SvgWriter& svg, const LegendEntry& entry, double x, double y) {
  const double middle = y + kRow / 2;
  const std::string line = fmt::format("M{} {}h{}", Coordinate(x), Coordinate(middle), kSwatch);
  switch (entry.swatch) {
    case Swatch::kNone:
      break;
    case Swatch::kLine:
      svg.Path(line, fmt::format("line s{}{}", entry.hue, entry.dashed ? " dash" : ""));
      break;
    case Swatch::kMarkedLine:
      svg.Path(line, fmt::format("line s{}{}", entry.hue, entry.dashed ? " dash" : ""));
      svg.Path(MarkerPath(entry.marker, x + kSwatch / 2, middle, 3), fmt::format("f{}", entry.hue));
      break;
    case Swatch::kPoints:
      svg.Path(MarkerPath(entry.marker, x + kSwatch / 2, middle, 4), fmt::format("f{}", entry.hue));
      break;
    case Swatch::kBox:
      svg.Rect(x + 4, middle - 6, kSwatch - 8, 12, fmt::format("f{}", entry.hue));
      break;
    case Swatch::kHorizontal:
      svg.Path(line, "ref");
      break;
    case Swatch::kVertical:
      svg.Line(x + kSwatch / 2, y + 1, x + kSwatch / 2, y + kRow - 2, "ref");
      break;
    case Swatch::kDiagonal:
      svg.Line(x + 3, y + kRow - 3, x + kSwatch - 3, y + 3, "ref");
      break;
  }
}

}  // namespace

std::string MarkerPath(size_t marker, double x, double y, double r) {
  const auto at = [](double px, double py) { return Coordinate(px) + " " + Coordinate(py); };
  switch (marker % 4) {
    case 0:
      return fmt::format("M{}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", at(x - r, y), fmt::arg("r", Coordinate(r)),
                         fmt::arg("d", Coordinate(2 * r)));
    case 1:
      r *= 0.9;
      return fmt::format("M{}h{d}v{d}h-{d}z", at(x - r, y - r), fmt::arg("d", Coordinate(2 * r)));
    case 2:
      r *= 1.2;
      return fmt::format("M{}L{}L{}z", at(x, y - r), at(x + r * 0.95, y + r * 0.65), at(x - r * 0.95, y + r * 0.65));
    default:
      r *= 1.3;
      return fmt::format("M{}L{}L{}L{}z", at(x, y - r), at(x + r, y), at(x, y + r), at(x - r, y));
  }
}

Legend::Legend(const std::vector<LegendEntry>& entries, double width, double most_height) {
  double x = 0, y = 0;
  for (const LegendEntry& entry : entries) {
    Placed placed{entry, 0, 0};
    placed.entry.name = ShortenText(entry.name, kSize, width - kSwatch - kGap);
    const double needed = kSwatch + kGap + TextWidth(placed.entry.name, kSize);
    if (x > 0 && x + needed > width) {
      x = 0;
      y += kRow;
    }
    placed.x = x;
    placed.y = y;
    placed_.push_back(placed);
    x += needed + kBetween;
  }
  const double last_row = std::max(1.0, std::floor(most_height / kRow)) * kRow;
  if (height() <= last_row) return;
  while (height() > last_row) placed_.pop_back();
  Placed& last = placed_.back();
  const std::string more = fmt::format("and {} more", entries.size() - placed_.size() + 1);
  last.entry = {.name = ShortenText(more, kSize, width - last.x - kSwatch - kGap), .swatch = Swatch::kNone};
}

double Legend::height() const { return placed_.empty() ? 0 : placed_.back().y + kRow; }

void Legend::Draw(SvgWriter& svg, double x, double y) const {
  for (const Placed& placed : placed_) {
    DrawSwatch(svg, placed.entry, x + placed.x, y + placed.y);
    svg.Text(x + placed.x + kSwatch + kGap, y + placed.y + kRow / 2 + 4, placed.entry.name, {.size = kSize});
  }
}

}  // namespace maskscope
