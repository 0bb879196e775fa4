#include "data/duplicates/align.h"

#include <algorithm>
#include <cmath>

namespace maskscope {
namespace {

// Bilinear, (x, y) in the unit square.
inline float Sample(const GreyView& view, float x, float y) {
  const float px = std::clamp(x * static_cast<float>(view.width) - 0.5f, 0.0f, static_cast<float>(view.width) - 1.01f);
  const float py =
      std::clamp(y * static_cast<float>(view.height) - 0.5f, 0.0f, static_cast<float>(view.height) - 1.01f);
  const int x0 = static_cast<int>(px), y0 = static_cast<int>(py);
  const float fx = px - static_cast<float>(x0), fy = py - static_cast<float>(y0);
  const uint8_t* above = view.pixels.data() + size_t(y0) * view.width + x0;
  const uint8_t* below = above + view.width;
  return (1 - fy) * ((1 - fx) * above[0] + fx * above[1]) + fy * ((1 - fx) * below[0] + fx * below[1]);
}

// The first picture's values on the grid: the same for every map that is tried.
std::vector<float> GridOf(const GreyView& first, int samples) {
  std::vector<float> grid(size_t(samples) * samples);
  const float step = 1.0f / static_cast<float>(samples);
  for (int i = 0; i < samples; ++i) {
    for (int j = 0; j < samples; ++j) {
      grid[size_t(i) * samples + j] =
          Sample(first, (static_cast<float>(j) + 0.5f) * step, (static_cast<float>(i) + 0.5f) * step);
    }
  }
  return grid;
}

Alignment CorrelateGrid(const std::vector<float>& grid, const GreyView& second, const Affine& map, int samples) {
  Alignment result{map, 0, 0};
  const float step = 1.0f / static_cast<float>(samples);
  const auto dx = static_cast<float>(map.a) * step, dy = static_cast<float>(map.d) * step;
  double n = 0, s1 = 0, s2 = 0, s11 = 0, s22 = 0, s12 = 0;
  for (int i = 0; i < samples; ++i) {
    const double v = (i + 0.5) * step;
    auto x = static_cast<float>(map.X(0.5 * step, v)), y = static_cast<float>(map.Y(0.5 * step, v));
    float count = 0, r1 = 0, r2 = 0, r11 = 0, r22 = 0, r12 = 0;  // of this row: small enough for float
    for (int j = 0; j < samples; ++j, x += dx, y += dy) {
      if (x < 0 || y < 0 || x > 1 || y > 1) continue;
      const float a = grid[size_t(i) * samples + j], b = Sample(second, x, y);
      count += 1, r1 += a, r2 += b, r11 += a * a, r22 += b * b, r12 += a * b;
    }
    n += count, s1 += r1, s2 += r2, s11 += r11, s22 += r22, s12 += r12;
  }
  result.overlap = n / (double{1} * samples * samples);
  if (n < 16) return result;
  const double v1 = s11 / n - s1 / n * (s1 / n), v2 = s22 / n - s2 / n * (s2 / n);
  constexpr double kPlain = 4;  // variance, grey levels squared: noise
  if (v1 < kPlain || v2 < kPlain) return result;
  result.correlation = (s12 / n - s1 / n * (s2 / n)) / std::sqrt(v1 * v2);
  return result;
}

// One of the six ways to change a map, about the centre of the first's square.
Affine Changed(const Affine& map, int way, double by) {
  Affine changed = map;
  const bool x = way < 3;
  double* row = x ? &changed.a : &changed.d;
  const int column = way % 3;
  row[column] += by;
  if (column < 2) row[2] -= by / 2;
  return changed;
}

}  // namespace

Alignment Correlate(const GreyView& first, const GreyView& second, const Affine& map, int samples) {
  return CorrelateGrid(GridOf(first, samples), second, map, samples);
}

Alignment AlignUphill(const GreyView& first, const GreyView& second, const Affine& start, int samples, double step,
                      int halvings) {
  const std::vector<float> grid = GridOf(first, samples);
  Alignment best = CorrelateGrid(grid, second, start, samples);
  const double least_overlap = 0.75 * best.overlap;
  for (int round = 0; round <= halvings; ++round, step /= 2) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      const double before = best.correlation;
      for (int way = 0; way < 6; ++way) {
        for (const double by : {step, -step}) {
          const Alignment next = CorrelateGrid(grid, second, Changed(best.map, way, by), samples);
          if (next.overlap < least_overlap || next.correlation <= best.correlation) continue;
          best = next;
          break;
        }
      }
      if (best.correlation - before < 0.002) break;
    }
  }
  return best;
}

std::vector<uint8_t> DetailOf(const GreyView& view, int radius) {
  const int w = view.width, h = view.height;
  std::vector<int32_t> sums(size_t(w + 1) * (h + 1), 0);
  for (int y = 0; y < h; ++y) {
    int32_t row = 0;
    for (int x = 0; x < w; ++x) {
      row += view.pixels[size_t(y) * w + x];
      sums[size_t(y + 1) * (w + 1) + x + 1] = sums[size_t(y) * (w + 1) + x + 1] + row;
    }
  }
  std::vector<uint8_t> detail(size_t(w) * h);
  for (int y = 0; y < h; ++y) {
    const int y1 = std::max(0, y - radius), y2 = std::min(h, y + radius + 1);
    for (int x = 0; x < w; ++x) {
      const int x1 = std::max(0, x - radius), x2 = std::min(w, x + radius + 1);
      const int32_t sum = sums[size_t(y2) * (w + 1) + x2] - sums[size_t(y2) * (w + 1) + x1] -
                          sums[size_t(y1) * (w + 1) + x2] + sums[size_t(y1) * (w + 1) + x1];
      const int around = (sum + (x2 - x1) * (y2 - y1) / 2) / ((x2 - x1) * (y2 - y1));
      detail[size_t(y) * w + x] =
          static_cast<uint8_t>(std::clamp(128 + view.pixels[size_t(y) * w + x] - around, 0, 255));
    }
  }
  return detail;
}

}  // namespace maskscope
