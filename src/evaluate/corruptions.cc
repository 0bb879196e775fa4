#include "evaluate/corruptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "evaluate/rain.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/transform.h"

namespace maskscope {
namespace {

using Levels = std::array<float, kStrengths>;
constexpr Levels kBlurSigma{1, 2, 3, 4.5, 6};              // pixels at 640
constexpr Levels kNoiseSigma{8, 16, 26, 38, 52};           // of 255
constexpr Levels kJpegQuality{40, 25, 15, 10, 5};          //
constexpr Levels kDarkLight{0.5, 0.3, 0.18, 0.1, 0.05};    // share of the light that is left
constexpr Levels kBackLight{0.6, 0.42, 0.3, 0.2, 0.12};    // share of the light on what stands before the glare
constexpr Levels kGlare{0.15, 0.3, 0.45, 0.6, 0.75};       // linear light in its middle
constexpr Levels kHazePassed{0.8, 0.65, 0.5, 0.35, 0.22};  // share of the light that comes through
constexpr Levels kDrops{150, 350, 700, 1200, 2000};        // in 640 x 640 pixels
constexpr Levels kRainPassed{0.96f, 0.92f, 0.87f, 0.81f, 0.74f};
constexpr Levels kShrink{2, 3, 4, 6, 8};  // times
constexpr Levels kDegrees{5, 10, 15, 25, 35};
constexpr float kHazeGrey = 215, kOutsideGrey = 128, kGamma = 2.2f;

float Of(const Levels& levels, int strength) { return levels[static_cast<size_t>(strength - 1)]; }

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

// value -> value for each of the 256.
template <typename Change>
Image MapValues(const Image& image, const Change& change) {
  std::array<uint8_t, 256> table{};
  for (size_t v = 0; v < table.size(); ++v) table[v] = ToByte(change(static_cast<float>(v)));
  Image out = image;
  for (uint8_t& value : out.pixels) value = table[value];
  return out;
}

float ToLinear(float value) { return std::pow(value / 255, kGamma); }
float FromLinear(float light) { return 255 * std::pow(std::clamp(light, 0.0f, 1.0f), 1 / kGamma); }

// One pass of a separable filter along rows, the result transposed; edges repeated.
std::vector<float> FilterRows(const std::vector<float>& pixels, int width, int height,
                              const std::vector<float>& kernel) {
  const int radius = static_cast<int>(kernel.size() / 2);
  std::vector<float> out(pixels.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::array<float, 3> sum{};
      for (int k = -radius; k <= radius; ++k) {
        const int at = std::clamp(x + k, 0, width - 1);
        const float weight = kernel[static_cast<size_t>(k + radius)];
        const float* pixel =
            &pixels[(static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(at)) * 3];
        for (size_t c = 0; c < 3; ++c) sum[c] += weight * pixel[c];
      }
      float* target = &out[(static_cast<size_t>(x) * static_cast<size_t>(height) + static_cast<size_t>(y)) * 3];
      std::copy(sum.begin(), sum.end(), target);
    }
  }
  return out;
}

Image Blur(const Image& image, float sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<float> kernel;
  float sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    kernel.push_back(std::exp(-static_cast<float>(k * k) / (2 * sigma * sigma)));
    sum += kernel.back();
  }
  for (float& weight : kernel) weight /= sum;
  const std::vector<float> pixels(image.pixels.begin(), image.pixels.end());
  const std::vector<float> once = FilterRows(pixels, image.width, image.height, kernel);
  const std::vector<float> twice = FilterRows(once, image.height, image.width, kernel);
  Image out(image.width, image.height);
  std::transform(twice.begin(), twice.end(), out.pixels.begin(), ToByte);
  return out;
}

Image AddNoise(const Image& image, float sigma, uint64_t seed) {
  Random random(seed);
  Image out = image;
  for (uint8_t& value : out.pixels) {
    value = ToByte(static_cast<float>(value) + sigma * static_cast<float>(random.Normal()));
  }
  return out;
}

// A bright source behind and above: what stands before it gets less light, and glare lies over the middle.
Image Backlight(const Image& image, float light, float glare) {
  Image out = image;
  const float radius = 0.6f * static_cast<float>(std::max(image.width, image.height));
  const float centre_x = static_cast<float>(image.width) / 2, centre_y = static_cast<float>(image.height) * 0.2f;
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = out.row(y);
    for (int x = 0; x < image.width; ++x) {
      const float dx = (static_cast<float>(x) - centre_x) / radius, dy = (static_cast<float>(y) - centre_y) / radius;
      const float veil = glare * std::exp(-2 * (dx * dx + dy * dy));
      for (int c = 0; c < 3; ++c) {
        uint8_t& value = row[3 * x + c];
        value = ToByte(FromLinear(ToLinear(static_cast<float>(value)) * light + veil));
      }
    }
  }
  return out;
}

Image Rotate(const Image& image, float degrees) {
  const float angle = degrees * std::numbers::pi_v<float> / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const float centre_x = static_cast<float>(image.width) / 2, centre_y = static_cast<float>(image.height) / 2;
  Image out(image.width, image.height, static_cast<uint8_t>(kOutsideGrey));
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const float dx = static_cast<float>(x) + 0.5f - centre_x, dy = static_cast<float>(y) + 0.5f - centre_y;
      const float from_x = cosine * dx + sine * dy + centre_x - 0.5f,
                  from_y = -sine * dx + cosine * dy + centre_y - 0.5f;
      if (from_x < 0 || from_y < 0 || from_x > static_cast<float>(image.width - 1) ||
          from_y > static_cast<float>(image.height - 1)) {
        continue;
      }
      const int left = std::min(static_cast<int>(from_x), std::max(image.width - 2, 0));
      const int top = std::min(static_cast<int>(from_y), std::max(image.height - 2, 0));
      const int right = std::min(left + 1, image.width - 1), bottom = std::min(top + 1, image.height - 1);
      const float u = from_x - static_cast<float>(left), v = from_y - static_cast<float>(top);
      for (int c = 0; c < 3; ++c) {
        const auto at = [&](int px, int py) { return static_cast<float>(image.row(py)[3 * px + c]); };
        out.row(y)[3 * x + c] = ToByte((1 - v) * ((1 - u) * at(left, top) + u * at(right, top)) +
                                       v * ((1 - u) * at(left, bottom) + u * at(right, bottom)));
      }
    }
  }
  return out;
}

Image LowerResolution(const Image& image, float times) {
  const auto side = [times](int full) {
    return std::max(1, static_cast<int>(std::lround(static_cast<float>(full) / times)));
  };
  return Resize(Resize(image, side(image.width), side(image.height)), image.width, image.height);
}

Image CompressJpeg(const Image& image, int quality) {
  return DecodeImage(EncodeJpeg(image, quality), "corrupted picture").image;
}

constexpr std::array<std::string_view, kCorruptions> kNames{"blur", "noise", "jpeg",           "darkness", "backlight",
                                                            "haze", "rain",  "low_resolution", "rotation"};

}  // namespace

std::string_view CorruptionName(Corruption kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<Corruption> ParseCorruption(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Corruption>(found - kNames.begin());
}

std::vector<std::string> CorruptionNames() { return {kNames.begin(), kNames.end()}; }

std::string DescribeStrength(Corruption kind, int strength) {
  if (strength == 0) return "as it is";
  switch (kind) {
    case Corruption::kBlur:
      return fmt::format("Gaussian, σ {:g} px at 640 px", Of(kBlurSigma, strength));
    case Corruption::kNoise:
      return fmt::format("Gaussian, σ {:g} of 255", Of(kNoiseSigma, strength));
    case Corruption::kJpeg:
      return fmt::format("quality {:g}", Of(kJpegQuality, strength));
    case Corruption::kDarkness:
      return fmt::format("{:g} of the light", Of(kDarkLight, strength));
    case Corruption::kBacklight:
      return fmt::format("{:g} of the light, glare {:g}", Of(kBackLight, strength), Of(kGlare, strength));
    case Corruption::kHaze:
      return fmt::format("{:g} of the light comes through", Of(kHazePassed, strength));
    case Corruption::kRain:
      return fmt::format("{:g} drops in 640 x 640 px", Of(kDrops, strength));
    case Corruption::kLowResolution:
      return fmt::format("1/{:g} of the pixels along a side", Of(kShrink, strength));
    case Corruption::kRotation:
      return fmt::format("{:g}°", Of(kDegrees, strength));
  }
  return "";
}

Image Corrupt(const Image& image, Corruption kind, int strength, uint64_t seed) {
  if (strength == 0 || image.empty()) return image;
  const float scale = static_cast<float>(std::max(image.width, image.height)) / 640;
  switch (kind) {
    case Corruption::kBlur:
      return Blur(image, Of(kBlurSigma, strength) * scale);
    case Corruption::kNoise:
      return AddNoise(image, Of(kNoiseSigma, strength), seed);
    case Corruption::kJpeg:
      return CompressJpeg(image, static_cast<int>(Of(kJpegQuality, strength)));
    case Corruption::kDarkness:
      return MapValues(image, [&](float v) { return FromLinear(ToLinear(v) * Of(kDarkLight, strength)); });
    case Corruption::kBacklight:
      return Backlight(image, Of(kBackLight, strength), Of(kGlare, strength));
    case Corruption::kHaze: {
      const float passed = Of(kHazePassed, strength);
      return MapValues(image, [&](float v) { return v * passed + kHazeGrey * (1 - passed); });
    }
    case Corruption::kRain:
      return Rain(image, Of(kDrops, strength), Of(kRainPassed, strength), seed);
    case Corruption::kLowResolution:
      return LowerResolution(image, Of(kShrink, strength));
    case Corruption::kRotation:
      return Rotate(image, Of(kDegrees, strength));
  }
  return image;
}

Box CorruptedBox(const Box& box, int width, int height, Corruption kind, int strength) {
  if (kind != Corruption::kRotation || strength == 0) return box;
  const float angle = Of(kDegrees, strength) * std::numbers::pi_v<float> / 180;
  const float cosine = std::cos(angle), sine = std::sin(angle);
  const float centre_x = static_cast<float>(width) / 2, centre_y = static_cast<float>(height) / 2;
  const float dx = (box.x1 + box.x2) / 2 - centre_x, dy = (box.y1 + box.y2) / 2 - centre_y;
  const float x = cosine * dx - sine * dy + centre_x, y = sine * dx + cosine * dy + centre_y;
  const float a = box.width() / 2, b = box.height() / 2;
  const float half_width = std::hypot(a * cosine, b * sine), half_height = std::hypot(a * sine, b * cosine);
  return Clamp({x - half_width, y - half_height, x + half_width, y + half_height}, width, height);
}

}  // namespace maskscope
