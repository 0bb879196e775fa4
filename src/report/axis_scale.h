#ifndef MASKSCOPE_REPORT_AXIS_SCALE_H_
#define MASKSCOPE_REPORT_AXIS_SCALE_H_

#include <limits>
#include <vector>

#include "report/chart.h"
#include "report/ticks.h"

// From numbers to places on an axis. Internal to the charts.
namespace maskscope {

// Least and greatest of the numbers that can be shown.
struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  bool empty() const { return low > high; }
  void Add(double value, bool log);
  void Add(const std::vector<double>& values, bool log) {
    for (const double value : values) Add(value, log);
  }
};

// Whether an axis can show the number: finite, and positive where the axis is logarithmic.
bool CanBeShown(double value, bool log);

class AxisScale {
 public:
  AxisScale() = default;
  // `most` ticks at most (about). `extend`: free ends move outwards to a tick. With an empty extent and without fixed
  // ends the axis has no ticks. Errors: kInternal (a fixed range that is empty, or not positive on a logarithmic axis).
  AxisScale(const ChartAxis& axis, const Extent& extent, int most, bool extend);

  double low() const { return low_; }
  double high() const { return high_; }
  // 0 at the low end, 1 at the high one; beyond them at most 9 further, so that it can be drawn. The value can be
  // shown.
  double Place(double value) const;
  bool Holds(double value) const { return value >= low_ && value <= high_; }
  // Ticks, at most `most` (about).
  std::vector<Tick> Ticks(int most) const;

 private:
  double low_ = 0, high_ = 1;
  bool log_ = false, integer_ = false, bare_ = false;
  std::vector<Tick> extended_;  // ticks of an axis whose ends were moved to them
};

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_AXIS_SCALE_H_
