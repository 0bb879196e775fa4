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
};

void AddData(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option("--data", options.data,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->option_text("DATA");
  app.add_option("--arch", options.arch, "retinaface, yolov5n, yolov5s, yolov5m, yolov5l, yolov5x or aizoo_ssd")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--init", options.init,
                 "start: weights or a detector (.onnx); retinaface needs one, the others can begin from nothing")
      ->option_text("FILE");
  app.add_option("--classes", options.classes,
                 "yolov5 and aizoo_ssd: what is told apart: correct incorrect none, correct none, or face")
      ->option_text("NAME...")
      ->delimiter(',')
      ->default_str("correct,incorrect,none");
  app.add_option("--teacher", options.teacher_model, "detector (.onnx) that finds faces without a label; see below")
      ->option_text("FILE");
  app.add_option("--licence", options.licence, "put into the model's record");
  app.add_option("--validation-share", options.validation_share, "share of train's groups kept back for validation")
      ->capture_default_str();
  app.add_option("--validation-seed", options.validation_seed, "which groups they are")->capture_default_str();
  app.add_option("--unlabelled-face-score", options.teacher.ignore_score,
                 "faces without a label that the teacher (or retinaface's start) finds with this score are left out; "
                 "above 1: none")
      ->capture_default_str();
}

void AddLearning(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option("--batch", options.task.batch, "pictures a step")->capture_default_str();
  app.add_option("--draws", options.task.draws_per_epoch, "pictures an epoch; 0 = as many as there are")
      ->option_text("N")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--batch-norm", [&options](const std::string& text) { ParseEnum(text, options.batch_norm); },
         "learn, frozen or fold")
      ->default_str(std::string(EnumText(options.batch_norm)));
  app.add_flag("--states", options.states, "retinaface: tell mask states as well, a one-stage detector");
  app.add_option("--neck-channels", options.network.neck_channels, "retinaface: of FPN and heads; fewer is faster")
      ->capture_default_str();
  app.add_option("--workers", options.task.workers, "threads that prepare pictures")->capture_default_str();
}

void AddPictures(CLI::App& app, Arguments& arguments) {
  DetectorTrainingOptions& options = arguments.options;
  app.add_option_function<std::string>(
         "--anchors", [&options](const std::string& text) { ParseEnum(text, options.anchors); },
         "yolov5: keep the start's, fit them to the faces, or auto: fit them where the start's miss too many")
      ->option_text("NAME")
      ->default_str(std::string(EnumText(options.anchors)));
  app.add_option("--mosaic", options.task.sample.mosaic, "share of the inputs that are made of four pictures")
      ->capture_default_str();
  app.add_option("--sizes", options.task.sizes, "multi-scale: sides of the crops, one drawn for each step, pixels")
      ->option_text("N...")
      ->delimiter(',');
  app.add_option("--size", options.task.sample.size, "side of the training crops, pixels")->capture_default_str();
  app.add_option("--longest-side", options.task.sample.longest_side, "input size in use, pixels")
      ->capture_default_str();
  app.add_option("--least-scale", options.task.sample.least_scale, "of that size, in training")->capture_default_str();
  app.add_option("--greatest-scale", options.task.sample.greatest_scale, "of that size, in training")
      ->capture_default_str();
}

int RunNew(const Arguments& arguments, const CommandContext& context) {
  const DetectorTrainingOptions& training = arguments.options;
  if (training.data.empty())
    throw Error(ErrorKind::kUsage, "--data is missing: a manifest, or the folder with scenes/");
  if (training.arch == "retinaface" && training.init.empty()) {
    throw Error(ErrorKind::kUsage, "--init is missing: the weights to start from");
  }
  training.Validate();
  ReadDetectorStart(training);  // what is wrong with it is told before a folder is made
  const TrainingPlace place = NewTrainingPlace(arguments.place);
  return RunTraining(place, "detector", context,
                     [&](const LoopHooks& hooks) { return TrainDetector(training, place.folder, false, hooks); });
}

int RunResumed(const Arguments& arguments, const CommandContext& context) {
  const TrainingPlace place = ResumedTrainingPlace(arguments.place);
  DetectorTrainingOptions training;
  ReadDetectorSettings(place.folder.ReadArgs(), place.folder.args().string(), training);
  return RunTraining(place, "detector", context,
                     [&](const LoopHooks& hooks) { return TrainDetector(training, place.folder, true, hooks); });
}

}  // namespace

void AddTrainDetectorCommand(CLI::App& train, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& app = AddCommand(
      train, context, "detector", "train a detector of faces or of mask states (RetinaFace, YOLOv5, SSD)",
      "  maskscope train detector --data DIR --init retinaface_mnet025.safetensors --epochs 20\n"
      "  maskscope train detector --recipe e-yolov5n --data DIR --teacher models/face-detector.onnx\n"
      "  maskscope train detector --resume runs/detector\n"
      "Every labelled face counts, whatever its mask. Faces that the annotators left out and the start finds with\n"
      "confidence are not learnt as background.",
      [arguments, &context] {
        return arguments->place.resume.empty() ? RunNew(*arguments, context) : RunResumed(*arguments, context);
      });
  AddRecipeOption(app, [arguments](const nlohmann::json& recipe, const std::string& source) {
    ReadDetectorSettings(recipe, source, arguments->options);
  });
  AddData(app, *arguments);
  AddLoopOptions(app, arguments->options.loop);
  AddLearning(app, *arguments);
  AddPictures(app, *arguments);
  AddRunOptions(app, arguments->place);
}

}  // namespace maskscope

#endif
