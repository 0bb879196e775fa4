#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

double CosineBetween(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace

void OneCycle::Validate() const {
  Problems problems;
  problems.Require(std::isfinite(peak) && peak > 0, "learning rate", std::to_string(peak), "a positive number");
  problems.Require(warm_share >= 0 && warm_share < 1, "warm_share", std::to_string(warm_share), "0 or more, below 1");
  problems.Require(start_divisor >= 1, "start_divisor", std::to_string(start_divisor), "1 or more");
  problems.Require(final_divisor >= 1, "final_divisor", std::to_string(final_divisor), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "learning rate schedule");
}

double OneCycle::At(int64_t step, int64_t total) const {
  const double last = static_cast<double>(std::max<int64_t>(total - 1, 1));
  const double top = warm_share * last, now = static_cast<double>(step);
  if (now < top) return CosineBetween(peak / start_divisor, peak, now / top);
  return CosineBetween(peak, peak / final_divisor, std::min(1.0, (now - top) / (last - top)));
}

}  // namespace maskscope
