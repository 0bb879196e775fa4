#ifndef MASKSCOPE_EVALUATE_RAIN_H_
#define MASKSCOPE_EVALUATE_RAIN_H_

#include <cstdint>

#include "image/image.h"

namespace maskscope {

// `image` behind falling drops that the exposure draws out to streaks. `drops` are meant for 640 x 640 pixels and
// spread by area; lengths grow with the longest side. `passed` is the share of the light that comes through the veil
// of drops too far to be seen, 0 to 1. The same `seed` gives the same drops.
Image Rain(const Image& image, float drops, float passed, uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_RAIN_H_
