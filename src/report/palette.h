#ifndef MASKSCOPE_REPORT_PALETTE_H_
#define MASKSCOPE_REPORT_PALETTE_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "report/chart.h"

// The colours of charts and pages, one set for light and one for dark ground, and the style sheet that carries them.
namespace maskscope {

struct Tone {
  std::string_view name;         // of the CSS variable, without dashes
  std::string_view light, dark;  // #rrggbb
};

// Series colours, kBlue first. With normal sight and with red or green blindness (Machado et al. 2009) any two lie at
// least 0.09 (light) and 0.11 (dark) apart in Oklab; contrast to the ground is at least 3 (WCAG 2.1, 1.4.11).
inline constexpr size_t kHues = 8;
inline constexpr std::array<Tone, kHues> kHueTones{{{"c0", "#0071b0", "#16a1ff"},
                                                    {"c1", "#d26d0d", "#f78b0e"},
                                                    {"c2", "#047454", "#2ad8a4"},
                                                    {"c3", "#d81b71", "#ef54c2"},
                                                    {"c4", "#3a93ea", "#a5e3ff"},
                                                    {"c5", "#ab410c", "#dce250"},
                                                    {"c6", "#5632a1", "#6d4efa"},
                                                    {"c7", "#7e96ad", "#927377"}}};

inline constexpr Tone kGroundTone{"ground", "#ffffff", "#14171c"}, kInkTone{"ink", "#1b1f24", "#e8eaed"},
    kMutedTone{"muted", "#57606a", "#a6afba"}, kGridTone{"grid", "#e4e7eb", "#2b3037"},
    kAxisTone{"axis", "#8b949e", "#6e7681"}, kHeatTone{"heat", "#04295a", "#86bffb"};

// Which of the kHueTones a series has: its own, or that of its place.
size_t HueIndex(Hue hue, size_t place);

// "--ink:#1b1f24;…" for `selector`, with its counterpart where the reader prefers dark; paper is always light.
std::string ToneVariables(std::string_view selector);

// The style sheet of every chart. Classes: sN and fN (stroke and fill of hue N), ground, ink, muted, grid, axis, heat …
std::string ChartStyle();

// A heat colour is kHeatTone laid over the ground with this opacity. `share` is 0 (ground) to 1.
double HeatOpacity(double share);
// Whether text on it has the colour of the ground; else that of ink.
bool HeatTextIsGround(double share);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_PALETTE_H_
