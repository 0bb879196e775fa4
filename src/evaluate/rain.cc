#include "evaluate/rain.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.h"

namespace maskscope {
namespace {

constexpr float kReference = 640;                      // pixels that lengths and numbers are stated for
constexpr float kDropGrey = 225, kVeilGrey = 190;      // a drop shows the sky, the veil what is between
constexpr float kShortest = 18, kLongest = 45;         // pixels
constexpr float kThinnest = 0.4f, kThickest = 1.1f;    // half of the width, pixels
constexpr float kFaintest = 0.25f, kStrongest = 0.6f;  // share of the drop's light in its middle
constexpr float kSlope = 0.2f, kSlopeSpread = 0.06f;   // sideways for each pixel down: the wind, and its gusts

float Between(Random& random, float low, float high) {
  return low + (high - low) * static_cast<float>(random.Uniform());
}

struct Streak {
  float x, y;        // its upper end, pixels
  float length;      // downwards
  float half_width;  //
  float slope, strength;
};

Streak Draw(Random& random, int width, int height, float scale, float wind) {
  Streak streak{};
  streak.length = Between(random, kShortest, kLongest) * scale;
  streak.half_width = Between(random, kThinnest, kThickest) * std::max(scale, 0.5f);
  streak.slope = wind + Between(random, -kSlopeSpread, kSlopeSpread);
  streak.strength = Between(random, kFaintest, kStrongest);
  // Begun above and beside as well, so that the borders are as wet as the middle.
  streak.y = Between(random, -streak.length, static_cast<float>(height));
  const float drift = std::abs(streak.slope) * streak.length;
  streak.x = Between(random, -drift, static_cast<float>(width) + drift);
  return streak;
}

// Raises `cover` ([height, width], 0 to 1) where the streak lies; it fades towards its ends.
void Cover(const Streak& streak, int width, int height, std::vector<float>& cover) {
  const int first = std::max(0, static_cast<int>(std::ceil(streak.y)));
  const int last = std::min(height - 1, static_cast<int>(std::floor(streak.y + streak.length)));
  for (int y = first; y <= last; ++y) {
    const float along = (static_cast<float>(y) - streak.y) / streak.length;
    const float strength = streak.strength * std::sin(along * std::numbers::pi_v<float>);
    const float middle = streak.x + streak.slope * (static_cast<float>(y) - streak.y);
    const int left = std::max(0, static_cast<int>(std::floor(middle - streak.half_width - 1)));
    const int right = std::min(width - 1, static_cast<int>(std::ceil(middle + streak.half_width + 1)));
    for (int x = left; x <= right; ++x) {
      const float inside = std::clamp(streak.half_width + 0.5f - std::abs(static_cast<float>(x) - middle), 0.0f, 1.0f);
      float& value = cover[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
      value = std::max(value, strength * inside);
    }
  }
}

}  // namespace

Image Rain(const Image& image, float drops, float passed, uint64_t seed) {
  Random random(seed);
  const float scale = static_cast<float>(std::max(image.width, image.height)) / kReference;
  const float area = static_cast<float>(image.width) * static_cast<float>(image.height) / (scale * scale);
  const int count = static_cast<int>(std::lround(drops * area / (kReference * kReference)));
  const float wind = random.Chance(0.5) ? kSlope : -kSlope;
  std::vector<float> cover(static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  for (int i = 0; i < count; ++i) {
    Cover(Draw(random, image.width, image.height, scale, wind), image.width, image.height, cover);
  }
  Image out = image;
  for (size_t i = 0; i < out.pixels.size(); ++i) {
    const float veiled = static_cast<float>(image.pixels[i]) * passed + kVeilGrey * (1 - passed);
    out.pixels[i] = static_cast<uint8_t>(std::lround(veiled + (kDropGrey - veiled) * cover[i / 3]));
  }
  return out;
}

}  // namespace maskscope
