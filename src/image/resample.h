#ifndef MASKSCOPE_IMAGE_RESAMPLE_H_
#define MASKSCOPE_IMAGE_RESAMPLE_H_

#include <cstdint>
#include <vector>

#include "image/image.h"

namespace maskscope {

// How the samples of one axis are made of the source's: output i = sum over k of weight[i * stride + k] *
// source[first[i] + k], and what is missing to a sum of 1 is the fill value.
struct AxisTaps {
  int stride = 0;
  std::vector<int> first, count;  // per output; count 0 = outside the picture
  std::vector<float> weight, missing;
  int low = 0, high = 0;  // the source samples used lie in [low, high)
};

// Takes [begin, end) of an axis of `source_size` pixels to `output_size` samples: each the average over its share of
// pixel area when shrinking, bilinear between pixel centres when enlarging. Samples whose centre is outside the picture
// are missing.
AxisTaps MakeAxisTaps(double begin, double end, int source_size, int output_size);

// Applies both axes and rounds to the nearest integer.
Image Resample(const Image& source, const AxisTaps& x_taps, const AxisTaps& y_taps, uint8_t fill);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_RESAMPLE_H_
