#ifndef MASKSCOPE_REPORT_CATEGORY_LABELS_H_
#define MASKSCOPE_REPORT_CATEGORY_LABELS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "report/svg_writer.h"

// Names below an axis, one a band: side by side where they fit, if need be in several lines, else slanted, shortened,
// or only every few of them. Internal to the charts.
namespace maskscope {

class CategoryLabels {
 public:
  CategoryLabels() = default;
  // All in pixels: `band` is the width of each category's part, `most_height` what they may take (a line they have
  // always), `left` the room there is left of the first band's left end.
  CategoryLabels(const std::vector<std::string>& names, double band, double most_height, double left);
  double height() const { return height_; }
  // The first band begins at `left`, the labels below `y`.
  void Draw(SvgWriter& svg, double left, double y) const;

 private:
  std::vector<std::vector<std::string>> names_;  // lines of each
  void Slant(const std::vector<std::string>& names, double widest, double most_height, double left);

  double band_ = 0, height_ = 0;
  size_t every_ = 1;
  bool slanted_ = false;
};

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_CATEGORY_LABELS_H_
