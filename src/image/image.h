#ifndef MASKSCOPE_IMAGE_IMAGE_H_
#define MASKSCOPE_IMAGE_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace maskscope {

// Axis-aligned box in float pixels, origin top left, right and bottom exclusive.
struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
  float area() const { return width() > 0 && height() > 0 ? width() * height() : 0; }
  bool operator==(const Box&) const = default;
};
float Iou(const Box& a, const Box& b);

struct Point {
  float x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

// 8-bit RGB picture, rows packed: pixels[(y * width + x) * 3 + channel].
struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;
  Image() = default;
  Image(int w, int h, uint8_t value = 0) : width(w), height(h), pixels(size_t(w) * h * 3, value) {}
  bool empty() const { return width == 0 || height == 0; }
  uint8_t* row(int y) { return pixels.data() + size_t(y) * width * 3; }
  const uint8_t* row(int y) const { return pixels.data() + size_t(y) * width * 3; }
};

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_IMAGE_H_
