#include "metrics/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void SortNumbers(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
}

}  // namespace

double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return kNaN;
  const double position = share * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double KolmogorovSmirnov(std::vector<double> a, std::vector<double> b) {
  SortNumbers(a);
  SortNumbers(b);
  if (a.empty() || b.empty()) return kNaN;
  double greatest = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    // Past all that equal the next value, in both: ties are one step of each function.
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    greatest = std::max(greatest, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(j) / static_cast<double>(b.size())));
  }
  return greatest;
}

double KolmogorovSmirnovBound(size_t n, size_t m) {
  if (n == 0 || m == 0) return kNaN;
  return 1.358 * std::sqrt(1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m));
}

}  // namespace maskscope
