#include "explain/overlay.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image/transform.h"

namespace maskscope {

Color JetColor(float share) {
  const float x = std::clamp(share, 0.0f, 1.0f);
  const auto ramp = [x](float centre) {
    const float value = std::clamp(1.5f - std::abs(4 * x - centre), 0.0f, 1.0f);
    return static_cast<uint8_t>(std::lround(255 * value));
  };
  return {ramp(3), ramp(2), ramp(1)};
}

Image OverlayHeat(const Image& picture, const CamMap& map) {
  const CamMap heat = ResizeCam(map, picture.width, picture.height).Normalized();
  std::vector<int> sums(picture.pixels.size());
  int greatest = 1;
  for (size_t i = 0; i < heat.values.size(); ++i) {
    const Color color = JetColor(heat.values[i]);
    const uint8_t* pixel = picture.pixels.data() + 3 * i;
    sums[3 * i] = pixel[0] + color.r;
    sums[3 * i + 1] = pixel[1] + color.g;
    sums[3 * i + 2] = pixel[2] + color.b;
    greatest = std::max({greatest, sums[3 * i], sums[3 * i + 1], sums[3 * i + 2]});
  }
  Image mixed(picture.width, picture.height);
  for (size_t i = 0; i < sums.size(); ++i) mixed.pixels[i] = static_cast<uint8_t>(sums[i] * 255 / greatest);
  return mixed;
}

Image SideBySide(const Image& left, const Image& right) {
  constexpr int kGap = 4;  // pixels
  const int height = left.height;
  const double scale = static_cast<double>(height) / right.height;
  const int width = std::max(1, static_cast<int>(std::lround(right.width * scale)));
  Image both(left.width + kGap + width, height, 255);
  Paste(left, 0, 0, both);
  Paste(right.height == height ? right : Resize(right, width, height), left.width + kGap, 0, both);
  return both;
}

}  // namespace maskscope
