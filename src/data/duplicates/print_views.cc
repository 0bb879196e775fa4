#include "data/duplicates/print_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace maskscope {
namespace {

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

// False when the view shows next to nothing.
bool CodeView(const BrightnessSums& sums, const Affine& map, ViewCode* code) {
  const double half_x = (std::abs(map.a) + std::abs(map.b)) / (2 * kCodeCells);
  const double half_y = (std::abs(map.d) + std::abs(map.e)) / (2 * kCodeCells);
  std::array<float, kCodeCells * kCodeCells> cells;
  double sum = 0, squares = 0;
  for (int y = 0; y < kCodeCells; ++y) {
    for (int x = 0; x < kCodeCells; ++x) {
      const double u = (x + 0.5) / kCodeCells, v = (y + 0.5) / kCodeCells;
      const double cx = map.X(u, v), cy = map.Y(u, v);
      const float value = sums.Mean(cx - half_x, cy - half_y, cx + half_x, cy + half_y);
      cells[size_t(y) * kCodeCells + x] = value;
      sum += value, squares += double{value} * value;
    }
  }
  *code = MakeViewCode(cells);
  constexpr double kCount = kCodeCells * kCodeCells, kLeastVariance = 64;
  return squares / kCount - (sum / kCount) * (sum / kCount) >= kLeastVariance;
}

// Parts of one size, evenly from edge to edge; a single column or row stands in the middle. In shares of the sides.
struct Grid {
  double width, height;
  int columns, rows;
  int count() const { return columns * rows; }
  Affine At(int place) const {
    const auto offset = [](int i, int of, double size) { return (1 - size) * (of > 1 ? double(i) / (of - 1) : 0.5); };
    return {width, 0, offset(place % columns, columns, width), 0, height, offset(place / columns, rows, height)};
  }
};

// The whole; the picture's own shape at four sizes; squares of full height, strips; squares in the middle, to be
// compared with turned ones.
std::array<Grid, 10> GridsOf(const PicturePrint& print) {
  const double aspect = print.content.width() / print.content.height();
  const double square_width = std::min(1.0, 1 / aspect), square_height = std::min(1.0, aspect);
  const int along = aspect > 1.4 || aspect < 1 / 1.4 ? 5 : aspect > 1.15 || aspect < 1 / 1.15 ? 3 : 0;
  const auto square = [&](double side, int places) {
    return Grid{side * square_width, side * square_height, places, places};
  };
  return {
      Grid{1, 1, 1, 1},
      {0.9, 0.9, 2, 2},
      {0.8, 0.8, 3, 3},
      {0.65, 0.65, 4, 4},
      {0.5, 0.5, 5, 5},
      {square_width, square_height, aspect > 1 ? along : std::min(along, 1), aspect > 1 ? std::min(along, 1) : along},
      {0.75, 1, 3, 1},
      {1, 0.75, 1, 3},
      square(0.7, 1),
      square(0.5, 1)};
}

// A rectangle (pixels) about a centre in the unit square, turned.
Affine TurnedMap(const PicturePrint& print, double width, double height, double x, double y, double degrees) {
  const double full_width = print.content.width(), full_height = print.content.height();
  const double angle = degrees * std::numbers::pi / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const Affine map{cosine * width / full_width, -sine * height / full_width,   0,
                   sine * width / full_height,  cosine * height / full_height, 0};
  return {map.a, map.b, x - map.X(0.5, 0.5), map.d, map.e, y - map.Y(0.5, 0.5)};
}

}  // namespace

std::vector<PrintView> PartViews(const PicturePrint& print, const ViewOptions& options) {
  constexpr size_t kFirstSquares = 8;
  const BrightnessSums sums(print);
  std::vector<PrintView> views(1);
  CodeView(sums, {}, &views[0].code);
  const auto grids = GridsOf(print);
  int number = 1;
  for (size_t g = 1; g < grids.size(); ++g) {
    const bool wanted = g < kFirstSquares ? options.parts : options.rotations;
    for (int place = 0; place < grids[g].count(); ++place, ++number) {
      PrintView view{static_cast<uint8_t>(number), {}};
      if (wanted && CodeView(sums, grids[g].At(place), &view.code)) views.push_back(view);
    }
  }
  return views;
}

std::vector<TurnedView> TurnedViews(const PicturePrint& print, const ViewOptions& options) {
  std::vector<TurnedView> views;
  if (!options.rotations) return views;
  const BrightnessSums sums(print);
  const double width = print.content.width(), height = print.content.height();
  const auto add = [&](double part_width, double part_height, double x, double y, double degrees) {
    TurnedView view{TurnedMap(print, part_width, part_height, x, y, degrees), {}};
    if (CodeView(sums, view.map, &view.code)) views.push_back(view);
  };
  // Squares in the middle stay inside at any angle.
  for (const double side : {0.7, 0.5}) {
    const double pixels = side * std::min(width, height);
    for (int degrees = 10; degrees < 90; degrees += 10) add(pixels, pixels, 0.5, 0.5, degrees);
  }
  if (!options.parts) return views;
  const Grid grid{0.65, 0.65, 4, 4};
  for (int place = 0; place < grid.count(); ++place) {
    const Affine upright = grid.At(place);
    for (const double degrees : {-10, 10}) {
      add(grid.width * width, grid.height * height, upright.X(0.5, 0.5), upright.Y(0.5, 0.5), degrees);
    }
  }
  return views;
}

Affine PartMap(const PicturePrint& print, int number) {
  for (const Grid& grid : GridsOf(print)) {
    if (number < grid.count()) return grid.At(number);
    number -= grid.count();
  }
  return {};
}

}  // namespace maskscope
