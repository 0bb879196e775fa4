#include "base/error.h"
#include "cli/command.h"

#ifdef MASKSCOPE_HAS_TRAIN

#include <fmt/format.h>

#include <cmath>

#include "cli/train_commands.h"

namespace maskscope {

void AddTrainCommand(CLI::App& root, CommandContext& context) {
  CLI::App& train = AddCommandGroup(root, "train", "train a model on labelled pictures, and compare trainings");
  AddTrainClassifierCommand(train, context);
  AddTrainDetectorCommand(train, context);
  AddTrainCompareCommand(train, context);
}

void AddRunOptions(CLI::App& app, RunPlace& place) {
  app.add_option("--runs", place.runs, "folder of all runs")->option_text("DIR")->capture_default_str();
  app.add_option("--name", place.name, "the run's folder in it; a number is added where it exists")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--resume", place.resume, "go on with a stopped run, by its own settings")->option_text("RUN");
}

namespace {

void SayEpoch(const NamedNumbers& row, const CommandContext& context) {
  std::string line;
  for (const auto& [name, value] : row) {
    if (!std::isfinite(value)) continue;
    line += fmt::format("{}{} {:.4g}", line.empty() ? "" : "  ", name, value);
  }
  context.Say(line);
}

}  // namespace

int RunTraining(const RunFolder& folder, const std::string& kind, const CommandContext& context,
                const std::function<LoopResult(const LoopHooks&)>& train) {
  const std::unique_ptr<Progress> progress = context.MakeProgress();
  LoopHooks hooks;
  hooks.progress = progress.get();
  hooks.stop_requested = [&context] { return context.StopRequested(); };
  hooks.epoch_done = [&context](const NamedNumbers& row) { SayEpoch(row, context); };
  context.Say(fmt::format("the run's folder is {}", folder.path().string()));
  const LoopResult result = train(hooks);
  if (result.best_epoch >= 0) {
    context.Say(fmt::format("best model: {} (epoch {}, score {:.4f})", folder.best_model().string(),
                            result.best_epoch + 1, result.best_score));
  }
  if (!result.stopped_because.empty()) throw Error(ErrorKind::kBadData, result.stopped_because);
  if (!result.interrupted) return 0;
  context.Say(fmt::format("stopped in epoch {}; go on with: maskscope train {} --resume {}", result.epochs_done + 1,
                          kind, folder.path().string()));
  return ExitCode(ErrorKind::kInterrupted);
}

}  // namespace maskscope

#else

namespace maskscope {
namespace {

// The name stays known, so that whoever types it learns what to do instead of getting "unknown command".
void AddAbsentCommand(CLI::App& train, CommandContext& context, const std::string& kind) {
  CLI::App& app = AddCommand(train, context, kind, "train a " + kind + " (not in this build)", "", []() -> int {
    throw Error(ErrorKind::kUnsupported,
                "this maskscope was built without training: install libtorch-dev and libopenblas0-openmp, build with "
                "'cmake --preset dev && cmake --build --preset dev' and run build/dev/src/cli/maskscope train");
  });
  app.allow_extras();  // whatever is asked of it, the answer is the one above
}

}  // namespace

void AddTrainCommand(CLI::App& root, CommandContext& context) {
  CLI::App& train = AddCommandGroup(root, "train", "compare trainings (training itself is not in this build)");
  AddAbsentCommand(train, context, "classifier");
  AddAbsentCommand(train, context, "detector");
  AddTrainCompareCommand(train, context);
}

}  // namespace maskscope

#endif
