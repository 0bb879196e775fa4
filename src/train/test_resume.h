#ifndef MASKSCOPE_TRAIN_TEST_RESUME_H_
#define MASKSCOPE_TRAIN_TEST_RESUME_H_

#include <filesystem>
#include <map>
#include <string>

#include "train/torch_graph.h"
#include "train/training_loop.h"

namespace maskscope {

// The weights that a training leaves; with `stop_after` above 0 it is stopped after so many steps and then resumed.
// `network` makes a Graph, `task` a TrainingTask, both anew for every start.
template <typename MakeNetwork, typename MakeTask>
std::map<std::string, Tensor> TrainedWeights(const std::filesystem::path& folder, const std::string& name,
                                             const LoopOptions& loop, int stop_after, const MakeNetwork& make_network,
                                             const MakeTask& make_task) {
  RunFolder run = RunFolder::Create(folder, name);
  for (const bool resume : {false, true}) {
    TorchGraph network(make_network());
    auto task = make_task();
    int steps = 0;
    LoopHooks hooks;
    if (!resume && stop_after > 0) hooks.stop_requested = [&] { return ++steps >= stop_after; };
    const LoopResult result = RunTrainingLoop(network, task, loop, run, resume, hooks);
    if (!result.interrupted) return network.Export().initializers;
  }
  return {};
}

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_TEST_RESUME_H_
