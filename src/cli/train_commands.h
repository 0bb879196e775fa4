#ifndef MASKSCOPE_CLI_TRAIN_COMMANDS_H_
#define MASKSCOPE_CLI_TRAIN_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "train/training_loop.h"

// `maskscope train KIND`: one file a kind, in builds with libtorch only.
namespace maskscope {

void AddTrainClassifierCommand(CLI::App& train, CommandContext& context);
void AddTrainDetectorCommand(CLI::App& train, CommandContext& context);

// Where a training leaves its files.
struct RunPlace {
  std::string runs = "runs", name;  // runs/NAME, or runs/NAME2 ... where that exists
  std::string resume{};             // an earlier run's folder: go on there
};
void AddRunOptions(CLI::App& app, RunPlace& place);

// A training that one or several processes run (PeersOptions::FromEnvironment): the run's folder is made by the first.
struct TrainingPlace {
  std::unique_ptr<Peers> peers;  // null when this process is alone
  RunFolder folder;
  bool fresh = false;  // made for this training: removed again when it ends before anything was learnt
};
TrainingPlace NewTrainingPlace(const RunPlace& place);
TrainingPlace ResumedTrainingPlace(const RunPlace& place);

// Epochs, optimizer, schedule, seed, threads.
void AddLoopOptions(CLI::App& app, LoopOptions& loop);

// --recipe NAME|FILE: `apply` gets what the file holds before any other option is set, whatever their order. Errors
// while parsing: kNotFound listing the shipped recipes, those of ReadYaml and of `apply`.
void AddRecipeOption(CLI::App& app, std::function<void(const nlohmann::json&, const std::string& source)> apply);

// Runs `train(hooks)` with progress on the terminal and says how it ended and where the model lies. Returns the exit
// code. Errors: kBadData where the training stopped by itself (a loss that is not finite).
int RunTraining(const TrainingPlace& place, const std::string& kind, const CommandContext& context,
                const std::function<LoopResult(const LoopHooks&)>& train);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_TRAIN_COMMANDS_H_
