#include "train/hsv_jitter.h"

#include <algorithm>
#include <cmath>

namespace maskscope {

namespace {

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

// One channel of a colour of hue `sixths` (0..6), value `high` and least channel `low`: 1, 3 and 5 sixths away from its
// own corner of the hexagon it falls from `high` to `low` (Smith 1978, "Color gamut transform pairs").
float Channel(float sixths, float corner, float low, float high) {
  float away = std::abs(sixths - corner);
  away = std::min(away, 6 - away);
  return low + (high - low) * std::clamp(2 - away, 0.0f, 1.0f);
}

// In sixths of a turn; red is 0, green 2, blue 4.
float Hue(float r, float g, float b, float high, float range) {
  if (high == r) return (g - b) / range + (g < b ? 6.0f : 0.0f);
  return high == g ? (b - r) / range + 2 : (r - g) / range + 4;
}

}  // namespace

HsvChange DrawHsvChange(const std::array<float, 3>& largest, Random& random) {
  const auto draw = [&](float most) { return static_cast<float>(random.Uniform(-1.0, 1.0)) * most; };
  HsvChange change;
  change.hue_turn = draw(largest[0]);
  change.saturation = 1 + draw(largest[1]);
  change.value = 1 + draw(largest[2]);
  return change;
}

void JitterHsv(const HsvChange& change, Image& image) {
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    uint8_t* const pixel = image.pixels.data() + i;
    const float r = pixel[0], g = pixel[1], b = pixel[2];
    const float high = std::max({r, g, b}), range = high - std::min({r, g, b});
    const float new_high = std::min(high * change.value, 255.0f);
    if (range == 0) {
      pixel[0] = pixel[1] = pixel[2] = ToByte(new_high);
      continue;
    }
    const float saturation = std::min(range / high * change.saturation, 1.0f);
    const float low = new_high * (1 - saturation);
    float sixths = Hue(r, g, b, high, range) + 6 * change.hue_turn;
    sixths -= 6 * std::floor(sixths / 6);
    pixel[0] = ToByte(Channel(sixths, 0, low, new_high));
    pixel[1] = ToByte(Channel(sixths, 2, low, new_high));
    pixel[2] = ToByte(Channel(sixths, 4, low, new_high));
  }
}

}  // namespace maskscope
