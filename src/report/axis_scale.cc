#include "report/axis_scale.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/text.h"

namespace maskscope {
namespace {

// Narrower than this share of its numbers, a range could not be labelled.
constexpr double kLeastRelativeSpan = 1e-11;
constexpr double kGreatest = std::numeric_limits<double>::max();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();

void CheckFixedEnds(const ChartAxis& axis) {
  const bool empty = axis.low && axis.high && !(*axis.low < *axis.high);
  const bool no_log = axis.log && ((axis.low && !(*axis.low > 0)) || (axis.high && !(*axis.high > 0)));
  const bool not_finite = (axis.low && !std::isfinite(*axis.low)) || (axis.high && !std::isfinite(*axis.high));
  if (!empty && !no_log && !not_finite) return;
  throw Error(ErrorKind::kInternal, "axis '" + axis.name + "': a range from " + ShortNumber(axis.low.value_or(0)) +
                                        " to " + ShortNumber(axis.high.value_or(0)) + " cannot be drawn");
}

}  // namespace

bool CanBeShown(double value, bool log) { return std::isfinite(value) && (!log || value > 0); }

void Extent::Add(double value, bool log) {
  if (!CanBeShown(value, log)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

AxisScale::AxisScale(const ChartAxis& axis, const Extent& extent, int most, bool extend)
    : log_(axis.log), integer_(axis.integer) {
  CheckFixedEnds(axis);
  bare_ = extent.empty() && !(axis.low && axis.high);
  if (bare_) {
    low_ = log_ ? 1 : 0;
    high_ = log_ ? 10 : 1;
    return;
  }
  low_ = axis.low.value_or(extent.low);
  high_ = axis.high.value_or(extent.high);
  const double middle = axis.low ? low_ : high_;
  if (log_) {
    if (!(low_ < high_ * (1 - 1e-9))) {
      if (!axis.low) low_ = std::max(middle / 2, kLeast);
      if (!axis.high) high_ = std::min(middle, kGreatest / 2) * 2;
    } else if (extend) {
      if (!axis.low) low_ = std::max(low_ / 1.15, kLeast);
      if (!axis.high) high_ = std::min(high_, kGreatest / 1.15) * 1.15;
    }
    return;
  }
  const double magnitude = std::max(std::abs(low_), std::abs(high_));
  if (!(low_ < high_)) {
    const double room = magnitude == 0 ? 1 : std::max(magnitude / 10, integer_ ? 1.0 : kLeast);
    if (!axis.low) low_ = std::max(middle, -kGreatest + room) - room;
    if (!axis.high) high_ = std::min(middle, kGreatest - room) + room;
  } else if (static_cast<long double>(high_) - low_ < kLeastRelativeSpan * magnitude) {
    if (!axis.low) low_ -= kLeastRelativeSpan * magnitude;
    if (!axis.high) high_ += kLeastRelativeSpan * magnitude;
  }
  if (!extend) return;
  double low = low_, high = high_;
  extended_ = ExtendToTicks(low, high, most, integer_);
  if (!axis.low) low_ = low;
  if (!axis.high) high_ = high;
  std::erase_if(extended_, [this](const Tick& tick) { return !Holds(tick.at); });
}

double AxisScale::Place(double value) const {
  // long double: the span of two doubles may exceed the largest one.
  const auto place = [this](double v) {
    return log_ ? std::log(static_cast<long double>(v)) : static_cast<long double>(v);
  };
  const long double share = (place(value) - place(low_)) / (place(high_) - place(low_));
  return std::clamp(static_cast<double>(share), -9.0, 10.0);
}

std::vector<Tick> AxisScale::Ticks(int most) const {
  if (bare_) return {};
  if (!extended_.empty()) return extended_;
  if (!log_) return LinearTicks(low_, high_, most, integer_);
  std::vector<Tick> ticks = LogTicks(low_, high_, most);
  std::erase_if(ticks, [](const Tick& tick) { return !(tick.at > 0); });
  return ticks;
}

}  // namespace maskscope
