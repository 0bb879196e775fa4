#ifndef MASKSCOPE_REPORT_LEGEND_H_
#define MASKSCOPE_REPORT_LEGEND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "report/svg_writer.h"

// What the colours of a chart stand for. Internal to the charts.
namespace maskscope {

enum class Swatch { kNone, kLine, kMarkedLine, kPoints, kBox, kHorizontal, kVertical, kDiagonal };

struct LegendEntry {
  std::string name;
  Swatch swatch = Swatch::kLine;
  size_t hue = 0;     // index into kHueTones
  size_t marker = 0;  // see MarkerPath
  bool dashed = false;
  bool operator==(const LegendEntry&) const = default;
};

// A legend in rows of `width` pixels, the first row's top at 0. Names too long for a row are shortened; where the rows
// exceed `most_height` pixels the last ones are only counted.
class Legend {
 public:
  Legend(const std::vector<LegendEntry>& entries, double width, double most_height);
  double height() const;
  void Draw(SvgWriter& svg, double x, double y) const;

 private:
  struct Placed {
    LegendEntry entry;
    double x, y;
  };
  std::vector<Placed> placed_;
};

// Path data of a mark round (x, y): circle, square, triangle, diamond, in turn.
std::string MarkerPath(size_t marker, double x, double y, double radius);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_LEGEND_H_
