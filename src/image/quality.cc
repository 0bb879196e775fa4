#include "image/quality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "image/transform.h"

namespace maskscope {
namespace {

// Index -1 -> 1 and n -> n - 2; a side of one pixel has only itself to reflect.
int Reflect(int i, int n) {
  if (n == 1) return 0;
  if (i < 0) return -i;
  return i < n ? i : 2 * n - 2 - i;
}

}  // namespace

std::vector<uint8_t> ToGrey(const Image& image) {
  std::vector<uint8_t> grey(size_t(image.width) * image.height);
  const uint8_t* rgb = image.pixels.data();
  for (size_t i = 0; i < grey.size(); ++i, rgb += 3) {
    grey[i] = static_cast<uint8_t>((9798 * rgb[0] + 19235 * rgb[1] + 3735 * rgb[2] + (1 << 14)) >> 15);
  }
  return grey;
}

double LaplacianVariance(std::span<const uint8_t> grey, int width, int height) {
  if (width <= 0 || height <= 0) return 0;
  int64_t sum = 0, sum_of_squares = 0;  // exact: at most 2^20 each for up to 2^43 pixels
  for (int y = 0; y < height; ++y) {
    const uint8_t* row = grey.data() + size_t(y) * width;
    const uint8_t* above = grey.data() + size_t(Reflect(y - 1, height)) * width;
    const uint8_t* below = grey.data() + size_t(Reflect(y + 1, height)) * width;
    for (int x = 0; x < width; ++x) {
      const int value = above[x] + below[x] + row[Reflect(x - 1, width)] + row[Reflect(x + 1, width)] - 4 * row[x];
      sum += value;
      sum_of_squares += int64_t{value} * value;
    }
  }
  const double count = static_cast<double>(width) * height;
  const double mean = static_cast<double>(sum) / count;
  return std::max(0.0, static_cast<double>(sum_of_squares) / count - mean * mean);
}

double LaplacianVariance(const Image& image) { return LaplacianVariance(ToGrey(image), image.width, image.height); }

double RegionSharpness(const Image& image, const Box& region, int side, double* brightness) {
  const Box inside = Clamp(region, image.width, image.height);
  const Box whole{std::floor(inside.x1), std::floor(inside.y1), std::ceil(inside.x2), std::ceil(inside.y2)};
  if (brightness != nullptr) *brightness = 0;
  if (whole.width() < 1 || whole.height() < 1) return 0;
  const float longer = std::max(whole.width(), whole.height());
  const float scale = side > 0 && longer > static_cast<float>(side) ? static_cast<float>(side) / longer : 1.0f;
  const int width = std::max(1, static_cast<int>(std::lround(whole.width() * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(whole.height() * scale)));
  const std::vector<uint8_t> grey = ToGrey(CropResize(image, whole, width, height));
  if (brightness != nullptr) {
    *brightness = std::accumulate(grey.begin(), grey.end(), 0.0) / static_cast<double>(grey.size());
  }
  return LaplacianVariance(grey, width, height);
}

}  // namespace maskscope
