#ifndef MASKSCOPE_TRAIN_SCHEDULE_H_
#define MASKSCOPE_TRAIN_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace maskscope {

// What the learning rate does after the warm-up: kConstant stays; kStep falls by `gamma` whenever another `step_share`
// of all steps has passed; kCosine falls along half a cosine to peak / final_divisor (Loshchilov and Hutter 2017,
// without restarts), kLinear along a straight line; kOneCycle is kCosine with a warm-up that is a cosine too (Smith
// 2018, "Super-convergence").
enum class ScheduleKind { kConstant, kStep, kCosine, kOneCycle, kLinear };
// "constant", "step", "cosine", "one-cycle", "linear". Errors: kUsage
ScheduleKind ParseSchedule(const std::string& text);
std::string_view ScheduleName(ScheduleKind kind);

struct Schedule {
  ScheduleKind kind = ScheduleKind::kOneCycle;
  double peak = 1e-3;             // learning rate after the warm-up
  double warm_share = 0.25;       // 0..1 of the steps go up, from peak / start_divisor: linearly, kOneCycle as a cosine
  double start_divisor = 25;      // >= 1
  double final_divisor = 1000;    // >= 1; kCosine, kOneCycle and kLinear
  double step_share = 1.0 / 3.0;  // 0..1 of all steps; kStep
  double gamma = 0.1;             // 0..1; kStep
  void Validate() const;          // Errors: kUsage

  // Learning rate of step `step` in [0, total).
  double At(int64_t step, int64_t total) const;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_SCHEDULE_H_
