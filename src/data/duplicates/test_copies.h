#ifndef MASKSCOPE_DATA_DUPLICATES_TEST_COPIES_H_
#define MASKSCOPE_DATA_DUPLICATES_TEST_COPIES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "data/duplicates/affine.h"
#include "image/image.h"
#include "image/transform.h"

// Copies of pictures as people and their tools make them, for tests.
namespace maskscope::test {

// 90 degrees clockwise.
inline Image QuarterTurn(const Image& image) {
  Image turned(image.height, image.width);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(image.row(y) + 3 * size_t(x), 3, turned.row(x) + 3 * size_t(image.height - 1 - y));
    }
  }
  return turned;
}

// What lies outside of the original: black, or the nearest pixel of its edge.
enum class Outside { kBlack, kNearest };

// `from_copy` maps pixels of the copy, which has the original's size, to pixels of the original; bilinear.
inline Image Warped(const Image& image, const Affine& from_copy, Outside outside) {
  Image warped(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      double u = from_copy.X(x + 0.5, y + 0.5) - 0.5, v = from_copy.Y(x + 0.5, y + 0.5) - 0.5;
      if (outside == Outside::kBlack && (u < 0 || v < 0 || u > image.width - 1 || v > image.height - 1)) continue;
      u = std::clamp(u, 0.0, image.width - 1.001), v = std::clamp(v, 0.0, image.height - 1.001);
      const int x0 = static_cast<int>(u), y0 = static_cast<int>(v);
      const double fx = u - x0, fy = v - y0;
      const uint8_t *above = image.row(y0) + 3 * size_t(x0), *below = image.row(y0 + 1) + 3 * size_t(x0);
      for (int c = 0; c < 3; ++c) {
        const double value =
            (1 - fy) * ((1 - fx) * above[c] + fx * above[c + 3]) + fy * ((1 - fx) * below[c] + fx * below[c + 3]);
        warped.row(y)[3 * size_t(x) + c] = static_cast<uint8_t>(value + 0.5);
      }
    }
  }
  return warped;
}

// About the centre: turned clockwise, sheared (x by y) and enlarged.
inline Image Turned(const Image& image, double degrees, Outside outside = Outside::kBlack, double shear = 0,
                    double zoom = 1) {
  const double c = std::cos(degrees / 57.29578) / zoom, s = std::sin(degrees / 57.29578) / zoom;
  Affine map{c, s + shear, 0, -s, c, 0};
  const double mx = image.width / 2.0, my = image.height / 2.0;
  map.c = mx - map.X(mx, my);
  map.f = my - map.Y(mx, my);
  return Warped(image, map, outside);
}

inline Image Letterboxed(const Image& image, int side, uint8_t fill) {
  const auto w = static_cast<float>(image.width), h = static_cast<float>(image.height);
  const float most = std::max(w, h);
  return CropResize(image, {(w - most) / 2, (h - most) / 2, (w + most) / 2, (h + most) / 2}, side, side, fill);
}

// Corners as shares of the sides.
inline Image Cut(const Image& image, double x1, double y1, double x2, double y2) {
  const Box box{static_cast<float>(x1 * image.width), static_cast<float>(y1 * image.height),
                static_cast<float>(x2 * image.width), static_cast<float>(y2 * image.height)};
  return CropResize(image, box, static_cast<int>(box.width()), static_cast<int>(box.height()));
}

inline Image Scaled(const Image& image, double factor) {
  return Resize(image, std::max(8, static_cast<int>(image.width * factor + 0.5)),
                std::max(8, static_cast<int>(image.height * factor + 0.5)));
}

// 128 + (value - 128) * contrast + brightness, cut to 0..255.
inline Image Relit(const Image& image, double contrast, double brightness) {
  Image relit = image;
  for (uint8_t& value : relit.pixels) {
    value = static_cast<uint8_t>(std::clamp(128 + (value - 128) * contrast + brightness, 0.0, 255.0));
  }
  return relit;
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_DATA_DUPLICATES_TEST_COPIES_H_
