#include "report/palette.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace maskscope {
namespace {

using Rgb = std::array<double, 3>;  // linear light, 0..1
using Matrix = std::array<std::array<double, 3>, 3>;

Rgb Linear(std::string_view hex) {
  Rgb rgb{};
  for (size_t i = 0; i < 3; ++i) {
    const double c = static_cast<double>(std::strtol(std::string(hex.substr(1 + 2 * i, 2)).c_str(), nullptr, 16)) / 255;
    rgb[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  return rgb;
}

// WCAG 2.1: relative luminance and contrast ratio.
double Luminance(const Rgb& c) { return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; }
double Contrast(const Rgb& a, const Rgb& b) {
  const double low = std::min(Luminance(a), Luminance(b)), high = std::max(Luminance(a), Luminance(b));
  return (high + 0.05) / (low + 0.05);
}

// How people see it who lack one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1.0).
constexpr Matrix kNormal{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Matrix kProtanopia{
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeuteranopia{
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}};

// Oklab (Ottosson 2020) of the colour as seen.
Rgb Oklab(const Rgb& c, const Matrix& sight) {
  Rgb seen{};
  for (size_t i = 0; i < 3; ++i) {
    seen[i] = std::clamp(sight[i][0] * c[0] + sight[i][1] * c[1] + sight[i][2] * c[2], 0.0, 1.0);
  }
  const double l = std::cbrt(0.4122214708 * seen[0] + 0.5363325363 * seen[1] + 0.0514459929 * seen[2]);
  const double m = std::cbrt(0.2119034982 * seen[0] + 0.6806995451 * seen[1] + 0.1073969566 * seen[2]);
  const double s = std::cbrt(0.0883024619 * seen[0] + 0.2817188376 * seen[1] + 0.6299787005 * seen[2]);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

// Least distance of any two series colours.
double Closest(bool dark, const Matrix& sight) {
  double least = 1;
  for (size_t i = 0; i < kHues; ++i) {
    for (size_t k = 0; k < i; ++k) {
      const Rgb a = Oklab(Linear(dark ? kHueTones[i].dark : kHueTones[i].light), sight);
      const Rgb b = Oklab(Linear(dark ? kHueTones[k].dark : kHueTones[k].light), sight);
      least = std::min(least, std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
  }
  return least;
}

TEST(PaletteTest, HuesAreToldApartByAllEyes) {
  for (const Matrix& sight : {kNormal, kProtanopia, kDeuteranopia}) {
    EXPECT_GE(Closest(false, sight), 0.09);
    EXPECT_GE(Closest(true, sight), 0.11);
  }
}

TEST(PaletteTest, EverythingStandsOutFromTheGround) {
  for (const Tone& tone : kHueTones) {
    EXPECT_GE(Contrast(Linear(tone.light), Linear(kGroundTone.light)), 3) << tone.light;
    EXPECT_GE(Contrast(Linear(tone.dark), Linear(kGroundTone.dark)), 3) << tone.dark;
  }
  for (const Tone& tone : {kInkTone, kMutedTone}) {
    EXPECT_GE(Contrast(Linear(tone.light), Linear(kGroundTone.light)), 4.5);
    EXPECT_GE(Contrast(Linear(tone.dark), Linear(kGroundTone.dark)), 4.5);
  }
}

// Opacity mixes the values as they are stored, not light.
Rgb Mix(std::string_view over, std::string_view ground, double opacity) {
  std::string hex = "#";
  for (size_t i = 0; i < 3; ++i) {
    const auto part = [&](std::string_view tone) {
      return static_cast<double>(std::strtol(std::string(tone.substr(1 + 2 * i, 2)).c_str(), nullptr, 16));
    };
    constexpr const char* kDigits = "0123456789abcdef";
    const int value = static_cast<int>(std::lround(part(over) * opacity + part(ground) * (1 - opacity)));
    hex += kDigits[value / 16];
    hex += kDigits[value % 16];
  }
  return Linear(hex);
}

TEST(PaletteTest, NumbersOnEveryHeatCanBeRead) {
  for (int i = 0; i <= 100; ++i) {
    const double share = i / 100.0;
    const Tone& text = HeatTextIsGround(share) ? kGroundTone : kInkTone;
    const Rgb light = Mix(kHeatTone.light, kGroundTone.light, HeatOpacity(share));
    const Rgb dark = Mix(kHeatTone.dark, kGroundTone.dark, HeatOpacity(share));
    // 3 is what WCAG 2.1 asks of large or bold letters; nothing above 4.6 is possible on a middle tone.
    EXPECT_GE(Contrast(Linear(text.light), light), 3.8) << share;
    EXPECT_GE(Contrast(Linear(text.dark), dark), 3.8) << share;
  }
}

TEST(PaletteTest, StyleHasBothGroundsAndFallbacks) {
  const std::string css = ChartStyle();
  EXPECT_NE(css.find("@media (prefers-color-scheme:dark)"), std::string::npos);
  EXPECT_NE(css.find("fill:#0071b0;fill:var(--c0)"), std::string::npos);
  EXPECT_EQ(css.find_first_of("<&"), std::string::npos) << "it stands inside XML";
  EXPECT_EQ(HueIndex(Hue::kAuto, 9), 1u);
  EXPECT_EQ(HueIndex(Hue::kGreen, 9), 2u);
}

}  // namespace
}  // namespace maskscope
