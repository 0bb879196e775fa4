#ifdef MASKSCOPE_HAS_TRAIN

#include "base/error.h"
#include "cli/command.h"
#include "cli/train_commands.h"
#include "train/classifier_trainer.h"

namespace maskscope {
namespace {

struct Options {
  ClassifierTrainingOptions training;
  RunPlace place{.name = "classifier"};
  std::string data, init, optimizer{OptimizerName(OptimizerKind::kAdamW)};
};

// Licences that forbid commercial use would pass on to the model.
const std::vector<std::string> kNonCommercialSets{"maskedfacenet", "utkface"};

int RunNew(const Options& options, const CommandContext& context) {
  if (options.data.empty())
    throw Error(ErrorKind::kUsage, "--data is missing: a manifest, or the folder with scenes/ and faces/");
  ClassifierTrainingOptions training = options.training;
  training.samples.data = options.data;
  if (training.samples.exclude_sets == std::vector<std::string>{"none"}) training.samples.exclude_sets.clear();
  training.init = options.init;
  training.loop.optimizer.kind = ParseOptimizer(options.optimizer);
  training.Validate();
  const RunFolder folder = RunFolder::Create(options.place.runs, options.place.name);
  return RunTraining(folder, "classifier", context,
                     [&](const LoopHooks& hooks) { return TrainClassifier(training, folder, false, hooks); });
}

int RunResumed(const Options& options, const CommandContext& context) {
  const RunFolder folder = RunFolder::Open(options.place.resume);
  const ClassifierTrainingOptions training =
      ClassifierTrainingOptionsFromJson(folder.ReadConfig(), (folder.path() / "config.json").string());
  return RunTraining(folder, "classifier", context,
                     [&](const LoopHooks& hooks) { return TrainClassifier(training, folder, true, hooks); });
}

void AddDataOptions(CLI::App& app, Options& options) {
  MaskSampleOptions& samples = options.training.samples;
  app.add_option("--data", options.data,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->option_text("DATA");
  app.add_option("--extra", samples.extra, "further manifest for training only, e.g. of drawn masks (several times)")
      ->option_text("MANIFEST");
  app.add_option("--exclude-set", samples.exclude_sets, "sets to leave out (may be given several times)")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--validation-share", samples.validation_share, "share of train's groups kept back for validation")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--validation-seed", samples.validation_seed, "which groups they are")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--limit", samples.limit, "learn from about this many faces only, to try things out; 0 = all")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--draws", options.training.draws_per_epoch, "pictures in an epoch; 0 = as many as there are faces")
      ->option_text("N")
      ->capture_default_str();
}

void AddLearningOptions(CLI::App& app, Options& options) {
  ClassifierTrainingOptions& training = options.training;
  app.add_option("--init", options.init, "start weights: MobileNetV2 (.safetensors) or an earlier classifier (.onnx)")
      ->option_text("FILE");
  app.add_option("--width", training.width, "channel multiplier of MobileNetV2")
      ->option_text("W")
      ->capture_default_str();
  app.add_option("--size", training.sizes, "input side in pixels; several, e.g. 96,128: a part of the epochs each")
      ->option_text("N,...")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--crop-sides", training.crop_sides,
                 "in place of --size: input sides the model takes, e.g. 64,96,128; each face at the smallest that fits")
      ->option_text("N,...")
      ->delimiter(',');
  app.add_option("--epochs", training.loop.epochs, "passes over the data")->option_text("N")->capture_default_str();
  app.add_option("--batch", training.batch, "pictures in a step")->option_text("N")->capture_default_str();
  app.add_option("--lr", training.loop.schedule.peak, "highest learning rate of the one-cycle schedule")
      ->option_text("R")
      ->capture_default_str();
  app.add_option("--optimizer", options.optimizer, "adamw or sgd")->option_text("NAME")->capture_default_str();
  app.add_option("--weight-decay", training.loop.optimizer.weight_decay, "on weights, not on biases and normalisation")
      ->option_text("D")
      ->capture_default_str();
  app.add_option("--shares", training.shares, "shares of correct, incorrect and none among the pictures drawn")
      ->option_text("C,I,N")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--synthetic-share", training.synthetic_share, "of a state's draws, at most, by synthetic faces")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--label-smoothing", training.label_smoothing, "share of certainty taken from the label")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--margin", training.margin, "share of the box's side the crop adds on each side")
      ->option_text("M")
      ->capture_default_str();
  app.add_option("--seed", training.loop.seed, "fixes everything drawn by chance")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--threads", training.loop.threads, "cores to use, 0 = all")->option_text("N")->capture_default_str();
}

}  // namespace

void AddTrainClassifierCommand(CLI::App& train, CommandContext& context) {
  auto options = std::make_shared<Options>();
  options->training.samples.exclude_sets = kNonCommercialSets;
  options->training.loop.schedule.peak = 1e-3;
  CLI::App& app = AddCommand(
      train, context, "classifier", "train the classifier: correct, incorrect or none for one face",
      "  maskscope train classifier --data DIR --init mobilenet_v2_1.0.safetensors\n"
      "  maskscope train classifier --data DIR --limit 500 --epochs 2 --name trial\n"
      "  maskscope train classifier --resume runs/trial\n"
      "Leaves best.onnx, last.onnx, config.json, results.csv and a checkpoint in runs/NAME. Ctrl-C stops after the "
      "step\n"
      "at hand and keeps the exact place for --resume. Sets under non-commercial licences are left out by default;\n"
      "--exclude-set none names no set.",
      [options, &context] {
        return options->place.resume.empty() ? RunNew(*options, context) : RunResumed(*options, context);
      });
  AddDataOptions(app, *options);
  AddLearningOptions(app, *options);
  AddRunOptions(app, options->place);
}

}  // namespace maskscope

#endif
