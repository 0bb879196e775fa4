#include "data/synthesis/mask_drape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace maskscope {
namespace {

constexpr float kDegree = std::numbers::pi_v<float> / 180;

bool IsRespirator(MaskCut cut) {
  return cut == MaskCut::kFoldedRespirator || cut == MaskCut::kConeRespirator || cut == MaskCut::kDuckbill;
}
bool IsWrapped(MaskCut cut) { return cut == MaskCut::kBandana || cut == MaskCut::kGaiter; }

float Smooth(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

// Half width and front of what the cloth lies on: the head, and below the jaw the slack it hangs with.
float ClothHalfWidth(float y, bool slack) {
  const float head = HeadHalfWidth(y) * 1.03f + 0.02f;
  if (y < 1.3f) return head;
  const float below = slack ? 0.86f - 0.12f * std::clamp(y - 1.4f, 0.0f, 1.0f) : 0.92f - 0.75f * (y - 1.25f);
  return std::max(head, std::max(below, slack ? 0.6f : 0.3f));
}

float ClothFront(float y, bool slack) {
  if (y < 1.7f) return HeadFront(y);
  const float fall = slack ? 0.28f - 0.35f * (y - 1.7f) : 0.28f - 1.1f * (y - 1.7f);
  return std::max(HeadFront(y), std::max(fall, -0.3f));
}

// How far cloth stretched over the nose stands off the middle of the face at y.
float Tent(const MaskEdges& e, float y) {
  if (e.top > 0.62f || y < -0.1f) return 0;
  if (y <= 0.56f) return NoseHeight(0, y);
  // From the tip of the nose straight to the chin, or to the lower edge where that comes first.
  const float end = std::min(1.65f, e.bottom);
  const float tip = HeadFront(0.56f) + NoseHeight(0, 0.56f);
  const float line = tip + (HeadFront(end) - tip) * (y - 0.56f) / std::max(0.2f, end - 0.56f);
  return std::max(0.0f, line - HeadFront(y));
}

class Drape {
 public:
  Drape(const MaskDesign& design, MaskFit fit, const MaskEdges& edges)
      : design_(design), fit_(fit), e_(edges), slack_(fit == MaskFit::kUnderChin || IsWrapped(design.cut)) {}

  Vec3 At(float u, float v, float lift = 0) const {
    if (fit_ == MaskFit::kOneEar) return Hanging(u, v, lift);
    const float angle = u * e_.side, a = std::abs(u);
    const float top = e_.top + (e_.side_top - e_.top) * std::pow(a, 1.4f);
    // Follows the jaw: stays low, then rises to the sides.
    const float arch = std::pow(std::max(0.0f, 1 - std::pow(a, 2.6f)), 1 / 2.6f);
    const float bottom = e_.side_bottom + (e_.bottom - e_.side_bottom) * arch;
    const float y = top + (bottom - top) * v + e_.tilt * u;
    Vec3 p = SurfacePoint(angle, y, ClothHalfWidth(y, slack_), ClothFront(y, slack_));
    const float spread = y < 0.45f ? 0.14f + 0.42f * std::max(0.0f, y) : 0.33f + 0.25f * Smooth(0.5f, 1.2f, y);
    p.z += Tent(e_, y) * std::exp(-(p.x * p.x) / (spread * spread));
    p.z += Bulge(u, v);
    const float off = design_.thickness + lift;
    return p + Vec3{std::sin(angle) * off, 0, std::cos(angle) * off};
  }

 private:
  // Shapes that stand away from the face by their own stiffness.
  float Bulge(float u, float v) const {
    const float dome = std::sin(std::numbers::pi_v<float> * std::clamp(v, 0.0f, 1.0f));
    const float hang = fit_ == MaskFit::kUnderChin ? 0.5f : 1.0f;
    switch (design_.cut) {
      case MaskCut::kFoldedRespirator:
        return hang * 0.24f * dome * std::pow(std::max(0.0f, 1 - std::abs(u)), 1.1f);
      case MaskCut::kConeRespirator:
        return hang * 0.3f * std::pow(dome, 0.8f) * std::sqrt(std::max(0.0f, 1 - u * u));
      case MaskCut::kDuckbill:
        return hang * 0.4f * std::max(0.0f, 1 - std::abs(2 * v - 1) * 1.05f) * std::sqrt(std::max(0.0f, 1 - u * u));
      default:
        return hang * 0.05f * dome * (1 - u * u);
    }
  }

  // A sheet that hangs by one loop: `side` holds the sign of the ear, `top` how far it is turned.
  Vec3 Hanging(float u, float v, float lift) const {
    const float sign = e_.side > 0 ? 1.0f : -1.0f, turn = e_.top;
    // u runs down the sheet, v away from the face.
    const float along = (u + 1) * 0.7f, across = (v - 0.6f) * 0.8f;
    const float c = std::cos(turn), s = std::sin(turn);
    const float x = across * c - along * s * 0.5f, y = along * c + across * s * 0.5f;
    return {sign * (0.98f + x), e_.side_top + y, -0.5f + 0.25f * std::cos(across * 3) - 0.3f * across + lift};
  }

  const MaskDesign& design_;
  const MaskFit fit_;
  const MaskEdges& e_;
  const bool slack_;
};

// Only hides: the head without a mask.
void HideHead(const FaceFit& head, PaintLayer& layer) {
  constexpr int kColumns = 48, kRows = 40;
  const auto at = [&](int i, int k) {
    return head.Project(HeadPoint((static_cast<float>(i) / kColumns * 2 - 1) * 105 * kDegree,
                                  -1.3f + 3.22f * static_cast<float>(k) / kRows));
  };
  for (int k = 0; k < kRows; ++k) {
    for (int i = 0; i < kColumns; ++i) {
      const Vec3 a = at(i, k), b = at(i + 1, k), c = at(i, k + 1), d = at(i + 1, k + 1);
      const Vec3 one[3] = {a, b, c}, two[3] = {b, d, c};
      layer.HideBehind(one);
      layer.HideBehind(two);
    }
  }
}

struct Vertex {
  Vec3 place, normal;  // picture
  float u, v;
};

void PaintSheet(const MaskDesign& design, const Drape& drape, const FaceFit& head, Vec3 light, bool trimmed,
                PaintLayer& layer) {
  constexpr int kColumns = 40, kRows = 28;
  std::vector<Vertex> grid;
  for (int k = 0; k <= kRows; ++k) {
    for (int i = 0; i <= kColumns; ++i) {
      const float u = static_cast<float>(i) / kColumns * 2 - 1, v = static_cast<float>(k) / kRows;
      constexpr float kStep = 0.02f;
      const Vec3 du = head.Project(drape.At(u + kStep, v)) - head.Project(drape.At(u - kStep, v));
      const Vec3 dv = head.Project(drape.At(u, v + kStep)) - head.Project(drape.At(u, v - kStep));
      grid.push_back({head.Project(drape.At(u, v)), Unit(Cross(du, dv)), u, v});
    }
  }
  const auto shade = [&](const Vertex* corner[3], const float w[3]) {
    float u = 0, v = 0;
    Vec3 n{};
    for (int i = 0; i < 3; ++i) {
      u += w[i] * corner[i]->u;
      v += w[i] * corner[i]->v;
      n = n + corner[i]->normal * w[i];
    }
    const Fabric fabric = FabricAt(design, u, v);
    constexpr float kStep = 0.008f;
    const float slope_u = (FabricAt(design, u + kStep, v).relief - fabric.relief) / (kStep * 1.2f);
    const float slope_v = (FabricAt(design, u, v + kStep).relief - fabric.relief) / (kStep * 1.5f);
    n = Unit(n);
    const Vec3 bent = Unit(n + head.Turn({-slope_u, -slope_v, 0}) * 0.8f);
    const float lit = std::max(0.0f, 0.25f + 0.75f * Dot(bent, light));
    const Vec3 half = Unit(light + Vec3{0, 0, 1});
    const float gloss = design.sheen * 0.12f * std::pow(std::max(0.0f, Dot(bent, half)), 12.0f);
    const float brightness = 0.5f + 0.62f * lit;
    Ink ink;
    ink.colour = Scale(fabric.colour, brightness);
    ink.colour = {ink.colour.r + gloss, ink.colour.g + gloss, ink.colour.b + gloss};
    ink.under = trimmed ? Smooth(0.8f, 0.97f, std::abs(u)) : 0;
    return ink;
  };
  const int stride = kColumns + 1;
  for (int k = 0; k < kRows; ++k) {
    for (int i = 0; i < kColumns; ++i) {
      const int a = k * stride + i;
      for (const std::array<int, 3>& t :
           {std::array<int, 3>{a, a + 1, a + stride}, std::array<int, 3>{a + 1, a + stride + 1, a + stride}}) {
        const Vertex* corner[3] = {&grid[static_cast<size_t>(t[0])], &grid[static_cast<size_t>(t[1])],
                                   &grid[static_cast<size_t>(t[2])]};
        const Vec3 place[3] = {corner[0]->place, corner[1]->place, corner[2]->place};
        layer.PaintTriangle(place, [&](const float w[3]) { return shade(corner, w); });
      }
    }
  }
}

// Ear loops, or the bands of a respirator round the head.
void PaintLoops(const MaskDesign& design, MaskFit fit, const Drape& drape, const FaceFit& head, const MaskEdges& e,
                Random& random, PaintLayer& layer) {
  if (IsWrapped(design.cut)) return;
  const float thickness = static_cast<float>(random.Uniform(0.02, 0.04)) * head.scale;
  const float slack = 0.06f * head.scale;
  Ink ink;
  ink.colour = Scale(ToLinear(design.loops), 0.7f);
  ink.alpha = static_cast<float>(random.Uniform(0.45, 0.95));
  ink.under = 0.8f;
  const bool bands = design.cut == MaskCut::kConeRespirator && random.Chance(0.6);
  const auto strand = [&](const std::vector<Vec3>& on_head) {
    std::vector<Vec3> points;
    for (const Vec3& p : on_head) points.push_back(head.Project(p));
    layer.PaintLine(points, thickness, slack, ink);
  };
  if (fit == MaskFit::kOneEar) {
    const float sign = e.side > 0 ? 1.0f : -1.0f;
    strand({drape.At(-0.95f, 0.05f), Vec3{sign * 1.12f, 0.1f, -0.9f}, Vec3{sign * 1.16f, 0.35f, -0.9f},
            drape.At(-0.95f, 0.95f)});
    const Vec3 low = drape.At(0.97f, 0.1f), low_far = drape.At(0.97f, 0.9f);
    strand({low, low + Vec3{0, 0.3f, 0}, (low + low_far) * 0.5f + Vec3{0, 0.42f, 0}, low_far + Vec3{0, 0.28f, 0},
            low_far});
    return;
  }
  for (const float sign : {-1.0f, 1.0f}) {
    if (random.Chance(0.25)) continue;  // under hair, or behind a head scarf
    const Vec3 upper = drape.At(sign * 0.97f, 0.06f, 0.02f), lower = drape.At(sign * 0.97f, 0.94f, 0.02f);
    if (bands) {
      const Vec3 over{sign * 1.08f, -0.45f, -0.9f}, round{sign * 1.06f, 0.95f, -1.1f};
      strand({upper, Vec3{sign * 1.09f, 0.5f * (upper.y - 0.45f), -0.6f}, over});
      strand({lower, round});
      continue;
    }
    const Vec3 ear_top{sign * 1.13f, 0.1f, -1.05f}, ear_low{sign * 1.1f, 0.55f, -1.0f};
    strand({upper, (upper + ear_top) * 0.5f + Vec3{sign * 0.04f, 0, 0}, ear_top});
    strand({lower, (lower + ear_low) * 0.5f + Vec3{sign * 0.04f, 0.04f, 0}, ear_low});
  }
}

}  // namespace

std::string_view MaskFitName(MaskFit fit) {
  static constexpr std::array<std::string_view, kMaskFits> kNames{
      "correct", "nose_out", "nose_tip_out", "under_chin", "mouth_only", "chin_out", "one_ear", "forehead", "on_eyes"};
  return kNames[static_cast<size_t>(fit)];
}

MaskState StateOf(MaskFit fit) { return fit == MaskFit::kCorrect ? MaskState::kCorrect : MaskState::kIncorrect; }

MaskEdges DrawEdges(MaskFit fit, const MaskDesign& design, Random& random) {
  const auto uniform = [&](double low, double high) { return static_cast<float>(random.Uniform(low, high)); };
  MaskEdges e;
  const float wide = IsWrapped(design.cut)      ? uniform(95, 104)
                     : IsRespirator(design.cut) ? uniform(60, 72)
                                                : uniform(62, 80);
  e.side = wide * kDegree;
  e.tilt = uniform(-0.04, 0.04);
  // As worn rightly; the fits below move what they move.
  e.top = uniform(0.16, 0.4);
  e.side_top = uniform(0.52, 0.75);
  e.bottom = uniform(1.9, 2.02);
  e.side_bottom = uniform(1.12, 1.4);
  if (design.cut == MaskCut::kFoldedRespirator || design.cut == MaskCut::kDuckbill) {
    e.side_top = uniform(0.6, 0.75);
    e.side_bottom = e.side_top + uniform(0.25, 0.5);
  }
  if (design.cut == MaskCut::kConeRespirator)
    e.side_top = uniform(0.75, 0.9), e.side_bottom = uniform(1.25, 1.4), e.side = uniform(52, 62) * kDegree;
  if (design.cut == MaskCut::kGaiter) e.side_top = uniform(0.35, 0.6), e.bottom = e.side_bottom = uniform(2.4, 2.9);
  if (design.cut == MaskCut::kBandana)
    e.side_top = uniform(0.3, 0.55), e.bottom = uniform(2.2, 2.6), e.side_bottom = uniform(1.0, 1.3);
  const float height = e.bottom - e.top;
  switch (fit) {
    case MaskFit::kCorrect:
      break;
    case MaskFit::kNoseOut:
      e.top = uniform(0.8, 0.98);
      e.side_top = std::max(e.side_top, uniform(0.65, 0.95));
      e.side_bottom = std::max(e.side_bottom, e.side_top + 0.35f);
      e.bottom += uniform(0, 0.25);
      break;
    case MaskFit::kNoseTipOut:
      e.top = uniform(0.66, 0.76);
      e.side_top = std::max(e.side_top, uniform(0.6, 0.8));
      e.side_bottom = std::max(e.side_bottom, e.side_top + 0.35f);
      e.bottom += uniform(0, 0.12);
      break;
    case MaskFit::kUnderChin:
      e.top = uniform(1.52, 1.74);
      e.side_top = uniform(0.75, 1.1);
      e.bottom = e.top + std::clamp(height * uniform(0.3, 0.55), 0.42f, 0.95f);
      e.side_bottom = e.side_top + uniform(0.3, 0.6);
      e.side = uniform(78, 92) * kDegree;
      break;
    case MaskFit::kMouthOnly:
      e.top = uniform(0.82, 0.95);
      e.bottom = uniform(1.45, 1.62);
      e.side_top = uniform(0.8, 0.95);
      e.side_bottom = uniform(1.15, 1.35);
      break;
    case MaskFit::kChinOut:
      e.top = uniform(-0.05, 0.22);
      e.bottom = uniform(1.38, 1.56);
      e.side_bottom = uniform(0.95, 1.15);
      e.side_top = uniform(0.4, 0.6);
      break;
    case MaskFit::kOneEar:
      e.side = random.Chance(0.5) ? 1.0f : -1.0f;  // which ear
      e.top = uniform(-0.15, 0.5);                 // how far the sheet is turned
      e.side_top = uniform(0.45, 0.75);
      break;
    case MaskFit::kForehead:
      e.top = uniform(-1.25, -1.05);
      e.bottom = uniform(-0.38, -0.2);
      e.side_top = uniform(-0.95, -0.75);
      e.side_bottom = uniform(-0.35, -0.15);
      break;
    case MaskFit::kOnEyes:
      e.top = uniform(-0.6, -0.35);
      e.bottom = uniform(0.3, 0.5);
      e.side_top = uniform(-0.4, -0.2);
      e.side_bottom = uniform(0.25, 0.4);
      break;
  }
  return e;
}

void DrapeMask(const MaskDesign& design, MaskFit fit, const MaskEdges& edges, const FaceFit& head, Vec3 light,
               Random& random, PaintLayer& layer) {
  const Drape drape(design, fit, edges);
  layer.ClearDepth();
  HideHead(head, layer);
  PaintLoops(design, fit, drape, head, edges, random, layer);
  PaintSheet(design, drape, head, light, fit != MaskFit::kOneEar, layer);
}

}  // namespace maskscope
