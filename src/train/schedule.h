#ifndef MASKSCOPE_TRAIN_SCHEDULE_H_
#define MASKSCOPE_TRAIN_SCHEDULE_H_

#include <cstdint>

namespace maskscope {

// One cycle (Smith 2018, "Super-convergence"): cosine from peak / start_divisor up to peak over the first `warm_share`
// of all steps, then cosine down to peak / final_divisor at the last step.
struct OneCycle {
  double peak = 1e-3;           // learning rate at the top
  double warm_share = 0.25;     // 0..1 of the steps go up
  double start_divisor = 25;    // >= 1
  double final_divisor = 1000;  // >= 1
  void Validate() const;        // Errors: kUsage

  // Learning rate of step `step` in [0, total).
  double At(int64_t step, int64_t total) const;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_SCHEDULE_H_
