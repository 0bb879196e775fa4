#include "train/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

constexpr std::array<std::string_view, 5> kNames{"constant", "step", "cosine", "one-cycle", "linear"};

double CosineBetween(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace

ScheduleKind ParseSchedule(const std::string& text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<ScheduleKind>(i);
  }
  throw Error{ErrorKind::kUsage,
              "schedule '" + text + "' is not known, wanted constant, step, cosine, one-cycle or linear"};
}

std::string_view ScheduleName(ScheduleKind kind) { return kNames.at(static_cast<size_t>(kind)); }

void Schedule::Validate() const {
  Problems problems;
  problems.Require(std::isfinite(peak) && peak > 0, "learning rate", std::to_string(peak), "a positive number");
  problems.Require(warm_share >= 0 && warm_share < 1, "warm_share", std::to_string(warm_share), "0 or more, below 1");
  problems.Require(start_divisor >= 1, "start_divisor", std::to_string(start_divisor), "1 or more");
  problems.Require(final_divisor >= 1, "final_divisor", std::to_string(final_divisor), "1 or more");
  problems.Require(step_share > 0 && step_share <= 1, "step_share", std::to_string(step_share), "above 0, at most 1");
  problems.Require(gamma > 0 && gamma <= 1, "gamma", std::to_string(gamma), "above 0, at most 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "learning rate schedule");
}

double Schedule::At(int64_t step, int64_t total) const {
  const double last = static_cast<double>(std::max<int64_t>(total - 1, 1));
  const double top = warm_share * last, now = static_cast<double>(step);
  if (now < top) {
    const double from = peak / start_divisor, share = now / top;
    return kind == ScheduleKind::kOneCycle ? CosineBetween(from, peak, share) : from + (peak - from) * share;
  }
  switch (kind) {
    case ScheduleKind::kConstant:
      return peak;
    case ScheduleKind::kStep:
      // The share is of all steps, warm-up or not: "a third of the epochs" is what recipes say.
      return peak * std::pow(gamma, std::floor(now / static_cast<double>(total) / step_share + 1e-9));
    case ScheduleKind::kCosine:
    case ScheduleKind::kOneCycle:
    case ScheduleKind::kLinear:
      break;
  }
  const double share = std::min(1.0, (now - top) / (last - top)), bottom = peak / final_divisor;
  return kind == ScheduleKind::kLinear ? peak + (bottom - peak) * share : CosineBetween(peak, bottom, share);
}

}  // namespace maskscope
