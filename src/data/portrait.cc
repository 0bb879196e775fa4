#include "data/portrait.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace maskscope {
namespace {

// Coordinates (u, v) are those of the face: origin between nose and eyes, u to the picture's right, v down, one unit
// half the face's width. Each shape is a function of (u, v) that is negative inside; `Cover` turns it into a soft-edged
// share.

struct Local {
  float u, v;
};

// Share of a pixel inside a shape whose signed distance is `distance` (face units), with an edge `soft` units wide.
float Cover(float distance, float soft) { return std::clamp(0.5f - distance / soft, 0.0f, 1.0f); }

float Ellipse(Local p, float cu, float cv, float ru, float rv, float angle = 0) {
  const float du = p.u - cu, dv = p.v - cv;
  const float c = std::cos(angle), s = std::sin(angle);
  const float a = (c * du + s * dv) / ru, b = (c * dv - s * du) / rv;
  return (std::sqrt(a * a + b * b) - 1) * std::min(ru, rv);
}

// Line segment with round ends, `radius` thick.
float Capsule(Local p, Local a, Local b, float radius) {
  const float du = b.u - a.u, dv = b.v - a.v;
  const float t = std::clamp(((p.u - a.u) * du + (p.v - a.v) * dv) / (du * du + dv * dv), 0.0f, 1.0f);
  return std::hypot(p.u - a.u - t * du, p.v - a.v - t * dv) - radius;
}

float Glow(Local p, float cu, float cv, float ru, float rv) {
  const float a = (p.u - cu) / ru, b = (p.v - cv) / rv;
  return std::exp(-(a * a + b * b));
}

// Outline of the head: an ellipse that narrows from the cheekbones to the chin.
float Head(const Person& who, Local p, float grow = 0) {
  const float down = std::clamp(p.v / who.height, 0.0f, 1.2f);
  return Ellipse(p, 0, 0, (1 - who.jaw * down * down) + grow, who.height + grow);
}

class FacePainter {
 public:
  FacePainter(const Person& who, uint64_t strands) : who_(who), strands_(strands), soft_(1.6f / who.scale) {}

  // Colour of the picture at p, given what is behind.
  Colour Shade(Local p, Colour behind) const {
    Colour c = behind;
    Body(p, c);
    const float head = Head(who_, p);
    if (head < 0.2f) {
      Skin(p, head, c);
      Features(p, c);
    }
    if (!who_.bald) Hair(p, c);
    if (who_.glasses) Glasses(p, c);
    Mask(p, c);
    if (who_.cover == FaceCover::kHand) Hand(p, c);
    return c;
  }

 private:
  void Lay(Colour& under, const Colour& paint, float share) const { under = Mix(under, paint, share); }

  float Light(Local p) const {
    const float x = p.u, y = p.v / who_.height;
    const float z = std::sqrt(std::max(0.0f, 1 - 0.8f * (x * x + y * y)));
    return 0.62f + 0.42f * z + 0.16f * (who_.light_x * x - 0.5f * y);
  }

  // Cheap stripes that look like strands or weave; the same everywhere for one person.
  float Texture(float a, float b) const {
    const float phase = static_cast<float>(strands_ % 97);
    return std::sin(a * 37 + phase) * std::sin(b * 23 + 1.7f * phase + 3 * std::sin(a * 11));
  }

  void Body(Local p, Colour& c) const {
    if (who_.long_hair && !who_.bald) {
      const float back = std::max(Ellipse(p, 0, 0.35f, 1.32f, 1.75f), p.v - 1.75f);
      Lay(c, Scale(who_.hair, 0.6f + 0.08f * Texture(p.u, 0.2f)), Cover(back, soft_));
    }
    const float shoulders = p.v < 3.0f ? Ellipse(p, 0, 3.0f, 2.15f, 1.35f) : std::abs(p.u) - 2.15f;
    Lay(c, Scale(who_.clothes, 0.85f + 0.15f * std::cos(p.u * 1.2f + who_.light_x)), Cover(shoulders, 2 * soft_));
    const float neck = std::max(std::abs(p.u) - 0.52f, std::max(0.5f - p.v, p.v - 1.85f - 0.25f * (1 - p.u * p.u)));
    Lay(c, Scale(who_.skin, 0.62f + 0.12f * (p.v - 0.9f)), Cover(neck, 2 * soft_));
    for (const float side : {-1.0f, 1.0f}) {
      const float ear = Ellipse(p, side * 1.0f - 0.1f * who_.turn, 0.05f, 0.14f, 0.27f);
      Lay(c, Scale(who_.skin, 0.72f), Cover(ear, soft_));
    }
  }

  void Skin(Local p, float head, Colour& c) const {
    Colour skin = Scale(who_.skin, Light(p));
    const float turn = who_.turn * 0.28f;
    for (const float side : {-1.0f, 1.0f}) {
      skin = Scale(skin, 1 - 0.28f * Glow(p, side * who_.eye_gap + turn, -0.2f, 0.3f, 0.19f));
      skin = Mix(skin, Mix(who_.skin, who_.lips, 0.6f), 0.22f * Glow(p, side * 0.55f + turn, 0.38f, 0.28f, 0.22f));
    }
    // The nose's ridge catches the light, the side away from it and the ground below it lie in shadow.
    skin = Scale(skin, 1 + 0.13f * Glow(p, turn * 1.2f, 0.1f, 0.07f, 0.34f));
    const float away = who_.light_x > 0 ? -1.0f : 1.0f;
    skin = Scale(skin, 1 - 0.2f * Glow(p, turn * 1.2f + away * who_.nose_width * 0.75f, 0.18f, 0.09f, 0.3f));
    skin = Scale(skin, 1 - 0.25f * Glow(p, turn * 1.2f, 0.46f, 0.2f, 0.06f));
    skin = Scale(skin, 1 - 0.15f * Glow(p, turn, 0.95f, 0.3f, 0.06f));
    Lay(c, skin, Cover(head, soft_));
    if (who_.beard) {
      const float beard =
          std::max(Head(who_, p, 0.03f), 0.42f + 0.35f * (1 - std::abs(p.u)) - p.v - 0.3f * std::abs(p.u));
      Lay(c, Scale(who_.hair, 0.8f + 0.15f * Texture(p.u, p.v)), 0.85f * Cover(beard, 6 * soft_));
    }
  }

  void Features(Local p, Colour& c) const {
    const float turn = who_.turn * 0.28f;
    const Colour dark{0.07f, 0.05f, 0.05f};
    for (const float side : {-1.0f, 1.0f}) {
      const float eye_u = side * who_.eye_gap + turn, eye_v = -0.17f;
      const float size = who_.eye_size;
      const float white = std::max(Ellipse(p, eye_u, eye_v + 0.05f, size, size * 0.62f),
                                   Ellipse(p, eye_u, eye_v - 0.04f, size * 1.05f, size * 0.66f));
      Lay(c, Colour{0.93f, 0.92f, 0.9f}, Cover(white, soft_));
      const float look = eye_u + 0.03f * who_.turn;
      const float inside = Cover(white, soft_);
      Lay(c, who_.iris, inside * Cover(Ellipse(p, look, eye_v, size * 0.48f, size * 0.48f), soft_));
      Lay(c, dark, inside * Cover(Ellipse(p, look, eye_v, size * 0.22f, size * 0.22f), soft_));
      Lay(c, Colour{1, 1, 1}, 0.9f * Cover(Ellipse(p, look - 0.04f, eye_v - 0.04f, size * 0.1f, size * 0.1f), soft_));
      const float lid = std::max(std::abs(Ellipse(p, eye_u, eye_v + 0.05f, size, size * 0.62f)) - 0.022f, p.v - eye_v);
      Lay(c, dark, 0.8f * Cover(lid, soft_));
      const float brow = Capsule(p, {eye_u - side * 0.17f, -0.4f - 0.02f - who_.brow_lift},
                                 {eye_u + side * 0.2f, -0.41f - who_.brow_lift * 0.4f}, 0.042f);
      Lay(c, Scale(who_.bald ? dark : who_.hair, 0.7f), 0.85f * Cover(brow, 2 * soft_));
      Lay(c, Scale(who_.skin, 0.28f),
          0.85f * Cover(Ellipse(p, turn * 1.2f + side * who_.nose_width * 0.48f, 0.42f, 0.055f, 0.03f), 1.5f * soft_));
      const float wing =
          std::abs(Ellipse(p, turn * 1.2f + side * who_.nose_width * 0.8f, 0.38f, 0.085f, 0.09f)) - 0.012f;
      Lay(c, Scale(who_.skin, 0.55f),
          0.5f * Cover(std::max(wing, side * (turn * 1.2f + side * who_.nose_width * 0.8f - p.u)), 2 * soft_));
    }
    const float mouth_v = 0.74f - who_.smile * 0.12f * std::pow((p.u - turn) / who_.mouth_width, 2.0f);
    const Local bent{p.u, p.v - (mouth_v - 0.74f)};
    Lay(c, Scale(who_.lips, 0.9f), Cover(Ellipse(bent, turn, 0.71f, who_.mouth_width, 0.062f), 2 * soft_));
    Lay(c, who_.lips, Cover(Ellipse(bent, turn, 0.79f, who_.mouth_width * 0.85f, 0.085f), 2 * soft_));
    Lay(c, Scale(who_.lips, 0.35f),
        0.85f * Cover(Capsule(bent, {turn - who_.mouth_width * 0.92f, 0.74f}, {turn + who_.mouth_width * 0.92f, 0.74f},
                              0.015f),
                      1.5f * soft_));
  }

  void Hair(Local p, Colour& c) const {
    const float fringe =
        -0.66f * who_.height + 0.32f * p.u * p.u + 0.06f * std::sin(p.u * 5 + static_cast<float>(strands_ % 7));
    const float cap = std::max(Ellipse(p, 0, -0.14f, 1.1f, who_.height + 0.06f), p.v - fringe);
    const float sides = std::max(std::max(Ellipse(p, 0, 0, 1.12f, who_.height + 0.1f), 0.9f - std::abs(p.u)),
                                 p.v - (who_.long_hair ? 0.9f : -0.05f));
    const Colour hair = Scale(who_.hair, 0.75f + 0.35f * Light(p) * 0.5f + 0.1f * Texture(p.u * 1.5f, p.v * 0.3f));
    Lay(c, hair, Cover(std::min(cap, sides), 2.5f * soft_));
  }

  void Glasses(Local p, Colour& c) const {
    const Colour frame{0.1f, 0.1f, 0.12f};
    const float turn = who_.turn * 0.28f;
    float rim = Capsule(p, {turn - 0.15f, -0.18f}, {turn + 0.15f, -0.18f}, 0.022f);
    for (const float side : {-1.0f, 1.0f}) {
      rim = std::min(rim, std::abs(Ellipse(p, side * who_.eye_gap + turn, -0.15f, 0.3f, 0.23f)) - 0.024f);
      rim = std::min(rim, Capsule(p, {side * 0.74f + turn, -0.17f}, {side * 0.98f, -0.14f}, 0.022f));
    }
    Lay(c, frame, Cover(rim, soft_));
  }

  // Upper edge of the mask at the middle of the face and at its sides; top >= bottom means no mask.
  struct MaskEdges {
    float top, side_top, bottom;
  };
  MaskEdges Edges() const {
    switch (who_.cover) {
      case FaceCover::kMask:
        return {-0.02f, 0.24f, who_.height + 0.1f};
      case FaceCover::kMaskUnderNose:
        return {0.56f, 0.6f, who_.height + 0.14f};
      case FaceCover::kMaskUnderChin:
        return {1.06f, 0.98f, who_.height + 0.36f};
      case FaceCover::kBare:
      case FaceCover::kHand:
        break;
    }
    return {1, 1, 0};
  }

  void Mask(Local p, Colour& c) const {
    const MaskEdges e = Edges();
    if (e.top >= e.bottom) return;
    const float turn = who_.turn * 0.28f;
    // Ear loops first: the cloth lies over them.
    const float middle = 0.5f * (e.side_top + e.bottom);
    for (const float side : {-1.0f, 1.0f}) {
      for (const Local corner : {Local{side * 0.8f, e.side_top + 0.06f}, Local{side * 0.6f, middle + 0.25f}}) {
        const float loop = Capsule(p, corner, {side * 1.03f, 0.0f}, 0.02f);
        Lay(c, Scale(Mix(who_.mask, {1, 1, 1}, 0.6f), 0.9f), 0.9f * Cover(loop, soft_));
      }
    }
    const float a = std::abs(p.u - turn * 0.6f);
    const float top = e.top + (e.side_top - e.top) * std::min(1.0f, a * a * 1.5f + 0.15f * a);
    const float bottom = e.bottom - 0.55f * std::max(0.0f, a - 0.25f) * std::max(0.0f, a - 0.25f) * 1.6f;
    const float cloth =
        std::max({top - p.v, p.v - bottom, Head(who_, p, who_.cover == FaceCover::kMaskUnderChin ? 0.28f : 0.09f)});
    // A thin shadow where the cloth meets the skin.
    Lay(c, Scale(c, 0.72f), Cover(cloth - 0.03f, 4 * soft_));
    const float bulge = std::sqrt(std::max(0.05f, 1 - a * a * 0.75f));
    float shade = 0.58f + 0.4f * bulge + 0.1f * who_.light_x * p.u;
    const float span = (p.v - top) / std::max(0.2f, bottom - top);
    if (who_.patterned_mask) {
      shade *= 0.9f + 0.18f * Texture(p.u * 0.35f, p.v * 0.5f);
    } else {
      for (const float pleat : {0.3f, 0.5f, 0.7f})
        shade *= 1 - 0.16f * std::exp(-std::pow((span - pleat) / 0.03f, 2.0f));
    }
    shade *= 1 - 0.12f * std::exp(-std::pow((span - 0.05f) / 0.03f, 2.0f));
    Lay(c, Scale(who_.mask, shade), Cover(cloth, 1.5f * soft_));
  }

  void Hand(Local p, Colour& c) const {
    const Colour palm = Scale(who_.skin, 0.92f);
    const Colour line = Scale(who_.skin, 0.5f);
    const auto lay_finger = [&](Local from, Local to, float radius) {
      const float d = Capsule(p, from, to, radius);
      Lay(c, line, 0.8f * Cover(d - 0.02f, 1.5f * soft_));
      const float round = std::clamp(-d / radius, 0.0f, 1.0f);
      Lay(c, Scale(palm, 0.72f + 0.3f * round), Cover(d, 1.5f * soft_));
    };
    lay_finger({1.3f, 3.4f}, {0.78f, 1.2f}, 0.32f);
    const float back = Ellipse(p, 0.52f, 0.98f, 0.5f, 0.36f, -0.25f);
    Lay(c, line, 0.8f * Cover(back - 0.02f, 1.5f * soft_));
    Lay(c, Scale(palm, 0.85f + 0.12f * Glow(p, 0.5f, 0.9f, 0.4f, 0.3f)), Cover(back, 1.5f * soft_));
    for (int finger = 0; finger < 4; ++finger) {
      const float v = 0.5f + 0.19f * static_cast<float>(finger);
      lay_finger({0.42f, v + 0.08f}, {-0.52f + 0.06f * std::abs(static_cast<float>(finger) - 1), v}, 0.1f);
    }
  }

  const Person& who_;
  uint64_t strands_;
  float soft_;
};

struct Frame {
  float centre_x, centre_y, scale, cos_roll, sin_roll;
  explicit Frame(const Person& who)
      : centre_x(who.centre_x),
        centre_y(who.centre_y),
        scale(who.scale),
        cos_roll(std::cos(who.roll)),
        sin_roll(std::sin(who.roll)) {}
  Local ToLocal(float x, float y) const {
    const float dx = (x - centre_x) / scale, dy = (y - centre_y) / scale;
    return {cos_roll * dx + sin_roll * dy, cos_roll * dy - sin_roll * dx};
  }
  Point ToPicture(Local p) const {
    return {centre_x + scale * (cos_roll * p.u - sin_roll * p.v), centre_y + scale * (sin_roll * p.u + cos_roll * p.v)};
  }
};

Box BoxAround(const Person& who, const Frame& frame) {
  Box box{1e9f, 1e9f, -1e9f, -1e9f};
  for (int i = 0; i < 64; ++i) {
    const float angle = static_cast<float>(i) * 6.2831853f / 64;
    Local p{std::cos(angle), std::sin(angle) * who.height};
    p.v = std::max(p.v, -0.82f * who.height);  // boxes in face sets begin at the hairline, not at the crown
    const Point q = frame.ToPicture(p);
    box = {std::min(box.x1, q.x), std::min(box.y1, q.y), std::max(box.x2, q.x), std::max(box.y2, q.y)};
  }
  return box;
}

template <size_t N>
Colour Pick(const std::array<Colour, N>& palette, Random& random) {
  Colour c = palette[random.Below(N)];
  const auto vary = [&](float v) {
    return std::clamp(v + static_cast<float>(random.Uniform(-0.04, 0.04)), 0.0f, 1.0f);
  };
  return {vary(c.r), vary(c.g), vary(c.b)};
}

constexpr std::array<Colour, 8> kSkins = {{{0.98f, 0.84f, 0.74f},
                                           {0.95f, 0.77f, 0.64f},
                                           {0.89f, 0.68f, 0.52f},
                                           {0.80f, 0.58f, 0.42f},
                                           {0.68f, 0.47f, 0.33f},
                                           {0.55f, 0.37f, 0.26f},
                                           {0.42f, 0.28f, 0.20f},
                                           {0.33f, 0.22f, 0.16f}}};
constexpr std::array<Colour, 7> kHairs = {{{0.08f, 0.07f, 0.07f},
                                           {0.16f, 0.11f, 0.08f},
                                           {0.30f, 0.19f, 0.11f},
                                           {0.48f, 0.30f, 0.15f},
                                           {0.78f, 0.62f, 0.36f},
                                           {0.55f, 0.22f, 0.10f},
                                           {0.68f, 0.67f, 0.66f}}};
constexpr std::array<Colour, 4> kIrises = {
    {{0.22f, 0.13f, 0.07f}, {0.33f, 0.22f, 0.10f}, {0.25f, 0.40f, 0.55f}, {0.30f, 0.42f, 0.25f}}};
constexpr std::array<Colour, 7> kMasks = {{{0.62f, 0.82f, 0.93f},
                                           {0.93f, 0.95f, 0.96f},
                                           {0.12f, 0.12f, 0.14f},
                                           {0.55f, 0.85f, 0.78f},
                                           {0.85f, 0.55f, 0.62f},
                                           {0.25f, 0.35f, 0.60f},
                                           {0.75f, 0.72f, 0.60f}}};
constexpr std::array<Colour, 6> kClothes = {{{0.20f, 0.25f, 0.35f},
                                             {0.75f, 0.72f, 0.68f},
                                             {0.55f, 0.18f, 0.20f},
                                             {0.15f, 0.40f, 0.32f},
                                             {0.10f, 0.10f, 0.11f},
                                             {0.65f, 0.55f, 0.25f}}};

}  // namespace

Colour Mix(const Colour& a, const Colour& b, float share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}

Colour Scale(const Colour& a, float factor) { return {a.r * factor, a.g * factor, a.b * factor}; }

Person RandomPerson(Random& random, FaceCover cover) {
  const auto draw = [&](double low, double high) { return static_cast<float>(random.Uniform(low, high)); };
  Person who;
  who.cover = cover;
  who.skin = Pick(kSkins, random);
  who.hair = Pick(kHairs, random);
  who.iris = Pick(kIrises, random);
  who.clothes = Pick(kClothes, random);
  who.mask = Pick(kMasks, random);
  who.lips = Mix(Scale(who.skin, 0.8f), {0.72f, 0.25f, 0.28f}, draw(0.35, 0.65));
  who.roll = draw(-0.16, 0.16);
  who.turn = draw(-0.5, 0.5);
  who.light_x = draw(-0.7, 0.7);
  who.height = draw(1.2, 1.36);
  who.jaw = draw(0.12, 0.28);
  who.eye_gap = draw(0.38, 0.45);
  who.eye_size = draw(0.16, 0.21);
  who.brow_lift = draw(-0.03, 0.06);
  who.nose_width = draw(0.15, 0.24);
  who.mouth_width = draw(0.28, 0.38);
  who.smile = draw(0, 1);
  who.long_hair = random.Chance(0.45);
  who.bald = !who.long_hair && random.Chance(0.15);
  who.glasses = random.Chance(0.2);
  who.beard = !who.long_hair && random.Chance(0.25);
  who.patterned_mask = random.Chance(0.25);
  return who;
}

PaintedFace PaintPerson(const Person& who, Random& random, Canvas& canvas) {
  const Frame frame(who);
  const FacePainter painter(who, random.Next());
  const float reach = 3.6f * who.scale;  // shoulders, whatever the roll
  const int x_begin = std::max(0, static_cast<int>(who.centre_x - reach)),
            x_end = std::min(canvas.width, static_cast<int>(who.centre_x + reach));
  const int y_begin = std::max(0, static_cast<int>(who.centre_y - 2.2f * who.scale)), y_end = canvas.height;
  for (int y = y_begin; y < y_end; ++y) {
    for (int x = x_begin; x < x_end; ++x) {
      Colour& pixel = canvas.at(x, y);
      pixel = painter.Shade(frame.ToLocal(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f), pixel);
    }
  }
  const float turn = who.turn * 0.28f;
  PaintedFace face;
  face.cover = who.cover;
  face.label.state = StateOf(who.cover);
  face.label.box = BoxAround(who, frame);
  for (const Local p :
       {Local{-who.eye_gap + turn, -0.17f}, Local{who.eye_gap + turn, -0.17f}, Local{turn * 1.2f, 0.36f},
        Local{turn - who.mouth_width, 0.74f}, Local{turn + who.mouth_width, 0.74f}}) {
    face.label.landmarks.push_back(frame.ToPicture(p));
  }
  return face;
}

}  // namespace maskscope
