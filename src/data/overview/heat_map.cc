#include "data/overview/heat_map.h"

#include <algorithm>
#include <cmath>

#include "image/draw.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr int kTitleHeight = 28, kScaleHeight = 30;  // pixels

// From black over violet and orange to pale yellow: brightness grows all the way, so that it reads in grey too
// (after matplotlib's "inferno", its values at 0, 1/4, 1/2, 3/4 and 1).
Color HeatColor(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops{
      {{0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const auto low = std::min(static_cast<size_t>(place), kStops.size() - 2);
  const double part = place - static_cast<double>(low);
  const auto mix = [&](size_t c) {
    return static_cast<uint8_t>(std::lround(kStops[low][c] * (1 - part) + kStops[low + 1][c] * part));
  };
  return {mix(0), mix(1), mix(2)};
}

void SetPixel(Image& image, int x, int y, Color color) {
  uint8_t* pixel = image.row(y) + 3 * x;
  pixel[0] = color.r;
  pixel[1] = color.g;
  pixel[2] = color.b;
}

}  // namespace

void HeatMap::Add(const Box& box, int width, int height) {
  if (width <= 0 || height <= 0) return;
  const auto first = [](float edge, int side) {
    return std::clamp(static_cast<int>(std::floor(std::clamp(edge / static_cast<float>(side), 0.f, 1.f) * kFields)), 0,
                      kFields);
  };
  const auto end = [](float edge, int side) {
    return std::clamp(static_cast<int>(std::ceil(std::clamp(edge / static_cast<float>(side), 0.f, 1.f) * kFields)), 0,
                      kFields);
  };
  const int x1 = first(box.x1, width), x2 = end(box.x2, width), y1 = first(box.y1, height), y2 = end(box.y2, height);
  if (x1 >= x2 || y1 >= y2) return;
  ++faces_;
  for (int y = y1; y < y2; ++y) {
    for (int x = x1; x < x2; ++x) ++counts_[static_cast<size_t>(y * kFields + x)];
  }
}

int64_t HeatMap::At(double x, double y) const {
  const auto field = [](double share) { return std::clamp(static_cast<int>(share * kFields), 0, kFields - 1); };
  return counts_[static_cast<size_t>(field(y) * kFields + field(x))];
}

Image HeatMap::Draw(int side, const std::string& title) const {
  side = std::max(side, 64);
  const int64_t greatest = *std::max_element(counts_.begin(), counts_.end());
  Image fields(kFields, kFields);
  for (int y = 0; y < kFields; ++y) {
    for (int x = 0; x < kFields; ++x) {
      const int64_t count = counts_[static_cast<size_t>(y * kFields + x)];
      SetPixel(fields, x, y, HeatColor(greatest == 0 ? 0 : static_cast<double>(count) / static_cast<double>(greatest)));
    }
  }
  const Image large = Resize(fields, side, side);
  Image image(side, side + kTitleHeight + kScaleHeight, 255);
  for (int y = 0; y < side; ++y) std::copy_n(large.row(y), static_cast<size_t>(side) * 3, image.row(y + kTitleHeight));
  DrawText(image, {6, kTitleHeight - 9}, title, {0, 0, 0}, 10);
  const int scale_y = side + kTitleHeight + 4;
  for (int x = 0; x < side; ++x) {
    for (int y = 0; y < 8; ++y) {
      SetPixel(image, x, scale_y + y, HeatColor(static_cast<double>(x) / static_cast<double>(side - 1)));
    }
  }
  const float text_y = static_cast<float>(image.height - 4);
  const std::string most = std::to_string(greatest) + " faces";
  DrawText(image, {4, text_y}, "0", {0, 0, 0}, 9);
  DrawText(image, {static_cast<float>(side) - 8 * static_cast<float>(most.size()), text_y}, most, {0, 0, 0}, 9);
  return image;
}

}  // namespace maskscope
