#ifdef MASKSCOPE_HAS_TRAIN

#include <memory>

#include "base/error.h"
#include "cli/command.h"
#include "cli/train_commands.h"
#include "train/detector_trainer.h"

namespace maskscope {

namespace {

struct Arguments {
  DetectorTrainingOptions options;
  RunPlace place{.name = "detector"};
  std::string data, init, batch_norm = "learn";
};

void AddData(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option("--data", arguments.data,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->option_text("DATA");
  app.add_option("--init", arguments.init, "start: RetinaFace weights (.safetensors) or a detector (.onnx)")
      ->option_text("FILE");
  app.add_option("--licence", options.licence, "put into the model's record");
  app.add_option("--validation-share", options.validation_share, "share of train's groups kept back for validation")
      ->capture_default_str();
  app.add_option("--validation-seed", options.validation_seed, "which groups they are")->capture_default_str();
  app.add_option("--unlabelled-face-score", options.teacher.ignore_score,
                 "faces without a label that the start finds with this score are left out; above 1: none")
      ->capture_default_str();
}

void AddLearning(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option("--epochs", options.loop.epochs)->capture_default_str();
  app.add_option("--batch", options.task.batch, "pictures a step")->capture_default_str();
  app.add_option("--lr", options.loop.schedule.peak, "greatest learning rate")->capture_default_str();
  app.add_option("--weight-decay", options.loop.optimizer.weight_decay)->capture_default_str();
  app.add_option("--average-decay", options.loop.average_decay, "of the averaged weights")->capture_default_str();
  app.add_option("--batch-norm", arguments.batch_norm, "learn, frozen or fold")->capture_default_str();
  app.add_option("--neck-channels", options.network.neck_channels, "of FPN and heads; fewer is faster")
      ->capture_default_str();
  app.add_option("--seed", options.loop.seed)->capture_default_str();
  app.add_option("--threads", options.loop.threads, "of the network; 0 = all cores")->capture_default_str();
  app.add_option("--workers", options.task.workers, "threads that prepare pictures")->capture_default_str();
}

void AddPictures(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option("--size", options.task.sample.size, "side of the training crops, pixels")->capture_default_str();
  app.add_option("--longest-side", options.task.sample.longest_side, "input size in use, pixels")
      ->capture_default_str();
  app.add_option("--least-scale", options.task.sample.least_scale, "of that size, in training")->capture_default_str();
  app.add_option("--greatest-scale", options.task.sample.greatest_scale, "of that size, in training")
      ->capture_default_str();
}

int RunNew(const Arguments& arguments, const CommandContext& context) {
  DetectorTrainingOptions training = arguments.options;
  if (arguments.data.empty())
    throw Error(ErrorKind::kUsage, "--data is missing: a manifest, or the folder with scenes/");
  if (arguments.init.empty()) throw Error(ErrorKind::kUsage, "--init is missing: the weights to start from");
  training.data = arguments.data;
  training.init = arguments.init;
  training.batch_norm = ParseBatchNormMode(arguments.batch_norm);
  training.Validate();
  ReadDetectorStart(training);  // what is wrong with it is told before a folder is made
  const RunFolder folder = RunFolder::Create(arguments.place.runs, arguments.place.name);
  return RunTraining(folder, "detector", context,
                     [&](const LoopHooks& hooks) { return TrainDetector(training, folder, false, hooks); });
}

int RunResumed(const Arguments& arguments, const CommandContext& context) {
  const RunFolder folder = RunFolder::Open(arguments.place.resume);
  const DetectorTrainingOptions training =
      DetectorTrainingOptionsFromJson(folder.ReadConfig(), (folder.path() / "config.json").string());
  return RunTraining(folder, "detector", context,
                     [&](const LoopHooks& hooks) { return TrainDetector(training, folder, true, hooks); });
}

}  // namespace

void AddTrainDetectorCommand(CLI::App& train, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& app = AddCommand(
      train, context, "detector", "train a face detector (RetinaFace)",
      "  maskscope train detector --data DIR --init retinaface_mnet025.safetensors --epochs 20\n"
      "  maskscope train detector --resume runs/detector\n"
      "Every labelled face counts, whatever its mask. Faces that the annotators left out and the start finds with\n"
      "confidence are not learnt as background.",
      [arguments, &context] {
        return arguments->place.resume.empty() ? RunNew(*arguments, context) : RunResumed(*arguments, context);
      });
  AddData(app, *arguments);
  AddLearning(app, *arguments);
  AddPictures(app, *arguments);
  AddRunOptions(app, arguments->place);
}

}  // namespace maskscope

#endif
