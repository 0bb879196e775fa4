#include "analyze/preprocess.h"

#include <algorithm>
#include <cmath>

#include "analyze/normalize.h"
#include "base/error.h"

namespace maskscope {
namespace {

// Writes `image` to the top left of the planes [3, plane_height, plane_width] and fills the rest with padding.
void NormalizePadded(const Preprocessing& rule, const Image& image, int plane_width, int plane_height, float* out) {
  const ChannelRule rules[3] = {ChannelRuleOf(rule, 0), ChannelRuleOf(rule, 1), ChannelRuleOf(rule, 2)};
  const size_t plane = size_t(plane_width) * plane_height;
  for (int y = 0; y < image.height; ++y) {
    float* row = out + size_t(y) * plane_width;
    float* const planes[3] = {row, row + plane, row + 2 * plane};
    NormalizeRow(image.row(y), image.width, rules, planes);
  }
  for (int c = 0; c < 3; ++c) {
    const float padding = rules[c](rule.pad_value);
    float* channel = out + size_t(c) * plane;
    for (int y = 0; y < image.height; ++y) {
      std::fill(channel + size_t(y) * plane_width + image.width, channel + size_t(y + 1) * plane_width, padding);
    }
    std::fill(channel + size_t(image.height) * plane_width, channel + plane, padding);
  }
}

void CheckImage(int width, int height) {
  if (width > 0 && height > 0) return;
  throw Error(ErrorKind::kBadImage,
              "a picture of " + std::to_string(width) + " x " + std::to_string(height) + " pixels cannot be analysed");
}

int Scaled(int side, double scale) { return std::max(1, static_cast<int>(std::lround(side * scale))); }

// Size of the picture itself inside the input, without padding.
InputSize ContentSize(const Preprocessing& rule, int image_width, int image_height) {
  CheckImage(image_width, image_height);
  switch (rule.resize) {
    case ResizeRule::kStretch:
      return {rule.width, rule.height};
    case ResizeRule::kLetterbox: {
      const double scale = std::min(double(rule.width) / image_width, double(rule.height) / image_height);
      return {std::min(rule.width, Scaled(image_width, scale)), std::min(rule.height, Scaled(image_height, scale))};
    }
    case ResizeRule::kFitLongest:
      break;
  }
  const int longest = std::max(image_width, image_height);
  const bool keep = longest == rule.longest_side || (longest < rule.longest_side && !rule.enlarge);
  const double scale = keep ? 1.0 : double(rule.longest_side) / longest;
  return {Scaled(image_width, scale), Scaled(image_height, scale)};
}

int RoundUp(int side, int multiple) { return (side + multiple - 1) / multiple * multiple; }

}  // namespace

InputSize DetectorInputSize(const Preprocessing& rule, int image_width, int image_height) {
  if (rule.resize != ResizeRule::kFitLongest) return {rule.width, rule.height};
  const InputSize content = ContentSize(rule, image_width, image_height);
  return {RoundUp(content.width, rule.size_multiple), RoundUp(content.height, rule.size_multiple)};
}

int LeastUsefulLongestSide(const Preprocessing& rule, int image_width, int image_height) {
  const InputSize content = ContentSize(rule, image_width, image_height);
  const double scale = std::max(double(content.width) / image_width, double(content.height) / image_height);
  return static_cast<int>(std::ceil(std::max(image_width, image_height) * std::min(1.0, scale)));
}

Placement FillDetectorInput(const Preprocessing& rule, const Image& image, float* out) {
  const InputSize content = ContentSize(rule, image.width, image.height);
  const InputSize input = DetectorInputSize(rule, image.width, image.height);
  if (content.width == image.width && content.height == image.height) {
    NormalizePadded(rule, image, input.width, input.height, out);
  } else {
    NormalizePadded(rule, Resize(image, content.width, content.height), input.width, input.height, out);
  }
  return {static_cast<float>(content.width) / static_cast<float>(image.width),
          static_cast<float>(content.height) / static_cast<float>(image.height), 0, 0};
}

Box ClassifierRegion(const CropRule& rule, const Box& face) {
  float half_width = face.width() / 2, half_height = face.height() / 2;
  if (rule.square) half_width = half_height = std::max(half_width, half_height);
  half_width *= 1 + 2 * rule.margin;
  half_height *= 1 + 2 * rule.margin;
  const float cx = (face.x1 + face.x2) / 2, cy = (face.y1 + face.y2) / 2;
  return {cx - half_width, cy - half_height, cx + half_width, cy + half_height};
}

InputSize ClassifierInputSize(const Preprocessing& rule, const Box& region) {
  const float side = std::max(region.width(), region.height());
  for (const int candidate : rule.sides) {
    if (side <= static_cast<float>(candidate)) return {candidate, candidate};
  }
  return {rule.width, rule.height};
}

void FillClassifierInput(const Preprocessing& rule, const Image& image, const Box& region, const InputSize& size,
                         float* out) {
  CheckImage(image.width, image.height);
  const auto fill = static_cast<uint8_t>(std::lround(rule.pad_value));
  NormalizeToPlanes(rule, CropResize(image, region, size.width, size.height, fill), out);
}

void NormalizeToPlanes(const Preprocessing& rule, const Image& image, float* out) {
  NormalizePadded(rule, image, image.width, image.height, out);
}

}  // namespace maskscope
