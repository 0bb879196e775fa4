#include "image/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "image/resample.h"

namespace maskscope {
namespace {

void CheckSize(const Image& source, int width, int height) {
  if (width > 0 && height > 0 && !source.empty()) return;
  throw Error(ErrorKind::kUsage, "resize: from " + std::to_string(source.width) + " x " +
                                     std::to_string(source.height) + " to " + std::to_string(width) + " x " +
                                     std::to_string(height) + " pixels; all sides must be at least 1");
}

bool IsUsable(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2) &&
         box.x2 > box.x1 && box.y2 > box.y1;
}

}  // namespace

Image Resize(const Image& source, int width, int height) {
  CheckSize(source, width, height);
  if (width == source.width && height == source.height) return source;
  return Resample(source, MakeAxisTaps(0, source.width, source.width, width),
                  MakeAxisTaps(0, source.height, source.height, height), 0);
}

Box Placement::ToSource(const Box& box) const {
  return {(box.x1 - offset_x) / scale_x, (box.y1 - offset_y) / scale_y, (box.x2 - offset_x) / scale_x,
          (box.y2 - offset_y) / scale_y};
}

Point Placement::ToSource(const Point& point) const {
  return {(point.x - offset_x) / scale_x, (point.y - offset_y) / scale_y};
}

Image CropResize(const Image& source, const Box& box, int width, int height, uint8_t fill) {
  CheckSize(source, width, height);
  if (!IsUsable(box)) return Image(width, height, fill);
  return Resample(source, MakeAxisTaps(box.x1, box.x2, source.width, width),
                  MakeAxisTaps(box.y1, box.y2, source.height, height), fill);
}

Image FlipHorizontal(const Image& source) {
  Image flipped(source.width, source.height);
  for (int y = 0; y < source.height; ++y) {
    const uint8_t* from = source.row(y) + 3 * size_t(source.width);
    uint8_t* to = flipped.row(y);
    for (int x = 0; x < source.width; ++x, to += 3) {
      from -= 3;
      std::memcpy(to, from, 3);
    }
  }
  return flipped;
}

Box Clamp(const Box& box, int width, int height) {
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  return {std::clamp(box.x1, 0.0f, w), std::clamp(box.y1, 0.0f, h), std::clamp(box.x2, 0.0f, w),
          std::clamp(box.y2, 0.0f, h)};
}

void Paste(const Image& image, int x, int y, Image& sheet) {
  for (int row = 0; row < image.height; ++row) {
    std::memcpy(sheet.row(y + row) + 3 * size_t(x), image.row(row), 3 * size_t(image.width));
  }
}

}  // namespace maskscope
