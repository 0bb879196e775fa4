#ifndef MASKSCOPE_DATA_DUPLICATES_AFFINE_H_
#define MASKSCOPE_DATA_DUPLICATES_AFFINE_H_

#include <array>
#include <cmath>

namespace maskscope {

// (x, y) -> (a x + b y + c, d x + e y + f). Between pictures it works on their unit squares: (0, 0) is the upper left
// and (1, 1) the lower right corner of the content (borders stripped), whatever the aspect.
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;

  double X(double x, double y) const { return a * x + b * y + c; }
  double Y(double x, double y) const { return d * x + e * y + f; }
  double Determinant() const { return a * e - b * d; }
  bool Mirrors() const { return Determinant() < 0; }

  // First `inner`, then this.
  Affine After(const Affine& inner) const {
    return {a * inner.a + b * inner.d, a * inner.b + b * inner.e, a * inner.c + b * inner.f + c,
            d * inner.a + e * inner.d, d * inner.b + e * inner.e, d * inner.c + e * inner.f + f};
  }
  // The determinant must not be 0.
  Affine Inverse() const {
    const double scale = 1 / Determinant();
    return {e * scale,  -b * scale, (b * f - c * e) * scale,  //
            -d * scale, a * scale,  (c * d - a * f) * scale};
  }
};

// The unit square turned by `quarter_turns` times 90 degrees counterclockwise, mirrored left to right before that.
inline Affine DihedralMap(int quarter_turns, bool mirrored) {
  Affine map;
  if (mirrored) map = {-1, 0, 1, 0, 1, 0};
  for (int i = 0; i < quarter_turns % 4; ++i) map = Affine{0, 1, 0, -1, 0, 1}.After(map);
  return map;
}

// How one picture lies in another, for people to read. `from` and `to` are the contents' sizes in pixels.
struct PoseInWords {
  bool mirrored = false;
  double rotation_degrees = 0;  // (-180, 180], after mirroring
  double scale = 1;             // length in `to` over length in `from`, geometric mean of the axes
};
inline PoseInWords DescribePose(const Affine& map, double from_width, double from_height, double to_width,
                                double to_height) {
  double a = map.a * to_width / from_width, b = map.b * to_width / from_height;
  double d = map.d * to_height / from_width;
  const double e = map.e * to_height / from_height;
  PoseInWords pose;
  const double determinant = a * e - b * d;
  pose.mirrored = determinant < 0;
  pose.scale = std::sqrt(std::abs(determinant));
  if (pose.mirrored) a = -a, d = -d;
  constexpr double kDegrees = 57.29577951308232;
  pose.rotation_degrees = std::atan2(d - b, a + e) * kDegrees;
  return pose;
}

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_AFFINE_H_
