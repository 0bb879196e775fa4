#include "analyze/preprocess.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "image/simd.h"

namespace maskscope {
namespace {

// What is fed for a pixel value v of one channel: (v - mean) * inverse_std.
struct ChannelRule {
  int source;  // 0 red, 1 green, 2 blue
  float mean, inverse_std;
  float operator()(float value) const { return (value - mean) * inverse_std; }
};

ChannelRule RuleOf(const Preprocessing& rule, int channel) {
  return {rule.channels == ChannelOrder::kRgb ? channel : 2 - channel, rule.mean[static_cast<size_t>(channel)],
          1.0f / rule.std[static_cast<size_t>(channel)]};
}

MASKSCOPE_CLONES void NormalizeRow(const uint8_t* __restrict rgb, int width, const ChannelRule* rules,
                                   float* __restrict p0, float* __restrict p1, float* __restrict p2) {
  const int s0 = rules[0].source;
  const float m0 = rules[0].mean, m1 = rules[1].mean, m2 = rules[2].mean;
  const float i0 = rules[0].inverse_std, i1 = rules[1].inverse_std, i2 = rules[2].inverse_std;
  if (s0 == 0) {
    for (int x = 0; x < width; ++x) {
      p0[x] = (static_cast<float>(rgb[3 * x]) - m0) * i0;
      p1[x] = (static_cast<float>(rgb[3 * x + 1]) - m1) * i1;
      p2[x] = (static_cast<float>(rgb[3 * x + 2]) - m2) * i2;
    }
  } else {
    for (int x = 0; x < width; ++x) {
      p0[x] = (static_cast<float>(rgb[3 * x + 2]) - m0) * i0;
      p1[x] = (static_cast<float>(rgb[3 * x + 1]) - m1) * i1;
      p2[x] = (static_cast<float>(rgb[3 * x]) - m2) * i2;
    }
  }
}

// Writes `image` to the top left of the planes [3, plane_height, plane_width] and fills the rest with padding.
void NormalizePadded(const Preprocessing& rule, const Image& image, int plane_width, int plane_height, float* out) {
  const ChannelRule rules[3] = {RuleOf(rule, 0), RuleOf(rule, 1), RuleOf(rule, 2)};
  const size_t plane = size_t(plane_width) * plane_height;
  for (int y = 0; y < image.height; ++y) {
    float* row = out + size_t(y) * plane_width;
    NormalizeRow(image.row(y), image.width, rules, row, row + plane, row + 2 * plane);
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

void FillClassifierInput(const Preprocessing& rule, const Image& image, const Box& region, float* out) {
  CheckImage(image.width, image.height);
  NormalizeToPlanes(
      rule, CropResize(image, region, rule.width, rule.height, static_cast<uint8_t>(std::lround(rule.pad_value))), out);
}

void NormalizeToPlanes(const Preprocessing& rule, const Image& image, float* out) {
  NormalizePadded(rule, image, image.width, image.height, out);
}

}  // namespace maskscope
