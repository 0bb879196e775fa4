#ifndef MASKSCOPE_EVALUATE_CORRUPTIONS_H_
#define MASKSCOPE_EVALUATE_CORRUPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"

// Pictures made worse, in ways in which cameras and weather do it.
namespace maskscope {

enum class Corruption { kBlur, kNoise, kJpeg, kDarkness, kBacklight, kHaze, kRain, kLowResolution, kRotation };
inline constexpr int kCorruptions = 9, kStrengths = 5;
std::string_view CorruptionName(Corruption kind);  // "blur", "noise", "jpeg", "darkness", "backlight", "haze", ...
std::optional<Corruption> ParseCorruption(std::string_view name);
std::vector<std::string> CorruptionNames();
// What a strength means: "Gaussian, σ 2 px at 640 px".
std::string DescribeStrength(Corruption kind, int strength);

// `strength` is 1 to 5; 0 gives the picture back. Lengths grow with the picture (they are stated for a longest side of
// 640 pixels). The same `seed` gives the same noise and rain. A rotation turns about the centre and keeps the size;
// corners that come from outside are grey.
Image Corrupt(const Image& image, Corruption kind, int strength, uint64_t seed);

// Where a face of `box` is afterwards: moved by a rotation (the upright box round the turned ellipse that fits the
// box), as it was otherwise.
Box CorruptedBox(const Box& box, int width, int height, Corruption kind, int strength);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_CORRUPTIONS_H_
