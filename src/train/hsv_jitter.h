#ifndef MASKSCOPE_TRAIN_HSV_JITTER_H_
#define MASKSCOPE_TRAIN_HSV_JITTER_H_

#include <array>

#include "base/random.h"
#include "image/image.h"

// Colours changed in the terms of hue, saturation and value, as the recipes of the YOLO family have it.
namespace maskscope {

struct HsvChange {
  float hue_turn = 0;    // turns of the colour circle, -0.5..0.5
  float saturation = 1;  // factor
  float value = 1;       // factor
};

// Each within 1 +- its largest change, hue within +- `largest[0]` of a turn.
HsvChange DrawHsvChange(const std::array<float, 3>& largest, Random& random);

// What leaves 0..1 is clipped.
void JitterHsv(const HsvChange& change, Image& image);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_HSV_JITTER_H_
