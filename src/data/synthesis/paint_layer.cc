#include "data/synthesis/paint_layer.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace maskscope {

float ToLinear(float coded) { return std::pow(std::clamp(coded, 0.0f, 1.0f), 2.2f); }
float FromLinear(float linear) { return std::pow(std::clamp(linear, 0.0f, 1.0f), 1 / 2.2f); }
Colour ToLinear(const Colour& c) { return {ToLinear(c.r), ToLinear(c.g), ToLinear(c.b)}; }

PaintLayer::PaintLayer(const Box& area, int samples) : samples_(samples) {
  left_ = static_cast<int>(std::floor(area.x1));
  top_ = static_cast<int>(std::floor(area.y1));
  width_ = std::max(1, static_cast<int>(std::ceil(area.x2)) - left_);
  height_ = std::max(1, static_cast<int>(std::ceil(area.y2)) - top_);
  columns_ = width_ * samples;
  rows_ = height_ * samples;
  ink_.resize(static_cast<size_t>(columns_) * rows_);
  ClearDepth();
}

void PaintLayer::ClearDepth() { depth_.assign(ink_.size(), -1e30f); }

void PaintLayer::Lay(size_t at, const Ink& ink) {
  Pixel& p = ink_[at];
  const float a = std::clamp(ink.alpha, 0.0f, 1.0f), keep = 1 - a;
  p.colour = {p.colour.r * keep + ink.colour.r * a, p.colour.g * keep + ink.colour.g * a,
              p.colour.b * keep + ink.colour.b * a};
  p.under = p.under * keep + ink.under * a;
  p.alpha = p.alpha * keep + a;
}

void PaintLayer::Paint(const Box& bounds, const std::function<Ink(float x, float y)>& ink) {
  const auto s = static_cast<float>(samples_);
  const int c0 = std::max(0, static_cast<int>((bounds.x1 - left_) * s)),
            c1 = std::min(columns_, static_cast<int>((bounds.x2 - left_) * s) + 1);
  const int r0 = std::max(0, static_cast<int>((bounds.y1 - top_) * s)),
            r1 = std::min(rows_, static_cast<int>((bounds.y2 - top_) * s) + 1);
  for (int r = r0; r < r1; ++r) {
    for (int c = c0; c < c1; ++c) {
      const Ink seen = ink(left_ + (c + 0.5f) / s, top_ + (r + 0.5f) / s);
      if (seen.alpha > 0) Lay(At(c, r), seen);
    }
  }
}

template <typename Use>
void PaintLayer::EachSample(const Vec3 corners[3], const Use& use) {
  const auto s = static_cast<float>(samples_);
  float x[3], y[3];
  for (int i = 0; i < 3; ++i) {
    x[i] = (corners[i].x - left_) * s - 0.5f;
    y[i] = (corners[i].y - top_) * s - 0.5f;
  }
  const float area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
  if (!(std::abs(area) > 1e-6f)) return;
  const int c0 = std::max(0, static_cast<int>(std::ceil(std::min({x[0], x[1], x[2]})))),
            c1 = std::min(columns_ - 1, static_cast<int>(std::floor(std::max({x[0], x[1], x[2]}))));
  const int r0 = std::max(0, static_cast<int>(std::ceil(std::min({y[0], y[1], y[2]})))),
            r1 = std::min(rows_ - 1, static_cast<int>(std::floor(std::max({y[0], y[1], y[2]}))));
  for (int r = r0; r <= r1; ++r) {
    for (int c = c0; c <= c1; ++c) {
      float w[3];
      w[0] = ((x[1] - c) * (y[2] - r) - (x[2] - c) * (y[1] - r)) / area;
      w[1] = ((x[2] - c) * (y[0] - r) - (x[0] - c) * (y[2] - r)) / area;
      w[2] = 1 - w[0] - w[1];
      if (w[0] < -1e-4f || w[1] < -1e-4f || w[2] < -1e-4f) continue;
      use(At(c, r), w, w[0] * corners[0].z + w[1] * corners[1].z + w[2] * corners[2].z);
    }
  }
}

void PaintLayer::HideBehind(const Vec3 corners[3]) {
  EachSample(corners, [&](size_t at, const float*, float z) { depth_[at] = std::max(depth_[at], z); });
}

void PaintLayer::PaintTriangle(const Vec3 corners[3], const std::function<Ink(const float weights[3])>& ink) {
  EachSample(corners, [&](size_t at, const float* weights, float z) {
    if (z <= depth_[at]) return;
    const Ink seen = ink(weights);
    if (seen.alpha <= 0) return;
    depth_[at] = z;
    Lay(at, seen);
  });
}

void PaintLayer::PaintLine(const std::vector<Vec3>& points, float thickness, float slack, const Ink& ink) {
  const auto s = static_cast<float>(samples_);
  const float radius = std::max(0.5f, 0.5f * thickness * s);
  // Each sample once, whatever number of segments touch it.
  std::vector<uint8_t> done(ink_.size());
  for (size_t i = 1; i < points.size(); ++i) {
    const Vec3 a{(points[i - 1].x - left_) * s - 0.5f, (points[i - 1].y - top_) * s - 0.5f, points[i - 1].z};
    const Vec3 b{(points[i].x - left_) * s - 0.5f, (points[i].y - top_) * s - 0.5f, points[i].z};
    const float dx = b.x - a.x, dy = b.y - a.y, squared = std::max(1e-6f, dx * dx + dy * dy);
    const int c0 = std::max(0, static_cast<int>(std::min(a.x, b.x) - radius - 1)),
              c1 = std::min(columns_ - 1, static_cast<int>(std::max(a.x, b.x) + radius + 1));
    const int r0 = std::max(0, static_cast<int>(std::min(a.y, b.y) - radius - 1)),
              r1 = std::min(rows_ - 1, static_cast<int>(std::max(a.y, b.y) + radius + 1));
    for (int r = r0; r <= r1; ++r) {
      for (int c = c0; c <= c1; ++c) {
        const float t = std::clamp(((c - a.x) * dx + (r - a.y) * dy) / squared, 0.0f, 1.0f);
        if (std::hypot(c - a.x - t * dx, r - a.y - t * dy) > radius) continue;
        const size_t at = At(c, r);
        if (done[at] || a.z + t * (b.z - a.z) + slack < depth_[at]) continue;
        done[at] = 1;
        Lay(at, ink);
      }
    }
  }
}

std::vector<PaintLayer::Pixel> PaintLayer::Flatten() const {
  std::vector<Pixel> flat(static_cast<size_t>(width_) * height_);
  const float share = 1.0f / static_cast<float>(samples_ * samples_);
  for (int r = 0; r < rows_; ++r) {
    for (int c = 0; c < columns_; ++c) {
      const Pixel& from = ink_[At(c, r)];
      Pixel& to = flat[static_cast<size_t>(r / samples_) * width_ + c / samples_];
      to.colour = {to.colour.r + from.colour.r * share, to.colour.g + from.colour.g * share,
                   to.colour.b + from.colour.b * share};
      to.alpha += from.alpha * share;
      to.under += from.under * share;
    }
  }
  return flat;
}

float SmoothNoise(float x, float y, uint64_t seed) {
  const float fx = std::floor(x), fy = std::floor(y);
  const auto corner = [&](int dx, int dy) {
    uint64_t state = seed ^ (static_cast<uint64_t>(static_cast<int64_t>(fx) + dx) * 0x9e3779b97f4a7c15ULL) ^
                     (static_cast<uint64_t>(static_cast<int64_t>(fy) + dy) * 0xc2b2ae3d27d4eb4fULL);
    return static_cast<float>(Random::SplitMix(state) >> 40) / 8388608.0f - 1;
  };
  const auto ease = [](float t) { return t * t * (3 - 2 * t); };
  const float u = ease(x - fx), v = ease(y - fy);
  const float top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * u,
              bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * u;
  return top + (bottom - top) * v;
}

}  // namespace maskscope
