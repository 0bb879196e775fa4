#ifndef MASKSCOPE_DATA_DUPLICATES_ALIGN_H_
#define MASKSCOPE_DATA_DUPLICATES_ALIGN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "data/duplicates/affine.h"

namespace maskscope {

// A grey picture to compare, [height * width], stretched over the unit square.
struct GreyView {
  std::span<const uint8_t> pixels;
  int width = 0, height = 0;
};

struct Alignment {
  Affine map;              // first's unit square -> second's
  double correlation = 0;  // of brightness over the part shown by both, -1..1 (Pearson); 0 where either is plain
  double overlap = 0;      // share of the first's area that the second shows, 0..1
};

// Correlation under `map`, on a grid of samples x samples points of the first.
Alignment Correlate(const GreyView& first, const GreyView& second, const Affine& map, int samples);

// Moves `map` (shift, scale, turn, shear) uphill in correlation, by steps of `step` (shares of the side) halved
// `halvings` times. The overlap must not fall below three quarters of what it was at the start.
Alignment AlignUphill(const GreyView& first, const GreyView& second, const Affine& start, int samples, double step,
                      int halvings);

// Brightness less the brightness around (a box of `radius` pixels), about 128: what is left is detail, which differs
// between different photos of the same kind of thing.
std::vector<uint8_t> DetailOf(const GreyView& view, int radius);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_ALIGN_H_
