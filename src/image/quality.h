#ifndef MASKSCOPE_IMAGE_QUALITY_H_
#define MASKSCOPE_IMAGE_QUALITY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"

namespace maskscope {

// Luma, [height * width]: (9798 R + 19235 G + 3735 B + 2^14) >> 15, i.e. 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) as
// OpenCV rounds it.
std::vector<uint8_t> ToGrey(const Image& image);

// How sharp a grey picture is: the population variance of its Laplacian (kernel 0 1 0 / 1 -4 1 / 0 1 0, border
// reflected without repeating the edge; Pech-Pacheco et al. 2000). 0 for a picture of one pixel. `grey` holds width *
// height values.
double LaplacianVariance(std::span<const uint8_t> grey, int width, int height);
double LaplacianVariance(const Image& image);

// How sharp a part of a picture is: the whole pixels that `region` touches, shrunk to `side` pixels on the longer side
// where they have more (0: not shrunk), so that faces of all sizes compare. 0 for an empty region. `brightness`, when
// given: their mean luma, 0..255.
double RegionSharpness(const Image& image, const Box& region, int side, double* brightness = nullptr);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_QUALITY_H_
