#ifndef MASKSCOPE_REPORT_TICKS_H_
#define MASKSCOPE_REPORT_TICKS_H_

#include <string>
#include <vector>

// Where an axis is marked, and what stands there. All functions are pure.
namespace maskscope {

struct Tick {
  double at = 0;
  std::string label;
};

// The least of 1, 2, 5 times a power of ten that needs at most `most` steps for `span` > 0; with `integer` at least 1.
double NiceStep(double span, int most, bool integer = false);

// Ticks at multiples of NiceStep within [low, high], low < high; all with as many decimals as the step has, or as
// powers of ten where the numbers get long. At most `most` + 1.
std::vector<Tick> LinearTicks(double low, double high, int most, bool integer = false);

// Ticks of a logarithmic axis, 0 < low < high: powers of ten (every second, third ... where there are many); within
// less than two decades also twice and five times them; evenly spaced numbers where that still gives fewer than two.
std::vector<Tick> LogTicks(double low, double high, int most);

// Moves the ends outwards to a multiple of the step that LinearTicks would take, and returns the ticks from end to end:
// at most `most` + 2.
std::vector<Tick> ExtendToTicks(double& low, double& high, int most, bool integer = false);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_TICKS_H_
