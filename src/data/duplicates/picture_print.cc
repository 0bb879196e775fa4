#include "data/duplicates/picture_print.h"

#include <algorithm>
#include <cstdlib>

#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr uint8_t kBorderTolerance = 12;  // grey levels: what JPEG makes of a plain area

// Whether a line of pixels differs from `colour` in no more than one of fifty.
template <typename PixelAt>
bool IsPlainLine(int length, const uint8_t* colour, const PixelAt& pixel_at) {
  int odd = 0;
  for (int i = 0; i < length; ++i) {
    const uint8_t* pixel = pixel_at(i);
    for (int c = 0; c < 3; ++c) {
      if (std::abs(pixel[c] - colour[c]) > kBorderTolerance) {
        ++odd;
        break;
      }
    }
    if (odd * 50 > length) return false;
  }
  return true;
}

// How many of `lines` lines, counted from one side, are plain and of the colour of the first one's middle.
template <typename PixelAt>
int CountPlainLines(int lines, int length, const PixelAt& pixel_at) {
  const uint8_t* colour = pixel_at(0, length / 2);
  int count = 0;
  while (count < lines && IsPlainLine(length, colour, [&](int i) { return pixel_at(count, i); })) ++count;
  return count;
}

}  // namespace

Box FindContent(const Image& image) {
  const int w = image.width, h = image.height;
  const auto at = [&](int x, int y) { return image.row(y) + 3 * size_t(x); };
  int top = CountPlainLines(h, w, [&](int line, int i) { return at(i, line); });
  int bottom = CountPlainLines(h, w, [&](int line, int i) { return at(i, h - 1 - line); });
  if ((h - top - bottom) * 10 < h * 3) top = bottom = 0;
  const int rows = h - top - bottom;
  int left = CountPlainLines(w, rows, [&](int line, int i) { return at(line, top + i); });
  int right = CountPlainLines(w, rows, [&](int line, int i) { return at(w - 1 - line, top + i); });
  if ((w - left - right) * 10 < w * 3) left = right = 0;
  // The line where content begins is often a blend of both.
  const auto past_blend = [](int border) { return static_cast<float>(border > 0 ? border + 1 : 0); };
  return {past_blend(left), past_blend(top), static_cast<float>(w) - past_blend(right),
          static_cast<float>(h) - past_blend(bottom)};
}

PicturePrint MakePicturePrint(const Image& image, int full_width, int full_height) {
  PicturePrint print;
  print.width = full_width;
  print.height = full_height;
  const Box content = FindContent(image);
  const std::vector<uint8_t> grey = ToGrey(CropResize(image, content, kPrintSide, kPrintSide));
  std::copy(grey.begin(), grey.end(), print.grey.begin());
  const float scale_x = static_cast<float>(full_width) / static_cast<float>(image.width);
  const float scale_y = static_cast<float>(full_height) / static_cast<float>(image.height);
  print.content = {content.x1 * scale_x, content.y1 * scale_y, content.x2 * scale_x, content.y2 * scale_y};
  return print;
}

}  // namespace maskscope
