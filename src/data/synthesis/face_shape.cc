#include "data/synthesis/face_shape.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace maskscope {
namespace {

constexpr int kParameters = 7;  // log scale, yaw, pitch, roll, x, y, log length
using Parameters = std::array<double, kParameters>;
constexpr int kResiduals = 13;
using Residuals = std::array<double, kResiduals>;

constexpr std::array<Vec3, 5> kLandmarks = {
    {{-0.5f, 0, 0}, {0.5f, 0, 0}, {0, kNoseTip, 0.52f}, {-0.414f, kMouth, 0.16f}, {0.414f, kMouth, 0.16f}}};

FaceFit FromParameters(const Parameters& p) {
  FaceFit fit;
  fit.scale = static_cast<float>(std::exp(p[0]));
  fit.yaw = static_cast<float>(p[1]);
  fit.pitch = static_cast<float>(p[2]);
  fit.roll = static_cast<float>(p[3]);
  fit.origin = {static_cast<float>(p[4]), static_cast<float>(p[5])};
  fit.length = static_cast<float>(std::exp(p[6]));
  fit.chin = fit.length * kChin;
  return fit;
}

// Landmarks are believed to about 0.05 units; heads are seldom turned far up or down, and never upside down here.
Residuals Deviations(const Parameters& p, const std::vector<Point>& seen, double unit) {
  const FaceFit fit = FromParameters(p);
  Residuals r{};
  for (size_t i = 0; i < kLandmarks.size(); ++i) {
    const Vec3 at = fit.Project(kLandmarks[i]);
    r[2 * i] = (at.x - seen[i].x) / (0.05 * unit);
    r[2 * i + 1] = (at.y - seen[i].y) / (0.05 * unit);
  }
  r[10] = p[1] / 0.7;
  r[11] = p[2] / 0.22;
  r[12] = p[6] / 0.07;
  return r;
}

double SumOfSquares(const Residuals& r) {
  double sum = 0;
  for (const double v : r) sum += v * v;
  return sum;
}

// Gaussian elimination with pivoting; false for a singular matrix.
bool Solve(std::array<std::array<double, kParameters + 1>, kParameters>& m, Parameters& x) {
  for (int c = 0; c < kParameters; ++c) {
    int pivot = c;
    for (int r = c + 1; r < kParameters; ++r) {
      if (std::abs(m[r][c]) > std::abs(m[pivot][c])) pivot = r;
    }
    if (!(std::abs(m[pivot][c]) > 1e-12)) return false;
    std::swap(m[c], m[pivot]);
    for (int r = 0; r < kParameters; ++r) {
      if (r == c) continue;
      const double f = m[r][c] / m[c][c];
      for (int k = c; k <= kParameters; ++k) m[r][k] -= f * m[c][k];
    }
  }
  for (int c = 0; c < kParameters; ++c) x[c] = m[c][kParameters] / m[c][c];
  return true;
}

// Levenberg and Marquardt, derivatives by differences.
Parameters Minimise(Parameters p, const std::vector<Point>& seen, double unit) {
  const Parameters step{1e-4, 1e-4, 1e-4, 1e-4, 1e-3 * unit, 1e-3 * unit, 1e-4};
  double damping = 1e-2, cost = SumOfSquares(Deviations(p, seen, unit));
  for (int iteration = 0; iteration < 40 && damping < 1e8; ++iteration) {
    const Residuals r = Deviations(p, seen, unit);
    std::array<Residuals, kParameters> slope;
    for (int c = 0; c < kParameters; ++c) {
      Parameters q = p;
      q[c] += step[c];
      const Residuals moved = Deviations(q, seen, unit);
      for (int k = 0; k < kResiduals; ++k) slope[c][k] = (moved[k] - r[k]) / step[c];
    }
    std::array<std::array<double, kParameters + 1>, kParameters> m{};
    for (int a = 0; a < kParameters; ++a) {
      for (int k = 0; k < kResiduals; ++k) {
        for (int b = 0; b < kParameters; ++b) m[a][b] += slope[a][k] * slope[b][k];
        m[a][kParameters] -= slope[a][k] * r[k];
      }
      m[a][a] *= 1 + damping;
    }
    Parameters change{};
    if (!Solve(m, change)) return p;
    Parameters q = p;
    for (int c = 0; c < kParameters; ++c) q[c] += change[c];
    const double moved_cost = SumOfSquares(Deviations(q, seen, unit));
    if (moved_cost < cost) {
      const bool settled = cost - moved_cost < 1e-7 * cost;
      p = q;
      cost = moved_cost;
      damping *= 0.3;
      if (settled) break;
    } else {
      damping *= 10;
    }
  }
  return p;
}

// What the box knows better than five points in the middle of the face: where the chin and the cheeks end.
void TakeFromBox(const Box& box, FaceFit& fit) {
  if (std::abs(fit.roll) < 0.45f) {
    const float lowest = fit.Project({0, kChin, 0.2f}).y;
    const float surplus = (box.y2 - lowest) / (fit.scale * std::cos(fit.pitch));
    fit.chin += std::clamp(0.6f * surplus, -0.16f, 0.2f);
  }
  if (std::abs(fit.yaw) < 0.5f && std::abs(fit.roll) < 0.35f) {
    const float measured = box.width() / (2 * 1.05f * fit.scale);
    fit.width = std::clamp(1 + 0.5f * (measured - 1), 0.93f, 1.1f);
  }
}

}  // namespace

float Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vec3 Cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
Vec3 Unit(Vec3 a) {
  const float length = std::sqrt(Dot(a, a));
  return length > 1e-12f ? a * (1 / length) : Vec3{0, 0, 1};
}

Vec3 FaceFit::Turn(Vec3 p) const {
  const float cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch);
  const float cr = std::cos(roll), sr = std::sin(roll);
  const Vec3 a{p.x * cy + p.z * sy, p.y, p.z * cy - p.x * sy};
  const Vec3 b{a.x, a.y * cp + a.z * sp, a.z * cp - a.y * sp};
  return {b.x * cr - b.y * sr, b.x * sr + b.y * cr, b.z};
}

Vec3 FaceFit::Project(Vec3 head) const {
  const float mouth = length * kMouth;
  const float y = head.y <= kMouth  ? head.y * length
                  : head.y <= kChin ? mouth + (head.y - kMouth) * (chin - mouth) / (kChin - kMouth)
                                    : chin + (head.y - kChin) * length;
  const Vec3 p = Turn({head.x * width, y, head.z}) * scale;
  return {p.x + origin.x, p.y + origin.y, p.z};
}

std::optional<FaceFit> FitFace(const std::vector<Point>& landmarks, const Box& box, std::string* reason) {
  const auto fail = [&](const char* why) {
    if (reason) *reason = why;
    return std::nullopt;
  };
  if (landmarks.size() != 5) return fail("no_landmarks");
  for (const Point& p : landmarks) {
    if (!(std::abs(p.x) < 1e6f && std::abs(p.y) < 1e6f)) return fail("bad_landmarks");
  }
  if (!(box.width() > 0 && box.height() > 0 && std::abs(box.x1) < 1e6f && std::abs(box.y2) < 1e6f)) {
    return fail("bad_box");
  }
  const auto middle = [&](size_t a, size_t b) {
    return Point{0.5f * (landmarks[a].x + landmarks[b].x), 0.5f * (landmarks[a].y + landmarks[b].y)};
  };
  const Point eyes = middle(0, 1), mouth = middle(3, 4);
  const float across = std::hypot(landmarks[1].x - landmarks[0].x, landmarks[1].y - landmarks[0].y);
  const float down = std::hypot(mouth.x - eyes.x, mouth.y - eyes.y);
  const double unit = std::max(across, down / kMouth);
  // Eyes on one spot, or the mouth between the eyes: no face looks like that from a side worth drawing on.
  if (!(across > 0.15 * unit && down > 0.35 * unit && unit > 1)) return fail("bad_landmarks");
  const double roll = std::atan2(-(mouth.x - eyes.x), mouth.y - eyes.y);
  Parameters start{std::log(unit), 0, 0, roll, eyes.x, eyes.y, 0};
  FaceFit fit = FromParameters(Minimise(start, landmarks, unit));
  double sum = 0;
  for (size_t i = 0; i < kLandmarks.size(); ++i) {
    const Vec3 at = fit.Project(kLandmarks[i]);
    sum += std::pow(at.x - landmarks[i].x, 2) + std::pow(at.y - landmarks[i].y, 2);
  }
  fit.residual = static_cast<float>(std::sqrt(sum / 5)) / fit.scale;
  if (!(fit.residual < 0.2f) || !(fit.scale > 1)) return fail("bad_landmarks");
  const Vec3 nose = fit.Project({0, kNoseTip, 0.2f});
  if (Iou(box, box) <= 0 || nose.x < box.x1 || nose.x > box.x2 || nose.y < box.y1 || nose.y > box.y2) {
    return fail("bad_landmarks");
  }
  TakeFromBox(box, fit);
  return fit;
}

float Interpolate(const CurveNode* nodes, size_t count, float x) {
  if (x <= nodes[0].x) return nodes[0].y;
  for (size_t i = 1; i < count; ++i) {
    if (x > nodes[i].x) continue;
    // Cubic Hermite with slopes by differences.
    const auto slope = [&](size_t k) {
      const size_t a = k > 0 ? k - 1 : 0, b = std::min(k + 1, count - 1);
      return (nodes[b].y - nodes[a].y) / (nodes[b].x - nodes[a].x);
    };
    const float h = nodes[i].x - nodes[i - 1].x, t = (x - nodes[i - 1].x) / h;
    const float t2 = t * t, t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * nodes[i - 1].y + (t3 - 2 * t2 + t) * h * slope(i - 1) +
           (3 * t2 - 2 * t3) * nodes[i].y + (t3 - t2) * h * slope(i);
  }
  return nodes[count - 1].y;
}

float HeadHalfWidth(float y) {
  static constexpr CurveNode kNodes[] = {{-1.3f, 0.82f}, {-0.6f, 1.0f},   {0, 1.06f},    {0.4f, 1.06f},
                                         {0.8f, 1.01f},  {1.155f, 0.93f}, {1.4f, 0.82f}, {1.6f, 0.68f},
                                         {1.75f, 0.52f}, {1.86f, 0.3f},   {1.92f, 0.12f}};
  return Interpolate(kNodes, std::size(kNodes), y);
}

float HeadFront(float y) {
  static constexpr CurveNode kNodes[] = {{-1.3f, -0.15f}, {-0.6f, 0.1f}, {0, 0.13f},      {0.3f, 0.17f},
                                         {0.6f, 0.23f},   {0.8f, 0.28f}, {1.155f, 0.33f}, {1.4f, 0.25f},
                                         {1.65f, 0.28f},  {1.78f, 0.2f}, {1.92f, -0.1f}};
  return Interpolate(kNodes, std::size(kNodes), y);
}

float NoseHeight(float x, float y) {
  static constexpr CurveNode kNodes[] = {{-0.1f, 0.02f}, {0.1f, 0.07f},  {0.35f, 0.19f},
                                         {0.55f, 0.3f},  {0.64f, 0.27f}, {0.76f, 0}};
  if (y > 0.76f || y < -0.1f) return 0;
  const float spread = 0.1f + 0.1f * std::clamp(y / 0.6f, 0.0f, 1.0f);
  return Interpolate(kNodes, std::size(kNodes), y) * std::exp(-(x * x) / (spread * spread));
}

Vec3 SurfacePoint(float angle, float y, float half_width, float front) {
  constexpr float kAxis = -0.75f;
  const float s = std::sin(angle), c = std::cos(angle);
  // A little squarer than an ellipse: faces are flat in front.
  const auto square = [](float v) { return std::copysign(std::pow(std::abs(v), 0.9f), v); };
  return {half_width * square(s), y, kAxis + (front - kAxis) * square(c)};
}

Vec3 HeadPoint(float angle, float y) {
  Vec3 p = SurfacePoint(angle, y, HeadHalfWidth(y), HeadFront(y));
  p.z += NoseHeight(p.x, y);
  return p;
}

}  // namespace maskscope
