#include "data/duplicates/picture_print.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "image/quality.h"
#include "image/transform.h"

namespace maskscope {
namespace {

constexpr int kCells = 12;

// Sums of brightness over any rectangle of the grey copy, also between pixels.
class BrightnessSums {
 public:
  explicit BrightnessSums(const PicturePrint& print) {
    for (int y = 0; y < kPrintSide; ++y) {
      float row = 0;
      for (int x = 0; x < kPrintSide; ++x) {
        row += print.grey[size_t(y) * kPrintSide + x];
        sums_[size_t(y + 1) * kSide + x + 1] = sums_[size_t(y) * kSide + x + 1] + row;
      }
    }
  }
  // Mean over a rectangle of the unit square, cut to it.
  float Mean(double x1, double y1, double x2, double y2) const {
    x1 = std::clamp(x1, 0.0, 1.0), x2 = std::clamp(x2, 0.0, 1.0);
    y1 = std::clamp(y1, 0.0, 1.0), y2 = std::clamp(y2, 0.0, 1.0);
    const double area = (x2 - x1) * (y2 - y1) * kPrintSide * kPrintSide;
    if (area < 1e-6) return 0;
    return static_cast<float>((At(x2, y2) - At(x1, y2) - At(x2, y1) + At(x1, y1)) / area);
  }

 private:
  static constexpr int kSide = kPrintSide + 1;
  double At(double x, double y) const {
    x *= kPrintSide, y *= kPrintSide;
    const int x0 = std::min(static_cast<int>(x), kPrintSide - 1), y0 = std::min(static_cast<int>(y), kPrintSide - 1);
    const double fx = x - x0, fy = y - y0;
    const float* above = sums_.data() + size_t(y0) * kSide + x0;
    const float* below = above + kSide;
    return (1 - fy) * ((1 - fx) * above[0] + fx * above[1]) + fy * ((1 - fx) * below[0] + fx * below[1]);
  }
  std::array<float, kSide * kSide> sums_{};
};

// Bits that lie side by side in the picture tell much the same: they are dealt out to the sixteen bands of the search.
class HashBits {
 public:
  void Add(bool bit) {
    const int position = next_ % 16 * 16 + next_ / 16;
    hash_[position / 64] |= uint64_t{bit} << (position % 64);
    ++next_;
  }
  const PrintHash& hash() const { return hash_; }

 private:
  PrintHash hash_{};
  int next_ = 0;
};

bool IsCorner(int x, int y) { return (x == 0 || x == kCells - 1) && (y == 0 || y == kCells - 1); }

// False when the view shows next to nothing.
bool HashView(const BrightnessSums& sums, PrintView* view) {
  const Affine& map = view->map;
  const double half_x = (std::abs(map.a) + std::abs(map.b)) / (2 * kCells);
  const double half_y = (std::abs(map.d) + std::abs(map.e)) / (2 * kCells);
  std::array<float, kCells * kCells> cells;
  double sum = 0, squares = 0;
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      const double u = (x + 0.5) / kCells, v = (y + 0.5) / kCells;
      const double cx = map.X(u, v), cy = map.Y(u, v);
      const float value = sums.Mean(cx - half_x, cy - half_y, cx + half_x, cy + half_y);
      cells[size_t(y) * kCells + x] = value;
      sum += value, squares += double{value} * value;
    }
  }
  constexpr float kNoise = 1;  // grey levels
  HashBits bits;
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      const float value = cells[size_t(y) * kCells + x];
      if (x + 1 < kCells && !IsCorner(x, y) && !IsCorner(x + 1, y)) {
        bits.Add(cells[size_t(y) * kCells + x + 1] - value > kNoise);
      }
      if (y + 1 < kCells && !IsCorner(x, y) && !IsCorner(x, y + 1)) {
        bits.Add(cells[size_t(y + 1) * kCells + x] - value > kNoise);
      }
    }
  }
  view->hash = bits.hash();
  constexpr double kCount = kCells * kCells, kLeastVariance = 64, kLeastBits = 40;
  const double variance = squares / kCount - (sum / kCount) * (sum / kCount);
  return variance >= kLeastVariance && HashDistance(view->hash, {}) >= kLeastBits;
}

struct Part {
  double x, y, width, height;  // of the unit square
};

// `count` places, evenly from 0 to 1 - size.
void AddGrid(std::vector<Part>& parts, double width, double height, int columns, int rows) {
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      parts.push_back({columns > 1 ? (1 - width) * column / (columns - 1) : (1 - width) / 2,
                       rows > 1 ? (1 - height) * row / (rows - 1) : (1 - height) / 2, width, height});
    }
  }
}

// Parts of the picture's own shape at three sizes, squares of full and of three quarters height, strips.
std::vector<Part> PartsOf(double aspect) {
  std::vector<Part> parts;
  AddGrid(parts, 0.9, 0.9, 2, 2);
  AddGrid(parts, 0.8, 0.8, 3, 3);
  AddGrid(parts, 0.65, 0.65, 4, 4);
  AddGrid(parts, 0.5, 0.5, 5, 5);
  if (aspect >= 1.15) AddGrid(parts, 1 / aspect, 1, aspect > 1.4 ? 5 : 3, 1);
  if (aspect <= 1 / 1.15) AddGrid(parts, 1, aspect, 1, aspect < 1 / 1.4 ? 5 : 3);
  AddGrid(parts, 0.75, 1, 3, 1);
  AddGrid(parts, 1, 0.75, 1, 3);
  return parts;
}

// A square about the centre, 0.7 times the shorter side, turned: it stays inside at any angle.
Affine TurnedCentre(double width, double height, double degrees) {
  const double side = 0.7 * std::min(width, height), angle = degrees * std::numbers::pi / 180;
  const double cosine = std::cos(angle) * side, sine = std::sin(angle) * side;
  const Affine map{cosine / width, -sine / width, 0, sine / height, cosine / height, 0};
  return {map.a, map.b, 0.5 - map.X(0.5, 0.5), map.d, map.e, 0.5 - map.Y(0.5, 0.5)};
}

void AddView(const BrightnessSums& sums, const Affine& map, std::vector<PrintView>& views) {
  PrintView view;
  view.map = map;
  if (HashView(sums, &view)) views.push_back(view);
}

void AddWhole(const BrightnessSums& sums, const Affine& map, std::vector<PrintView>& views) {
  PrintView view;
  view.map = map;
  view.whole = true;
  HashView(sums, &view);  // the whole is always looked up, however plain
  views.push_back(view);
}

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

std::vector<PrintView> IndexedViews(const PicturePrint& print, const ViewOptions& options) {
  const BrightnessSums sums(print);
  std::vector<PrintView> views;
  for (const bool mirrored : {false, true}) {
    for (int turns = 0; turns < 4; ++turns) AddWhole(sums, DihedralMap(turns, mirrored), views);
  }
  if (options.parts) {
    for (const Part& part : PartsOf(print.content.width() / print.content.height())) {
      AddView(sums, {part.width, 0, part.x, 0, part.height, part.y}, views);
    }
  }
  if (options.rotations) AddView(sums, TurnedCentre(print.content.width(), print.content.height(), 0), views);
  return views;
}

std::vector<PrintView> QueryViews(const PicturePrint& print, const ViewOptions& options) {
  const BrightnessSums sums(print);
  const Affine mirror = DihedralMap(0, true);
  std::vector<PrintView> views;
  AddWhole(sums, {}, views);
  if (options.parts) {
    for (const Part& part : PartsOf(print.content.width() / print.content.height())) {
      const Affine map{part.width, 0, part.x, 0, part.height, part.y};
      AddView(sums, map, views);
      AddView(sums, map.After(mirror), views);
    }
  }
  if (options.rotations) {
    for (int degrees = -180; degrees < 180; degrees += 10) {
      const Affine map = TurnedCentre(print.content.width(), print.content.height(), degrees);
      AddView(sums, map, views);
      AddView(sums, map.After(mirror), views);
    }
  }
  return views;
}

}  // namespace maskscope
