#include "data/duplicates/align.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace maskscope {
namespace {

constexpr double kPlain = 4;  // variance, grey levels squared: noise

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

// The same, and its change for a pixel to the right and down.
inline float SampleWithGradient(const GreyView& view, float x, float y, float* gx, float* gy) {
  const float px = std::clamp(x * static_cast<float>(view.width) - 0.5f, 0.0f, static_cast<float>(view.width) - 1.01f);
  const float py =
      std::clamp(y * static_cast<float>(view.height) - 0.5f, 0.0f, static_cast<float>(view.height) - 1.01f);
  const int x0 = static_cast<int>(px), y0 = static_cast<int>(py);
  const float fx = px - static_cast<float>(x0), fy = py - static_cast<float>(y0);
  const uint8_t* above = view.pixels.data() + size_t(y0) * view.width + x0;
  const uint8_t* below = above + view.width;
  const float upper = static_cast<float>(above[1] - above[0]), lower = static_cast<float>(below[1] - below[0]);
  *gx = upper + fy * (lower - upper);
  const float at_above = above[0] + fx * upper, at_below = below[0] + fx * lower;
  *gy = at_below - at_above;
  return at_above + fy * *gy;
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
  if (v1 < kPlain || v2 < kPlain) return result;
  result.correlation = (s12 / n - s1 / n * (s2 / n)) / std::sqrt(v1 * v2);
  return result;
}

// What one look at all points gives: how well the pictures agree, and the normal equations of the next step.
struct LeastSquares {
  // Of the columns x-gradient times (u, v, 1), y-gradient times (u, v, 1), value, 1; the wanted sum is the first's
  // value.
  static constexpr int kColumns = 8;
  std::array<std::array<double, kColumns + 1>, kColumns> rows{};  // the last of each row: with the wanted value
  double wanted_squares = 0, wanted = 0, n = 0;

  double Correlation() const {
    if (n < 16) return 0;
    const double mean1 = wanted / n, mean2 = rows[6][7] / n;
    const double v1 = wanted_squares / n - mean1 * mean1, v2 = rows[6][6] / n - mean2 * mean2;
    if (v1 < kPlain || v2 < kPlain) return 0;
    return (rows[6][8] / n - mean1 * mean2) / std::sqrt(v1 * v2);
  }
  // Gaussian elimination; false where the equations say nothing.
  bool Solve(std::array<double, kColumns>* solution) const {
    auto m = rows;
    for (int i = 0; i < kColumns; ++i) {
      m[i][i] *= 1 + 1e-6;
      for (int j = 0; j < i; ++j) m[i][j] = m[j][i];
    }
    for (int i = 0; i < kColumns; ++i) {
      if (m[i][i] < 1e-9) return false;
      for (int k = i + 1; k < kColumns; ++k) {
        const double factor = m[k][i] / m[i][i];
        for (int j = i; j <= kColumns; ++j) m[k][j] -= factor * m[i][j];
      }
    }
    for (int i = kColumns - 1; i >= 0; --i) {
      double value = m[i][kColumns];
      for (int j = i + 1; j < kColumns; ++j) value -= m[i][j] * (*solution)[j];
      (*solution)[i] = value / m[i][i];
    }
    return true;
  }
};

LeastSquares LookAtAll(const std::vector<float>& grid, const GreyView& second, const Affine& map, int samples) {
  constexpr int kColumns = LeastSquares::kColumns;
  LeastSquares all;
  const float step = 1.0f / static_cast<float>(samples);
  const auto dx = static_cast<float>(map.a) * step, dy = static_cast<float>(map.d) * step;
  const auto width = static_cast<float>(second.width), height = static_cast<float>(second.height);
  for (int i = 0; i < samples; ++i) {
    const float v = (static_cast<float>(i) + 0.5f) * step;
    auto x = static_cast<float>(map.X(0.5 * step, v)), y = static_cast<float>(map.Y(0.5 * step, v));
    // Of this row: small enough for float. Sums of u^k times products of gradients, value and 1 would do, but the
    // compiler makes good code of the plain form.
    std::array<std::array<float, kColumns + 1>, kColumns> row{};
    float squares = 0, sum = 0, count = 0;
    for (int j = 0; j < samples; ++j, x += dx, y += dy) {
      if (x < 0 || y < 0 || x > 1 || y > 1) continue;
      const float wanted = grid[size_t(i) * samples + j], u = (static_cast<float>(j) + 0.5f) * step;
      float gx = 0, gy = 0;
      const float value = SampleWithGradient(second, x, y, &gx, &gy);
      gx *= width, gy *= height;
      const std::array<float, kColumns + 1> columns{gx * u, gx * v, gx, gy * u, gy * v, gy, value, 1, wanted};
      for (int r = 0; r < kColumns; ++r) {
        for (int c = r; c <= kColumns; ++c) row[r][c] += columns[r] * columns[c];
      }
      squares += wanted * wanted, sum += wanted, count += 1;
    }
    for (int r = 0; r < kColumns; ++r) {
      for (int c = r; c <= kColumns; ++c) all.rows[r][c] += row[r][c];
    }
    all.wanted_squares += squares, all.wanted += sum, all.n += count;
  }
  return all;
}

}  // namespace

Alignment Correlate(const GreyView& first, const GreyView& second, const Affine& map, int samples) {
  return CorrelateGrid(GridOf(first, samples), second, map, samples);
}

Alignment Align(const GreyView& first, const GreyView& second, const Affine& start, int samples, int steps) {
  const std::vector<float> grid = GridOf(first, samples);
  const double points = double{1} * samples * samples;
  LeastSquares here = LookAtAll(grid, second, start, samples);
  Alignment best{start, here.Correlation(), here.n / points};
  const double least_overlap = 0.75 * best.overlap;
  for (int i = 0; i < steps; ++i) {
    std::array<double, LeastSquares::kColumns> found;
    // The seventh is the contrast: the gradient was taken before it.
    if (!here.Solve(&found) || found[6] <= 0.05) break;
    bool better = false;
    for (double share = 1; share > 0.2 && !better; share /= 2) {
      const double by = share / found[6];
      Affine next = best.map;
      next.a += by * found[0], next.b += by * found[1], next.c += by * found[2];
      next.d += by * found[3], next.e += by * found[4], next.f += by * found[5];
      const LeastSquares there = LookAtAll(grid, second, next, samples);
      const double correlation = there.Correlation(), overlap = there.n / points;
      if (overlap < least_overlap || correlation <= best.correlation) continue;
      better = correlation > best.correlation + 0.001;
      here = there;
      best = {next, correlation, overlap};
      break;
    }
    if (!better) break;
  }
  return best;
}

PlaceAgreement ComparePlaces(const GreyView& first, const GreyView& second, const Affine& map) {
  // A map that enlarges shows a part of the first in all of the second.
  if (std::abs(map.Determinant()) > 1.05) return ComparePlaces(second, first, map.Inverse());
  constexpr int kFields = 8;             // a side
  constexpr double kLeastOverlap = 0.6;  // of a field
  constexpr double kLeastDetail = 2;     // standard deviation, grey levels: above what JPEG leaves of plain areas
  constexpr double kSteady = 0.8;
  const int samples = std::max(first.width, first.height) / kFields;  // a side of a field
  const double step = 1.0 / (kFields * samples);
  PlaceAgreement agreement;
  for (int field = 0; field < kFields * kFields; ++field) {
    double n = 0, s1 = 0, s2 = 0, s11 = 0, s22 = 0, s12 = 0;
    for (int i = 0; i < samples; ++i) {
      for (int j = 0; j < samples; ++j) {
        const double u = (field % kFields * samples + j + 0.5) * step, v = (field / kFields * samples + i + 0.5) * step;
        const double x = map.X(u, v), y = map.Y(u, v);
        if (x < 0 || y < 0 || x > 1 || y > 1) continue;
        const double a = Sample(first, static_cast<float>(u), static_cast<float>(v));
        const double b = Sample(second, static_cast<float>(x), static_cast<float>(y));
        n += 1, s1 += a, s2 += b, s11 += a * a, s22 += b * b, s12 += a * b;
      }
    }
    if (n < kLeastOverlap * samples * samples) continue;
    const double v1 = s11 / n - s1 / n * (s1 / n), v2 = s22 / n - s2 / n * (s2 / n);
    // Where contrast was taken out of one of the two, the other still shows that there is something to compare.
    const double less = std::sqrt(std::max(0.0, std::min(v1, v2))), more = std::sqrt(std::max(v1, v2));
    if (less < kLeastDetail && (more < 2 * kLeastDetail || less < kLeastDetail / 2)) continue;
    const double correlation = (s12 / n - s1 / n * (s2 / n)) / std::sqrt(v1 * v2);
    ++agreement.places;
    agreement.mean += correlation;
    agreement.steady += correlation >= kSteady;
  }
  if (agreement.places > 0) agreement.mean /= agreement.places, agreement.steady /= agreement.places;
  return agreement;
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
