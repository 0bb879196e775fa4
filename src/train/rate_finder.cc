#include "train/rate_finder.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/threads.h"

namespace maskscope {

namespace {

constexpr double kSmoothing = 0.9;  // of the running mean of losses

// Slopes are taken over a window: single steps are noise.
double SteepestFall(const std::vector<RateStep>& steps) {
  const size_t window = std::max<size_t>(steps.size() / 10, 3);
  double steepest = 0, rate = std::numeric_limits<double>::quiet_NaN();
  for (size_t i = 0; i + window < steps.size(); ++i) {
    const double fall = steps[i].smoothed - steps[i + window].smoothed;
    if (fall > steepest) {
      steepest = fall;
      rate = steps[i + window / 2].rate;
    }
  }
  return rate;
}

}  // namespace

void RateFinderOptions::Validate() const {
  Problems problems;
  problems.Require(lowest > 0 && lowest < highest, "lowest", std::to_string(lowest), "above 0, below highest");
  problems.Require(std::isfinite(highest), "highest", std::to_string(highest), "a number");
  problems.Require(steps >= 10 && steps <= 100000, "steps", std::to_string(steps), "10 to 100000");
  problems.Require(give_up > 1, "give_up", std::to_string(give_up), "more than 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "learning rate finder");
}

RateFinding FindLearningRate(TorchGraph& graph, TrainingTask& task, const LoopOptions& options,
                             const RateFinderOptions& finder, const LoopHooks& hooks) {
  options.Validate();
  finder.Validate();
  at::set_num_threads(ResolveThreads(options.threads, "threads"));
  graph.batch_norm_momentum = options.batch_norm_momentum;
  graph.precision = options.precision;
  Optimizer optimizer(graph.parameters(), options.optimizer);
  RateFinding finding;
  if (hooks.progress) hooks.progress->Start("learning rates", finder.steps, "steps");
  double mean = 0, lowest_loss = std::numeric_limits<double>::infinity();
  int epoch = 0;
  int64_t step = 0;
  for (int i = 0; i < finder.steps; ++i) {
    if (step == 0) {
      task.PrepareGraph(graph, epoch);
      task.BeginEpoch(epoch, 0);
    }
    torch::manual_seed(StepSeed(options.seed, epoch, step));
    optimizer.ZeroGradients();
    const StepResult made = task.Step(graph, epoch, step);
    const double loss = made.loss.item<double>();
    const double rate =
        finder.lowest * std::pow(finder.highest / finder.lowest, static_cast<double>(i) / (finder.steps - 1));
    if (!std::isfinite(loss)) break;
    mean = kSmoothing * mean + (1 - kSmoothing) * loss;
    const double smoothed = mean / (1 - std::pow(kSmoothing, i + 1));
    finding.steps.push_back({rate, loss, smoothed});
    lowest_loss = std::min(lowest_loss, smoothed);
    if (smoothed > finder.give_up * lowest_loss) break;
    made.loss.backward();
    if (!std::isfinite(optimizer.Step(rate))) break;
    if (hooks.progress) hooks.progress->Step();
    if (hooks.stop_requested && hooks.stop_requested()) break;
    if (++step == task.StepsPerEpoch(epoch)) {
      step = 0;
      ++epoch;
    }
  }
  if (hooks.progress) hooks.progress->Finish();
  finding.suggested = SteepestFall(finding.steps);
  return finding;
}

}  // namespace maskscope
