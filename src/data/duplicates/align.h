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

// Moves `map` (shift, scale, turn, shear) to where the two agree best, by least squares on the gradient of the second
// (Lucas and Kanade 1981), brightness and contrast being free; at most `steps` steps, on samples x samples points. The
// overlap does not fall below three quarters of what it was at the start, nor does the correlation fall. It finds what
// lies within about half the size of the things shown.
Alignment Align(const GreyView& first, const GreyView& second, const Affine& start, int samples, int steps);

// How well detail agrees place by place. One edge or one pair of eyes can make two pictures correlate; copies agree
// nearly everywhere, frames of a series in what has not moved.
struct PlaceAgreement {
  int places = 0;     // of 64 fields of one picture, those that the other shows too and where both have detail
  double mean = 0;    // of the places' correlations, -1..1
  double steady = 0;  // share of the places that correlate by 0.8 or more
};
// Of the details of two pictures (DetailOf), one laid over the other. The fields are those of the picture that is shown
// more completely by the other.
PlaceAgreement ComparePlaces(const GreyView& first, const GreyView& second, const Affine& map);

// Brightness less the brightness around (a box of `radius` pixels), about 128: what is left is detail, which differs
// between different photos of the same kind of thing.
std::vector<uint8_t> DetailOf(const GreyView& view, int radius);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_ALIGN_H_
