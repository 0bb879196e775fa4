#include "data/synthesis/occluders.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "data/synthesis/mask_design.h"

namespace maskscope {
namespace {

// Flat coordinates before the face: origin at the mouth, units of the head, turned with the head (roll), mirrored where
// a thing comes from the other side.
struct Frame {
  Point origin;
  float scale, c, s, mirror;
  Frame(const FaceFit& head, float turn, bool mirrored) : scale(head.scale), mirror(mirrored ? -1.0f : 1.0f) {
    const Vec3 mouth = head.Project({0, kMouth, 0.5f});
    origin = {mouth.x, mouth.y};
    c = std::cos(head.roll + turn);
    s = std::sin(head.roll + turn);
  }
  Point ToLocal(float x, float y) const {
    const float dx = (x - origin.x) / scale, dy = (y - origin.y) / scale;
    return {mirror * (c * dx + s * dy), c * dy - s * dx};
  }
  Vec3 ToPicture(Vec3 normal) const {
    return {c * mirror * normal.x - s * normal.y, s * mirror * normal.x + c * normal.y, normal.z};
  }
};

Box Everywhere(const PaintLayer& layer) {
  return {static_cast<float>(layer.left()), static_cast<float>(layer.top()),
          static_cast<float>(layer.left() + layer.width()), static_cast<float>(layer.top() + layer.height())};
}

float Lit(const Frame& frame, Vec3 normal, Vec3 light) {
  return 0.4f + 0.62f * std::max(0.0f, 0.25f + 0.75f * Dot(Unit(frame.ToPicture(normal)), light));
}

float Smooth(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

// A limb with round ends that may taper; its height above the picture gives its shading.
struct Limb {
  Point a, b;
  float radius_a, radius_b;
  float base;  // height of its axis
  bool nail = false;
  bool sleeve = false;
};

struct LimbHit {
  float height = -1e9f;
  float edge = 0;  // 0 at the outline, 1 on the axis
  Vec3 normal;
  float t = 0, across = 0;
};

LimbHit Touch(const Limb& limb, Point p) {
  const float dx = limb.b.x - limb.a.x, dy = limb.b.y - limb.a.y, squared = dx * dx + dy * dy + 1e-6f;
  const float t = std::clamp(((p.x - limb.a.x) * dx + (p.y - limb.a.y) * dy) / squared, 0.0f, 1.0f);
  const float ox = p.x - limb.a.x - t * dx, oy = p.y - limb.a.y - t * dy, d = std::hypot(ox, oy);
  const float r = limb.radius_a + t * (limb.radius_b - limb.radius_a);
  LimbHit hit;
  if (d >= r) return hit;
  const float z = std::sqrt(r * r - d * d);
  hit.height = limb.base + z;
  hit.edge = 1 - d / r;
  hit.normal = {ox / r, oy / r, z / r};
  hit.t = t;
  hit.across = (ox * dy - oy * dx) / (std::sqrt(squared) * r);
  return hit;
}

// Skin with the light of the face taken out: Blend puts it back in.
Colour SkinReflectance(const PhotoLook& look) {
  const auto over = [](float skin, float white) { return std::clamp(skin / std::max(0.02f, white), 0.01f, 3.0f); };
  return {over(look.skin.r, look.white.r), over(look.skin.g, look.white.g), over(look.skin.b, look.white.b)};
}
Colour HairReflectance(const PhotoLook& look) {
  const auto over = [](float hair, float white) { return std::clamp(hair / std::max(0.02f, white), 0.006f, 0.5f); };
  return {over(look.hair.r, look.white.r), over(look.hair.g, look.white.g), over(look.hair.b, look.white.b)};
}

void PaintLimbs(const std::vector<Limb>& limbs, const Frame& frame, const Colour& skin, const Colour& cloth, Vec3 light,
                uint64_t seed, PaintLayer& layer) {
  layer.Paint(Everywhere(layer), [&](float x, float y) -> Ink {
    const Point p = frame.ToLocal(x, y);
    LimbHit top, second;
    const Limb* limb = nullptr;
    for (const Limb& each : limbs) {
      const LimbHit hit = Touch(each, p);
      if (hit.height > top.height) {
        second = top;
        top = hit;
        limb = &each;
      } else if (hit.height > second.height) {
        second = hit;
      }
    }
    if (!limb) return kNothing;
    // Where two limbs are about as high there is a crease between them.
    const float crease = 1 - 0.38f * std::exp(-(top.height - second.height) / 0.03f);
    const float rim = 0.76f + 0.24f * Smooth(0, 0.35f, top.edge);
    Colour c = limb->sleeve ? cloth : skin;
    if (!limb->sleeve) {
      c = Scale(c, 1 + 0.06f * SmoothNoise(p.x * 6, p.y * 6, seed) + 0.05f * SmoothNoise(p.x * 22, p.y * 22, seed + 1));
      // Knuckles: darker, redder, wrinkled.
      for (const float knuckle : {0.36f, 0.68f}) {
        if (!limb->nail) break;
        const float near = std::exp(-std::pow((top.t - knuckle) / 0.035f, 2.0f));
        c = {c.r * (1 - 0.14f * near), c.g * (1 - 0.22f * near), c.b * (1 - 0.22f * near)};
      }
      if (limb->nail && top.t > 0.86f && std::abs(top.across) < 0.58f && top.edge > 0.15f)
        c = Mix(c, {0.75f, 0.5f, 0.45f}, 0.35f);
    } else {
      c = Scale(c, 1 + 0.18f * SmoothNoise(p.x * 5 + p.y * 2, p.y * 3, seed + 2));
    }
    Ink ink;
    // 1.15: skin lit like the cheeks comes out as bright as the cheeks.
    ink.colour = Scale(c, 1.15f * crease * rim * Lit(frame, top.normal, light));
    return ink;
  });
}

using Uniform = const std::function<float(double, double)>&;

void AddFingers(std::vector<Limb>& limbs, Point knuckle, Point step, float angle, float bend, float length,
                float radius, int count, float base, Random& random) {
  static constexpr float kLengths[4] = {0.9f, 1.0f, 0.95f, 0.76f};
  for (int i = 0; i < count; ++i) {
    const auto n = static_cast<float>(i);
    const float own = angle + bend * (n - 1.5f) + static_cast<float>(random.Uniform(-0.05, 0.05));
    const Point from{knuckle.x + step.x * n, knuckle.y + step.y * n};
    const float reach = length * kLengths[i];
    limbs.push_back({from,
                     {from.x + reach * std::cos(own), from.y + reach * std::sin(own)},
                     radius,
                     radius * 0.82f,
                     base + 0.02f * static_cast<float>((i * 7) % 3),
                     true});
  }
}

std::vector<Limb> Hand(Uniform uniform, Random& random) {
  std::vector<Limb> limbs;
  const int pose = static_cast<int>(random.Below(3));
  const float radius = uniform(0.12, 0.145);
  if (pose == 0) {
    // From the side, fingers across the mouth.
    const Point palm{uniform(0.55, 0.8), uniform(0.0, 0.25)};
    limbs.push_back({{palm.x + 0.5f, palm.y + 0.9f}, {palm.x + 1.3f, palm.y + 2.6f}, 0.36f, 0.42f, -0.1f});
    limbs.push_back({palm, {palm.x + 0.35f, palm.y + 0.55f}, 0.42f, 0.38f, -0.05f});
    AddFingers(limbs, {palm.x - 0.1f, palm.y - 0.36f}, {0.03f, 0.23f}, 3.14f + uniform(-0.15, 0.25), -0.05f,
               uniform(0.95, 1.2), radius, 4, 0.2f, random);
    limbs.push_back(
        {{palm.x + 0.15f, palm.y - 0.2f}, {palm.x + uniform(-0.1, 0.3), palm.y - 0.95f}, 0.16f, 0.12f, 0.1f, true});
  } else if (pose == 1) {
    // From below, fingers up over the mouth.
    const Point palm{uniform(-0.2, 0.2), uniform(0.75, 1.0)};
    limbs.push_back({{palm.x + 0.1f, palm.y + 0.7f}, {palm.x + 0.5f, palm.y + 2.8f}, 0.38f, 0.42f, -0.1f});
    limbs.push_back({{palm.x - 0.12f, palm.y}, {palm.x + 0.15f, palm.y + 0.45f}, 0.42f, 0.4f, -0.05f});
    AddFingers(limbs, {palm.x - 0.4f, palm.y - 0.2f}, {0.25f, 0.02f}, -1.57f + uniform(-0.25, 0.25), 0.07f,
               uniform(0.8, 1.05), radius, 4, 0.2f, random);
    limbs.push_back({{palm.x + 0.45f, palm.y + 0.25f}, {palm.x + 0.8f, palm.y - 0.4f}, 0.16f, 0.12f, 0.1f, true});
  } else {
    // Both hands folded before the mouth.
    for (const float side : {-1.0f, 1.0f}) {
      const Point palm{side * uniform(0.42, 0.55), uniform(0.45, 0.6)};
      limbs.push_back(
          {{palm.x + side * 0.3f, palm.y + 0.6f}, {palm.x + side * 0.9f, palm.y + 2.6f}, 0.36f, 0.42f, -0.1f});
      limbs.push_back({palm, {palm.x + side * 0.15f, palm.y + 0.4f}, 0.4f, 0.38f, -0.05f});
      AddFingers(limbs, {palm.x - side * 0.05f, palm.y - 0.5f}, {side * 0.04f, 0.22f}, side > 0 ? 3.6f : -0.45f,
                 -side * 0.06f, uniform(0.7, 0.9), radius, 4, side > 0 ? 0.25f : 0.18f, random);
    }
  }
  return limbs;
}

std::vector<Limb> Fist(Uniform uniform, Random& random) {
  std::vector<Limb> limbs;
  const Point at{uniform(-0.05, 0.3), uniform(-0.05, 0.3)};
  limbs.push_back({{at.x + 0.4f, at.y + 0.5f}, {at.x + uniform(0.7, 1.4), at.y + 2.8f}, 0.38f, 0.44f, -0.15f});
  limbs.push_back({{at.x + 0.1f, at.y}, {at.x + 0.35f, at.y + 0.35f}, 0.45f, 0.42f, -0.1f});
  const float lean = uniform(-0.2, 0.2);
  for (int i = 0; i < 4; ++i) {
    const auto n = static_cast<float>(i);
    const Point from{at.x + 0.14f + 0.03f * n, at.y - 0.42f + 0.24f * n};
    limbs.push_back({from,
                     {from.x - 0.42f, from.y + lean * 0.3f},
                     0.15f,
                     0.14f,
                     0.22f + 0.02f * static_cast<float>(random.Below(3)),
                     false});
  }
  limbs.push_back({{at.x + 0.3f, at.y - 0.5f}, {at.x - 0.28f, at.y - 0.52f}, 0.15f, 0.12f, 0.26f, true});
  return limbs;
}

std::vector<Limb> Finger(Uniform uniform, Random& random) {
  std::vector<Limb> limbs;
  const float x = uniform(-0.08, 0.12), top = uniform(-0.55, -0.25), low = uniform(0.55, 0.75);
  limbs.push_back({{x + 0.25f, low + 0.4f}, {x + uniform(0.5, 1.1), low + 2.6f}, 0.36f, 0.42f, -0.15f});
  limbs.push_back({{x + 0.15f, low + 0.05f}, {x + 0.3f, low + 0.4f}, 0.36f, 0.36f, -0.1f});
  for (int i = 0; i < 3; ++i) {
    const float fx = x + 0.22f + 0.19f * static_cast<float>(i);
    limbs.push_back({{fx, low - 0.22f},
                     {fx - 0.02f, low + 0.12f},
                     0.14f,
                     0.13f,
                     0.18f + 0.02f * static_cast<float>(random.Below(2)),
                     false});
  }
  limbs.push_back({{x, low}, {x - 0.02f, top}, 0.15f, 0.115f, 0.25f, true});
  limbs.push_back({{x + 0.05f, low + 0.2f}, {x + 0.42f, low + 0.02f}, 0.15f, 0.12f, 0.3f, true});
  return limbs;
}

struct Named {
  const char* name;
  Colour colour;
};
const Named& AnyColour(Random& random) {
  static const std::array<Named, 9> kColours{{{"white", {0.93f, 0.93f, 0.92f}},
                                              {"black", {0.07f, 0.07f, 0.08f}},
                                              {"red", {0.7f, 0.13f, 0.14f}},
                                              {"blue", {0.25f, 0.42f, 0.7f}},
                                              {"brown", {0.5f, 0.36f, 0.24f}},
                                              {"green", {0.2f, 0.45f, 0.32f}},
                                              {"grey", {0.5f, 0.5f, 0.52f}},
                                              {"beige", {0.85f, 0.77f, 0.64f}},
                                              {"pink", {0.9f, 0.65f, 0.7f}}}};
  return kColours[random.Below(kColours.size())];
}

// Fingers that hold a thing whose right edge is at x = edge.
std::vector<Limb> HoldingHand(float edge, float y, Uniform uniform, Random& random) {
  std::vector<Limb> limbs;
  limbs.push_back({{edge + 0.3f, y + 0.6f}, {edge + 0.8f, y + 2.6f}, 0.36f, 0.42f, -0.1f});
  limbs.push_back({{edge + 0.2f, y}, {edge + 0.3f, y + 0.4f}, 0.4f, 0.38f, -0.05f});
  AddFingers(limbs, {edge + 0.08f, y - 0.36f}, {0, 0.24f}, 3.14f + uniform(-0.1, 0.1), 0, uniform(0.4, 0.65), 0.13f, 4,
             0.3f, random);
  return limbs;
}

std::string PaintCup(const Frame& frame, Vec3 light, Uniform uniform, Random& random, PaintLayer& layer) {
  const Named& named = AnyColour(random);
  const Colour body = ToLinear(named.colour), band = ToLinear(AnyColour(random).colour);
  const float top = uniform(-0.45, -0.1), height = uniform(1.0, 1.5), wide = uniform(0.5, 0.68),
              narrow = wide * uniform(0.72, 1.0), rim = uniform(0.05, 0.16);
  const bool lid = random.Chance(0.4), sleeve = random.Chance(0.5);
  layer.Paint(Everywhere(layer), [&](float x, float y) -> Ink {
    const Point p = frame.ToLocal(x, y);
    const float v = (p.y - top) / height, half = wide + (narrow - wide) * std::clamp(v, 0.0f, 1.0f);
    const float u = p.x / half;
    if (std::abs(u) >= 1) return kNothing;
    const float arc = rim * std::sqrt(1 - u * u);
    if (p.y < top - arc || p.y > top + height + arc) return kNothing;
    Ink ink;
    const bool open = p.y < top + arc;  // the far rim and the inside
    Colour c = lid && v < 0.16f ? Colour{0.8f, 0.8f, 0.8f} : sleeve && v > 0.35f && v < 0.75f ? band : body;
    if (open && !lid) c = Scale(c, 0.55f);
    if (std::abs(p.y - top - arc) < 0.025f) c = Mix(c, {0.95f, 0.95f, 0.95f}, 0.4f);
    const float z = std::sqrt(1 - u * u);
    ink.colour = Scale(c, Lit(frame, {u, 0.1f, z}, light));
    return ink;
  });
  return named.name;
}

// A flat plate with round corners: phone, paper.
struct Plate {
  float x0, y0, x1, y1, corner, skew;
  // Negative inside.
  float Distance(Point p) const {
    const float cx = 0.5f * (x0 + x1), cy = 0.5f * (y0 + y1);
    const float dx = std::abs(p.x - cx - skew * (p.y - cy)) - 0.5f * (x1 - x0) + corner,
                dy = std::abs(p.y - cy) - 0.5f * (y1 - y0) + corner;
    return std::hypot(std::max(dx, 0.0f), std::max(dy, 0.0f)) + std::min(std::max(dx, dy), 0.0f) - corner;
  }
};

std::string PaintPhone(const Frame& frame, Vec3 light, Uniform uniform, Random& random, PaintLayer& layer) {
  const Named& named = random.Chance(0.55) ? Named{"black", {0.08f, 0.08f, 0.09f}} : AnyColour(random);
  const Colour body = ToLinear(named.colour);
  const float width = uniform(0.95, 1.2), height = width * uniform(1.9, 2.1), x0 = uniform(-0.75, -0.35),
              y0 = uniform(-0.7, -0.25);
  const Plate plate{x0, y0, x0 + width, y0 + height, 0.13f, uniform(-0.06, 0.06)};
  const bool camera = random.Chance(0.8);
  layer.Paint(Everywhere(layer), [&](float x, float y) -> Ink {
    const Point p = frame.ToLocal(x, y);
    const float d = plate.Distance(p);
    if (d > 0) return kNothing;
    Colour c = body;
    if (d > -0.035f) c = Mix(c, {0.5f, 0.5f, 0.5f}, 0.5f);
    const float u = p.x - x0, v = p.y - y0;
    if (camera && u > 0.08f && u < 0.4f && v > 0.08f && v < 0.45f) {
      c = Scale(c, 0.7f);
      const float lens = std::min(std::hypot(u - 0.24f, v - 0.17f), std::hypot(u - 0.24f, v - 0.36f));
      c = lens < 0.045f ? Colour{0.02f, 0.02f, 0.05f} : lens < 0.075f ? Colour{0.12f, 0.12f, 0.12f} : c;
    }
    const float glare = 0.06f * Smooth(-0.1f, 0.5f, std::sin(2.3f * (u - 0.6f * v)));
    Ink ink;
    ink.colour = Scale(c, Lit(frame, {0, 0, 1}, light));
    ink.colour = {ink.colour.r + glare, ink.colour.g + glare, ink.colour.b + glare};
    return ink;
  });
  return named.name;
}

std::string PaintPaper(const Frame& frame, Vec3 light, Uniform uniform, Random& random, PaintLayer& layer) {
  const bool book = random.Chance(0.3);
  const Named named = book ? AnyColour(random) : Named{"white", {0.93f, 0.93f, 0.91f}};
  const Colour body = ToLinear(named.colour);
  const float half = uniform(0.8, 1.5), top = uniform(-0.75, -0.2);
  const Plate plate{-half + uniform(-0.3, 0.3), top, half, top + uniform(1.6, 2.6), 0.01f, uniform(-0.12, 0.12)};
  const bool text = random.Chance(0.5);
  const float line = uniform(0.1, 0.2), bend = uniform(-0.15, 0.15);
  const uint64_t seed = random.Next();
  layer.Paint(Everywhere(layer), [&](float x, float y) -> Ink {
    const Point p = frame.ToLocal(x, y);
    const float d = plate.Distance({p.x, p.y + bend * p.x * p.x});
    if (d > 0) return kNothing;
    Colour c = body;
    if (text && d < -0.15f) {
      const float row = (p.y - top) / line, within = row - std::floor(row);
      const bool word = SmoothNoise(p.x / line * 1.4f, std::floor(row) * 7.3f, seed) > -0.35f;
      const bool ink = SmoothNoise(p.x / line * 9, std::floor(row) * 3.1f, seed + 1) > -0.2f;
      if (within > 0.35f && within < 0.72f && word && ink) c = Mix(c, {0.03f, 0.03f, 0.05f}, 0.75f);
    }
    Ink ink;
    ink.colour = Scale(
        c,
        Lit(frame, {bend * p.x * 2 + 0.1f * SmoothNoise(p.x, p.y, seed + 2), 0.1f * SmoothNoise(p.x, p.y, seed + 3), 1},
            light));
    return ink;
  });
  return named.name;
}

std::string PaintMicrophone(const Frame& frame, Vec3 light, Uniform uniform, Random& random, PaintLayer& layer) {
  const bool foam = random.Chance(0.5);
  const Named named = foam ? AnyColour(random) : Named{"grey", {0.45f, 0.45f, 0.47f}};
  const Colour head = ToLinear(named.colour), body = ToLinear(Colour{0.1f, 0.1f, 0.11f});
  const Point at{uniform(-0.2, 0.25), uniform(-0.05, 0.3)};
  const float radius = uniform(0.26, 0.42), lean = uniform(0.1, 0.7);
  const Limb handle{
      {at.x, at.y}, {at.x + 2.2f * std::sin(lean), at.y + 2.2f * std::cos(lean)}, radius * 0.62f, radius * 0.42f, 0};
  const Limb ball{at, {at.x - 0.05f, at.y - 0.05f}, radius, radius, 0.1f};
  layer.Paint(Everywhere(layer), [&](float x, float y) -> Ink {
    const Point p = frame.ToLocal(x, y);
    const LimbHit b = Touch(ball, p), h = Touch(handle, p);
    if (b.height < -1e8f && h.height < -1e8f) return kNothing;
    const bool on_ball = b.height >= h.height;
    Colour c = on_ball ? head : body;
    if (on_ball && !foam) c = Scale(c, 0.75f + 0.35f * std::abs(std::sin(p.x * 60) * std::sin(p.y * 60)));
    Ink ink;
    ink.colour = Scale(c, Lit(frame, on_ball ? b.normal : h.normal, light));
    return ink;
  });
  return named.name;
}

void PaintHair(const FaceFit& head, const PhotoLook& look, Uniform uniform, Random& random, PaintLayer& layer) {
  const Colour hair = HairReflectance(look);
  const float sign = random.Chance(0.5) ? 1.0f : -1.0f;
  const float x_top = sign * uniform(0.3, 0.9), x_mouth = sign * uniform(-0.35, 0.45),
              x_low = sign * uniform(-0.2, 0.8), spread = uniform(0.12, 0.4);
  const int strands = random.Int(40, 130);
  for (int i = 0; i < strands; ++i) {
    const float off = spread * static_cast<float>(random.Normal()), wave = uniform(-0.08, 0.08),
                own = uniform(0.5, 1.5);
    std::vector<Vec3> points;
    for (int k = 0; k <= 16; ++k) {
      const float t = static_cast<float>(k) / 16;
      const float x = (1 - t) * (1 - t) * x_top + 2 * t * (1 - t) * x_mouth * 1.4f + t * t * x_low +
                      off * (0.35f + 0.65f * t) + wave * std::sin(t * 7);
      points.push_back(head.Project({x, -1.2f + 3.6f * t, 0.6f}));
    }
    Ink ink;
    ink.colour = Scale(hair, own);
    ink.alpha = uniform(0.35, 0.9);
    layer.PaintLine(points, uniform(0.012, 0.03) * head.scale, 1e6f, ink);
  }
}

// Knitted or woven, in thick folds round the neck; `top` in head heights (y).
std::string PaintScarf(bool over_mouth, const FaceFit& head, Vec3 light, Uniform uniform, Random& random,
                       PaintLayer& layer) {
  const Named& named = AnyColour(random);
  const Colour body = ToLinear(named.colour), second = ToLinear(AnyColour(random).colour);
  const bool stripes = random.Chance(0.35);
  const float top = over_mouth ? uniform(0.68, 0.95) : uniform(1.6, 1.85),
              side_top = over_mouth ? uniform(0.75, 1.15) : uniform(1.3, 1.7);
  const float knit = uniform(0.05, 0.1), tilt = uniform(-0.18, 0.18);
  const uint64_t seed = random.Next();
  constexpr int kColumns = 40, kRows = 36;
  // Deep folds that run across, each thick as a finger; they make the outline uneven too.
  const auto fold = [&](float u, float v) {
    return 0.09f * std::sin(v * 15 + 2.5f * SmoothNoise(u * 1.5f, v * 2, seed) + 1.5f * u) +
           0.05f * SmoothNoise(u * 4, v * 6, seed + 1);
  };
  const auto at = [&](float u, float v) {
    const float y = top + (side_top - top) * u * u + tilt * u + 0.06f * SmoothNoise(u * 3, 0, seed + 5) + v * 1.7f;
    const float half = std::max(HeadHalfWidth(y) * 1.05f, 1.0f + 0.25f * std::clamp(v, 0.0f, 1.0f)) + 0.05f;
    return SurfacePoint(u * 1.7f, y, half, 0.5f + 0.1f * v + fold(u, v));
  };
  layer.ClearDepth();
  for (int k = 0; k < kRows; ++k) {
    for (int i = 0; i < kColumns; ++i) {
      const auto corner = [&](int a, int b) {
        return std::pair<float, float>{static_cast<float>(i + a) / kColumns * 2 - 1, static_cast<float>(k + b) / kRows};
      };
      const std::array<std::array<std::pair<float, float>, 3>, 2> halves{
          {{corner(0, 0), corner(1, 0), corner(0, 1)}, {corner(1, 0), corner(1, 1), corner(0, 1)}}};
      for (const auto& t : halves) {
        const Vec3 place[3] = {head.Project(at(t[0].first, t[0].second)), head.Project(at(t[1].first, t[1].second)),
                               head.Project(at(t[2].first, t[2].second))};
        layer.PaintTriangle(place, [&](const float w[3]) {
          const float u = w[0] * t[0].first + w[1] * t[1].first + w[2] * t[2].first,
                      v = w[0] * t[0].second + w[1] * t[1].second + w[2] * t[2].second;
          constexpr float kStep = 0.012f;
          const Vec3 normal = Unit(
              Cross(head.Turn(at(u + kStep, v) - at(u - kStep, v)), head.Turn(at(u, v + kStep) - at(u, v - kStep))));
          Colour c = stripes && std::sin(v * 22 + 0.5f) > 0.3f ? second : body;
          c = Scale(c, 0.8f + 0.3f * std::abs(std::sin(u * 1.7f / knit * 1.6f + v * 9)) *
                                  std::abs(std::sin(v * 1.7f / knit * 1.6f)));
          const float hollow = 0.75f + 2.2f * std::clamp(fold(u, v) + 0.05f, -0.1f, 0.12f);
          Ink ink;
          ink.colour = Scale(c, hollow * (0.4f + 0.62f * std::max(0.0f, 0.25f + 0.75f * Dot(normal, light))));
          return ink;
        });
      }
    }
  }
  return named.name;
}

}  // namespace

std::string_view OccluderName(Occluder occluder) {
  static constexpr std::array<std::string_view, kOccluders> kNames{
      "hand", "fist", "finger", "cup", "phone", "paper", "microphone", "hair", "scarf_lowered", "scarf_over_mouth"};
  return kNames[static_cast<size_t>(occluder)];
}

std::string PaintOccluder(Occluder occluder, const FaceFit& head, const PhotoLook& look, Vec3 light, Random& random,
                          PaintLayer& layer) {
  const std::function<float(double, double)> uniform = [&](double low, double high) {
    return static_cast<float>(random.Uniform(low, high));
  };
  const Frame frame(head, uniform(-0.2, 0.2), random.Chance(0.5));
  const Colour skin = Scale(SkinReflectance(look), uniform(0.85, 1.05)), cloth = ToLinear(AnyColour(random).colour);
  const uint64_t seed = random.Next();
  const auto limbs = [&](std::vector<Limb> parts) {
    // The first limb is the forearm; often it is in a sleeve.
    if (random.Chance(0.5)) {
      Limb& arm = parts.front();
      const Point middle{arm.a.x + 0.3f * (arm.b.x - arm.a.x), arm.a.y + 0.3f * (arm.b.y - arm.a.y)};
      Limb sleeve{middle, arm.b, arm.radius_a * 1.25f, arm.radius_b * 1.4f, arm.base + 0.08f};
      sleeve.sleeve = true;
      parts.push_back(sleeve);
    }
    PaintLimbs(parts, frame, skin, cloth, light, seed, layer);
  };
  switch (occluder) {
    case Occluder::kHand:
      limbs(Hand(uniform, random));
      return "skin";
    case Occluder::kFist:
      limbs(Fist(uniform, random));
      return "skin";
    case Occluder::kFinger:
      limbs(Finger(uniform, random));
      return "skin";
    case Occluder::kCup: {
      const std::string colour = PaintCup(frame, light, uniform, random, layer);
      if (random.Chance(0.8)) limbs(HoldingHand(uniform(0.35, 0.55), uniform(0.5, 0.8), uniform, random));
      return colour;
    }
    case Occluder::kPhone: {
      const std::string colour = PaintPhone(frame, light, uniform, random, layer);
      limbs(HoldingHand(uniform(0.4, 0.65), uniform(0.6, 1.0), uniform, random));
      return colour;
    }
    case Occluder::kPaper:
      return PaintPaper(frame, light, uniform, random, layer);
    case Occluder::kMicrophone: {
      const std::string colour = PaintMicrophone(frame, light, uniform, random, layer);
      if (random.Chance(0.5)) limbs(HoldingHand(uniform(0.25, 0.5), uniform(1.2, 1.6), uniform, random));
      return colour;
    }
    case Occluder::kHair:
      PaintHair(head, look, uniform, random, layer);
      return "hair";
    case Occluder::kScarfLow:
    case Occluder::kScarfOver:
      return PaintScarf(occluder == Occluder::kScarfOver, head, light, uniform, random, layer);
  }
  return "";
}

}  // namespace maskscope
