#include "report/palette.h"

#include <fmt/format.h>

#include <algorithm>

namespace maskscope {
namespace {

constexpr std::array<Tone, 6> kOtherTones{kGroundTone, kInkTone, kMutedTone, kGridTone, kAxisTone, kHeatTone};

std::string Variables(bool dark) {
  std::string text;
  for (const Tone& tone : kOtherTones) text += fmt::format("--{}:{};", tone.name, dark ? tone.dark : tone.light);
  for (const Tone& tone : kHueTones) text += fmt::format("--{}:{};", tone.name, dark ? tone.dark : tone.light);
  return text;
}

// Programs that do not know CSS variables keep the first of the two.
std::string Colour(std::string_view property, const Tone& tone) {
  return fmt::format("{0}:{1};{0}:var(--{2});", property, tone.light, tone.name);
}

}  // namespace

size_t HueIndex(Hue hue, size_t place) {
  return hue == Hue::kAuto ? place % kHues : static_cast<size_t>(hue) - static_cast<size_t>(Hue::kBlue);
}

std::string ToneVariables(std::string_view selector) {
  return fmt::format("{0}{{{1}}}\n@media (prefers-color-scheme:dark){{{0}{{{2}}}}}\n@media print{{{0}{{{1}}}}}\n",
                     selector, Variables(false), Variables(true));
}

std::string ChartStyle() {
  std::string css = ToneVariables(".msc");
  const auto rule = [&css](std::string_view name, const std::string& body) {
    css += fmt::format(".msc .{}{{{}}}\n", name, body);
  };
  css += ".msc text{font-family:system-ui,\"Segoe UI\",Roboto,Helvetica,Arial,\"DejaVu Sans\",sans-serif;" +
         Colour("fill", kInkTone) + "}\n";
  rule("ground", Colour("fill", kGroundTone));
  rule("muted", Colour("fill", kMutedTone));
  rule("on", Colour("fill", kGroundTone));  // text on strong heat
  rule("grid", "fill:none;stroke-width:1;" + Colour("stroke", kGridTone));
  rule("axis", "fill:none;stroke-width:1;" + Colour("stroke", kAxisTone));
  rule("ref", "fill:none;stroke-width:1.2;stroke-dasharray:5 4;" + Colour("stroke", kMutedTone));
  rule("whisker", "fill:none;stroke-width:1.4;" + Colour("stroke", kInkTone));
  rule("heat", Colour("fill", kHeatTone));
  rule("line", "fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round");
  rule("dash", "stroke-dasharray:7 4");
  rule("thin", "fill:none;stroke-width:1.3");
  rule("band", "fill-opacity:.18");
  rule("veil", "fill-opacity:.3");
  rule("bold", "font-weight:600");
  for (size_t i = 0; i < kHues; ++i) {
    rule(fmt::format("s{}", i), Colour("stroke", kHueTones[i]));
    rule(fmt::format("f{}", i), Colour("fill", kHueTones[i]));
  }
  return css;
}

double HeatOpacity(double share) { return std::clamp(share, 0.0, 1.0); }

// Where ink and ground are about equally legible, in light and in dark.
bool HeatTextIsGround(double share) { return share > 0.57; }

}  // namespace maskscope
