#ifndef MASKSCOPE_DATA_OVERVIEW_HEAT_MAP_H_
#define MASKSCOPE_DATA_OVERVIEW_HEAT_MAP_H_

#include <array>
#include <cstdint>
#include <string>

#include "image/image.h"

namespace maskscope {

// Where in the picture faces are: how many boxes cover each field, every picture stretched to one square.
class HeatMap {
 public:
  // Box in the picture's pixels; does nothing for a picture of unknown size or a box outside.
  void Add(const Box& box, int width, int height);
  int64_t faces() const { return faces_; }
  // side x side pixels (at least 64) with a scale of colours below and a line of text above.
  Image Draw(int side, const std::string& title) const;
  // Boxes over the field at (x, y), both 0..1. For tests.
  int64_t At(double x, double y) const;

 private:
  static constexpr int kFields = 64;  // a side
  std::array<int64_t, kFields * kFields> counts_{};
  int64_t faces_ = 0;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_OVERVIEW_HEAT_MAP_H_
