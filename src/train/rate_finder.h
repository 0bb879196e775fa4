#ifndef MASKSCOPE_TRAIN_RATE_FINDER_H_
#define MASKSCOPE_TRAIN_RATE_FINDER_H_

#include <vector>

#include "train/training_loop.h"

// The learning-rate range test (Smith 2017, "Cyclical Learning Rates"): a short training whose rate grows by a factor
// each step, until the loss blows up.
namespace maskscope {

struct RateFinderOptions {
  double lowest = 1e-6, highest = 1;
  int steps = 100;        // from one to the other
  double give_up = 4;     // ends when the smoothed loss exceeds the lowest so far this many times
  void Validate() const;  // Errors: kUsage
};

struct RateStep {
  double rate = 0, loss = 0, smoothed = 0;
};

struct RateFinding {
  std::vector<RateStep> steps;
  // Where the smoothed loss falls most steeply on the logarithmic axis: a good peak for one cycle. NaN when it never
  // falls.
  double suggested = 0;
};

// Spoils the graph's weights. The optimizer is that of `options`. Errors: those of the task.
RateFinding FindLearningRate(TorchGraph& graph, TrainingTask& task, const LoopOptions& options,
                             const RateFinderOptions& finder, const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_RATE_FINDER_H_
