#include "base/error.h"
#include "cli/command.h"

#ifdef MASKSCOPE_HAS_TRAIN

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <cmath>
#include <new>
#include <string_view>
#include <utility>

#include "analyze/analyzer.h"
#include "cli/train_commands.h"
#include "train/settings.h"

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

std::unique_ptr<Peers> MeetPeers() {
  const PeersOptions options = PeersOptions::FromEnvironment();
  return options.size > 1 ? std::make_unique<Peers>(options) : nullptr;
}

}  // namespace

TrainingPlace NewTrainingPlace(const RunPlace& place) {
  std::unique_ptr<Peers> peers = MeetPeers();
  const bool writes = !peers || peers->writes();
  return {std::move(peers), writes ? RunFolder::Create(place.runs, place.name) : RunFolder::Nowhere(), writes};
}

TrainingPlace ResumedTrainingPlace(const RunPlace& place) { return {MeetPeers(), RunFolder::Open(place.resume)}; }

void AddLoopOptions(CLI::App& app, LoopOptions& loop) {
  // Names are turned into kinds while parsing: what comes after may ask for them.
  const auto add_name = [&app](const char* option, const char* help, auto& kind) {
    app.add_option_function<std::string>(
           option, [&kind](const std::string& text) { ParseEnum(text, kind); }, help)
        ->option_text("NAME")
        ->default_str(std::string(EnumText(kind)));
  };
  app.add_option("--epochs", loop.epochs, "passes over the data")->option_text("N")->capture_default_str();
  app.add_option("--patience", loop.patience, "epochs without a better score after which it ends; 0 = never")
      ->option_text("N")
      ->capture_default_str();
  add_name("--optimizer", "sgd, adam, adamw, adagrad or rmsprop", loop.optimizer.kind);
  app.add_option("--lr", loop.schedule.peak, "learning rate after the warm-up")
      ->option_text("R")
      ->capture_default_str();
  add_name("--schedule", "constant, step, cosine, one-cycle or linear", loop.schedule.kind);
  app.add_option("--warm-up", loop.schedule.warm_share, "share of the steps in which the rate rises")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--step-share", loop.schedule.step_share, "schedule step: share of the steps between two falls")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--gamma", loop.schedule.gamma, "schedule step: factor of each fall")
      ->option_text("F")
      ->capture_default_str();
  app.add_option("--momentum", loop.optimizer.momentum, "of sgd and rmsprop")->option_text("M")->capture_default_str();
  app.add_option("--weight-decay", loop.optimizer.weight_decay, "on weights, not on biases and normalisation")
      ->option_text("D")
      ->capture_default_str();
  app.add_option("--clip-norm", loop.optimizer.clip_norm, "largest norm of all gradients; 0 = any")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--average-decay", loop.average_decay, "of the averaged weights, which are what is kept; 0 = none")
      ->option_text("D")
      ->capture_default_str();
  app.add_option("--seed", loop.seed, "fixes everything drawn by chance")->option_text("N")->capture_default_str();
  app.add_option("--device", loop.device, "where the network learns: cpu, cuda or cuda:N")
      ->option_text("NAME")
      ->capture_default_str();
  add_name("--precision", "f32, or bf16: mixed, products in bfloat16", loop.precision);
  app.add_option("--threads", loop.threads, "cores to use, 0 = all")->option_text("N")->capture_default_str();
}

void AddRecipeOption(CLI::App& app, std::function<void(const nlohmann::json&, const std::string&)> apply) {
  app.add_option_function<std::string>(
         "--recipe",
         [apply = std::move(apply)](const std::string& name) {
           const std::filesystem::path given(name),
               file = std::filesystem::exists(given) ? given : FindShippedRecipe(name);
           apply(ReadYaml(file), file.string());
         },
         "settings to begin with: a shipped recipe's name, or a YAML file")
      ->option_text("NAME")
      ->trigger_on_parse();
}

namespace {

// libtorch's allocator throws its own exception.
LoopResult TrainOrSayWhatToLower(const std::function<LoopResult(const LoopHooks&)>& train, const LoopHooks& hooks) {
  constexpr const char* kAdvice = "no memory is left to train in: lower --batch or --size, or give it fewer pictures";
  try {
    return train(hooks);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kResource, kAdvice);
  } catch (const c10::Error& error) {
    if (std::string_view(error.what()).find("allocate") == std::string_view::npos) throw;
    throw Error(ErrorKind::kResource, kAdvice);
  }
}

// What is wrong with data or settings shows before the first checkpoint: then nothing is left behind.
LoopResult TrainIn(const TrainingPlace& place, const std::function<LoopResult(const LoopHooks&)>& train,
                   const LoopHooks& hooks) {
  try {
    return TrainOrSayWhatToLower(train, hooks);
  } catch (...) {
    std::error_code ignored;
    if (place.fresh && !std::filesystem::exists(place.folder.checkpoint(), ignored)) {
      std::filesystem::remove_all(place.folder.path(), ignored);
    }
    throw;
  }
}

void SayEpoch(const NamedNumbers& row, const CommandContext& context) {
  std::string line;
  for (const auto& [name, value] : row) {
    if (!std::isfinite(value)) continue;
    line += fmt::format("{}{} {:.4g}", line.empty() ? "" : "  ", name, value);
  }
  context.Say(line);
}

}  // namespace

int RunTraining(const TrainingPlace& place, const std::string& kind, const CommandContext& context,
                const std::function<LoopResult(const LoopHooks&)>& train) {
  const bool writes = !place.peers || place.peers->writes();
  const std::unique_ptr<Progress> progress = writes ? context.MakeProgress() : nullptr;
  LoopHooks hooks;
  hooks.peers = place.peers.get();
  hooks.progress = progress.get();
  hooks.stop_requested = [&context] { return context.StopRequested(); };
  hooks.epoch_done = [&context](const NamedNumbers& row) { SayEpoch(row, context); };
  const RunFolder& folder = place.folder;
  if (writes) context.Say(fmt::format("the run's folder is {}", folder.path().string()));
  const LoopResult result = TrainIn(place, train, hooks);
  if (!writes) return result.interrupted ? ExitCode(ErrorKind::kInterrupted) : 0;
  if (result.best_epoch >= 0) {
    context.Say(fmt::format("best model: {} (epoch {}, score {:.4f})", folder.best_model().string(),
                            result.best_epoch + 1, result.best_score));
  }
  if (!result.stopped_because.empty()) throw Error(ErrorKind::kBadData, result.stopped_because);
  if (result.lost_patience)
    context.Say(fmt::format("ended after epoch {}: the score rose no more", result.epochs_done));
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
                "this maskscope was built without training: install libtorch-dev, libgloo-dev and libopenblas0-openmp, "
                "build with "
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
