#include "data/synthesis/mask_design.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/synthesis/paint_layer.h"

namespace maskscope {
namespace {

struct NamedColour {
  const char* name;
  Colour colour;
  float weight;
};

const std::vector<NamedColour>& Palette(MaskCut cut) {
  static const std::vector<NamedColour> kSurgical{
      {"light_blue", {0.66f, 0.82f, 0.91f}, 5},  {"blue", {0.40f, 0.66f, 0.84f}, 3},
      {"green", {0.58f, 0.82f, 0.76f}, 1.6f},    {"white", {0.93f, 0.94f, 0.95f}, 3},
      {"pink", {0.93f, 0.72f, 0.78f}, 1},        {"black", {0.11f, 0.11f, 0.12f}, 1.8f},
      {"lavender", {0.74f, 0.70f, 0.87f}, 0.5f}, {"grey", {0.55f, 0.57f, 0.6f}, 0.6f},
      {"yellow", {0.93f, 0.87f, 0.55f}, 0.25f}};
  static const std::vector<NamedColour> kRespirator{
      {"white", {0.94f, 0.94f, 0.93f}, 7},  {"black", {0.12f, 0.12f, 0.13f}, 1.6f},
      {"grey", {0.6f, 0.61f, 0.63f}, 1},    {"pink", {0.92f, 0.75f, 0.78f}, 0.5f},
      {"blue", {0.5f, 0.66f, 0.82f}, 0.7f}, {"beige", {0.85f, 0.77f, 0.66f}, 0.5f}};
  static const std::vector<NamedColour> kCloth{
      {"black", {0.09f, 0.09f, 0.10f}, 5},     {"white", {0.9f, 0.9f, 0.88f}, 2},
      {"grey", {0.48f, 0.48f, 0.5f}, 1.6f},    {"navy", {0.13f, 0.18f, 0.33f}, 1.3f},
      {"blue", {0.22f, 0.4f, 0.68f}, 1},       {"pink", {0.9f, 0.58f, 0.68f}, 1},
      {"red", {0.68f, 0.12f, 0.15f}, 0.9f},    {"green", {0.2f, 0.42f, 0.28f}, 0.8f},
      {"beige", {0.8f, 0.7f, 0.56f}, 0.8f},    {"purple", {0.42f, 0.25f, 0.5f}, 0.5f},
      {"yellow", {0.9f, 0.76f, 0.25f}, 0.5f},  {"brown", {0.4f, 0.27f, 0.18f}, 0.4f},
      {"orange", {0.88f, 0.48f, 0.18f}, 0.4f}, {"turquoise", {0.25f, 0.65f, 0.66f}, 0.5f}};
  switch (cut) {
    case MaskCut::kSurgical:
      return kSurgical;
    case MaskCut::kFoldedRespirator:
    case MaskCut::kConeRespirator:
    case MaskCut::kDuckbill:
      return kRespirator;
    default:
      return kCloth;
  }
}

const NamedColour& PickColour(const std::vector<NamedColour>& palette, Random& random) {
  double total = 0;
  for (const NamedColour& c : palette) total += c.weight;
  double left = random.Uniform(0, total);
  for (const NamedColour& c : palette) {
    if ((left -= c.weight) < 0) return c;
  }
  return palette.back();
}

Colour Vary(const Colour& c, float by, Random& random) {
  const float all = static_cast<float>(random.Uniform(-by, by));
  const auto vary = [&](float v) {
    return std::clamp(v + all + static_cast<float>(random.Uniform(-by, by)) * 0.6f, 0.03f, 0.98f);
  };
  const float r = vary(c.r), g = vary(c.g);
  return {r, g, vary(c.b)};
}

float Bump(float x, float at, float spread) { return std::exp(-(x - at) * (x - at) / (spread * spread)); }

// A ramp down after a step up: cloth folded over itself.
float Pleat(float v, float at, float depth, float run) {
  const float d = v - at;
  if (d < -0.012f || d > run) return 0;
  return depth * (d < 0 ? 1 + d / 0.012f : 1 - d / run);
}

// Where the print's colours go: 0 base, 1 second, 2 third. p in units of the head.
int PrintAt(const MaskDesign& d, float x, float y) {
  const float c = std::cos(d.print_angle), s = std::sin(d.print_angle);
  const float a = (c * x + s * y) / d.print_scale, b = (c * y - s * x) / d.print_scale;
  const auto part = [](float t) { return t - std::floor(t); };
  switch (d.print) {
    case MaskPrint::kPlain:
      return 0;
    case MaskPrint::kStripes:
      return part(a / 0.22f) < 0.45f ? 1 : 0;
    case MaskPrint::kDots: {
      const float row = std::floor(b / 0.16f), u = part(a / 0.16f + 0.5f * row) - 0.5f, v = part(b / 0.16f) - 0.5f;
      return u * u + v * v < 0.07f ? 1 : 0;
    }
    case MaskPrint::kChecks: {
      const int n = (part(a / 0.24f) < 0.5f ? 1 : 0) + (part(b / 0.24f) < 0.5f ? 1 : 0);
      return n;
    }
    case MaskPrint::kCamouflage: {
      const float n = SmoothNoise(a * 3, b * 4, d.seed) + 0.5f * SmoothNoise(a * 7, b * 8, d.seed + 1);
      const float m = SmoothNoise(a * 3.4f, b * 4.4f, d.seed + 2) + 0.5f * SmoothNoise(a * 8, b * 9, d.seed + 3);
      return n > 0.25f ? 1 : m > 0.3f ? 2 : 0;
    }
    case MaskPrint::kFlowers: {
      const float column = std::floor(a / 0.3f), row = std::floor(b / 0.3f);
      const float jx = 0.25f * SmoothNoise(column * 3.7f, row * 5.1f, d.seed),
                  jy = 0.25f * SmoothNoise(column * 4.3f, row * 2.9f, d.seed + 1);
      const float u = part(a / 0.3f) - 0.5f - jx, v = part(b / 0.3f) - 0.5f - jy;
      const float r = std::hypot(u, v), petal = 0.2f + 0.09f * std::cos(5 * std::atan2(v, u) + column);
      return r < 0.08f ? 2 : r < petal ? 1 : 0;
    }
    case MaskPrint::kLogo: {
      const float u = (x - 0.5f) / 0.22f, v = (y - 0.1f) / 0.09f;
      return u * u + v * v < 1 && SmoothNoise(x * 25, y * 18, d.seed) > -0.3f ? 1 : 0;
    }
  }
  return 0;
}

float Wrinkles(const MaskDesign& d, float u, float v) {
  // Folds run from the corners, where the loops pull, and lie denser near the sides.
  const float side = std::clamp((std::abs(u) - 0.25f) / 0.75f, 0.0f, 1.0f);
  const float fan = SmoothNoise(u * 1.3f, v * 7 + 2.2f * u * (v - 0.5f), d.seed + 11) * side;
  const float crumple = SmoothNoise(u * 3, v * 3.5f, d.seed + 12) + 0.5f * SmoothNoise(u * 7, v * 8, d.seed + 13);
  return d.wrinkles * (0.035f * fan + 0.012f * crumple);
}

float CutRelief(const MaskDesign& d, float u, float v) {
  const float side = std::abs(u);
  switch (d.cut) {
    case MaskCut::kSurgical: {
      // Three pleats, opened in the middle by the nose and chin, flat at the sides.
      const float depth = 0.03f + 0.025f * side;
      float h = Pleat(v, 0.3f, depth, 0.16f) + Pleat(v, 0.49f, depth, 0.16f) + Pleat(v, 0.68f, depth, 0.16f);
      h += 0.012f * Bump(v, 0.055f, 0.025f) * (side < 0.55f ? 1.0f : 0.2f);
      h += 0.01f * (Bump(side, 0.94f, 0.02f) + Bump(v, 0.965f, 0.015f));
      return h;
    }
    case MaskCut::kFoldedRespirator:
      return 0.03f * Bump(u, 0, 0.02f) +
             0.01f * (Bump(side, 0.9f, 0.015f) + Bump(v, 0.05f, 0.015f) + Bump(v, 0.95f, 0.015f)) +
             0.006f * Bump(v, 0.5f + 0.3f * (side - 0.5f), 0.015f);
    case MaskCut::kConeRespirator:
      return 0.004f * std::sin(u * 60) * std::sin(v * 45) +
             0.03f * Bump(std::hypot(u, 1.6f * (v - 0.5f)), 0.86f, 0.04f);
    case MaskCut::kDuckbill:
      return 0.03f * Bump(v, 0.5f, 0.02f) + 0.012f * (Bump(v, 0.06f, 0.02f) + Bump(v, 0.94f, 0.02f));
    case MaskCut::kCloth:
    case MaskCut::kPatterned:
      return 0.025f * Bump(u, 0.05f * (v - 0.5f), 0.018f) +
             0.012f * (Bump(v, 0.045f, 0.02f) + Bump(v, 0.955f, 0.02f) + Bump(side, 0.95f, 0.02f));
    case MaskCut::kBandana:
    case MaskCut::kGaiter:
      return 0.03f * SmoothNoise(u * 1.5f, v * 6 + 1.5f * u * u, d.seed + 21) +
             0.018f * SmoothNoise(u * 3, v * 11, d.seed + 22);
  }
  return 0;
}

// The exhalation valve: a disc with slots; height above the cloth, or 0.
float ValveHeight(const MaskDesign& d, float u, float v, bool* inside) {
  const float r = std::hypot((u - d.valve_at) * 1.35f, (v - 0.55f) * 1.45f);
  *inside = r < 0.2f;
  if (!*inside) return 0;
  return 0.07f * std::clamp((0.2f - r) / 0.03f, 0.0f, 1.0f) + (r < 0.14f ? 0.02f * std::sin(v * 70) : 0);
}

}  // namespace

std::string_view MaskCutName(MaskCut cut) {
  static constexpr std::array<std::string_view, kMaskCuts> kNames{
      "surgical", "folded_respirator", "cone_respirator", "duckbill", "cloth", "patterned_cloth", "bandana", "gaiter"};
  return kNames[static_cast<size_t>(cut)];
}

MaskDesign DrawDesign(MaskCut cut, Random& random) {
  const auto uniform = [&](double low, double high) { return static_cast<float>(random.Uniform(low, high)); };
  MaskDesign d;
  d.cut = cut;
  d.seed = random.Next();
  const NamedColour& base = PickColour(Palette(cut), random);
  d.colour = base.name;
  d.base = Vary(base.colour, 0.05f, random);
  d.second = Vary(PickColour(Palette(MaskCut::kCloth), random).colour, 0.06f, random);
  d.third = Vary(PickColour(Palette(MaskCut::kCloth), random).colour, 0.06f, random);
  const bool dark = base.colour.g < 0.3f;
  d.loops = random.Chance(0.75) && !dark ? Colour{0.93f, 0.93f, 0.92f} : Scale(d.base, 0.95f);
  d.wrinkles = uniform(0.4, 1.5);
  const bool respirator =
      cut == MaskCut::kFoldedRespirator || cut == MaskCut::kConeRespirator || cut == MaskCut::kDuckbill;
  d.sheen = cut == MaskCut::kSurgical ? uniform(0.1, 0.4) : respirator ? uniform(0, 0.15) : uniform(0, 0.1);
  if (respirator) {
    d.wrinkles *= 0.25f;
    d.valve = random.Chance(0.3);
    const float aside = uniform(0.28, 0.42);
    d.valve_at = cut == MaskCut::kConeRespirator || random.Chance(0.3) ? 0 : random.Chance(0.5) ? aside : -aside;
    d.thickness = 0.07f;
  }
  if (cut == MaskCut::kPatterned || ((cut == MaskCut::kBandana || cut == MaskCut::kGaiter) && random.Chance(0.6))) {
    d.print = static_cast<MaskPrint>(1 + random.Below(6));
  } else if (cut == MaskCut::kCloth && random.Chance(0.2)) {
    d.print = MaskPrint::kLogo;
  }
  d.print_scale = uniform(0.6, 1.7);
  d.print_angle = d.print == MaskPrint::kCamouflage ? 0 : random.Chance(0.6) ? uniform(-0.1, 0.1) : uniform(-1.6, 1.6);
  if (d.print == MaskPrint::kLogo) d.print_angle = 0;
  if (d.print == MaskPrint::kCamouflage) {
    const bool green = random.Chance(0.6);
    d.base = green ? Colour{0.36f, 0.4f, 0.26f} : Colour{0.5f, 0.5f, 0.5f};
    d.second = green ? Colour{0.2f, 0.22f, 0.14f} : Colour{0.25f, 0.25f, 0.26f};
    d.third = green ? Colour{0.58f, 0.52f, 0.36f} : Colour{0.75f, 0.75f, 0.74f};
    d.colour = green ? "green" : "grey";
  }
  if (d.print == MaskPrint::kChecks) d.third = d.second, d.second = Mix(d.base, d.second, 0.5f);
  return d;
}

Fabric FabricAt(const MaskDesign& d, float u, float v) {
  Fabric f;
  const int print = PrintAt(d, u * 1.25f, (v - 0.5f) * 1.6f);
  Colour c = print == 1 ? d.second : print == 2 ? d.third : d.base;
  f.relief = CutRelief(d, u, v) + Wrinkles(d, u, v);
  // Weave and felt, finer than most photos show, and uneven cloth, which they do show.
  const float uneven =
      0.025f * SmoothNoise(u * 5, v * 5, d.seed + 31) + 0.03f * SmoothNoise(u * 40, v * 40, d.seed + 32);
  c = Scale(c, 1 + uneven);
  const float side = std::abs(u);
  if (d.cut == MaskCut::kSurgical && (v < 0.035f || v > 0.965f || side > 0.955f))
    c = Mix(c, {0.9f, 0.91f, 0.92f}, 0.45f);
  if (d.cut == MaskCut::kConeRespirator && v > 0.06f && v < 0.1f && side < 0.35f) c = {0.62f, 0.63f, 0.65f};
  if (d.valve) {
    bool inside = false;
    f.relief += ValveHeight(d, u, v, &inside);
    if (inside) c = Mix(c, {0.85f, 0.85f, 0.86f}, 0.7f);
  }
  f.colour = ToLinear(c);
  return f;
}

}  // namespace maskscope
