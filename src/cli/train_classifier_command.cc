#ifdef MASKSCOPE_HAS_TRAIN

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "cli/command.h"
#include "cli/result_output.h"
#include "cli/train_commands.h"
#include "train/classifier_trainer.h"
#include "train/run_charts.h"

namespace maskscope {
namespace {

struct Options {
  ClassifierTrainingOptions training;
  RunPlace place{.name = "classifier"};
  bool find_rate = false;
};

// Licences that forbid commercial use would pass on to the model.
const std::vector<std::string> kNonCommercialSets{"maskedfacenet", "utkface"};

int RunRateFinder(const ClassifierTrainingOptions& training, const RunFolder& folder, const CommandContext& context) {
  const std::unique_ptr<Progress> progress = context.MakeProgress();
  LoopHooks hooks;
  hooks.progress = progress.get();
  hooks.stop_requested = [&context] { return context.StopRequested(); };
  const RateFinding finding = FindClassifierRate(training, {}, hooks);
  WriteChart(RatesChart(finding), folder, "rates");
  context.Say(fmt::format("{}: the loss against the learning rate", (folder.path() / "rates.svg").string()));
  if (std::isnan(finding.suggested))
    throw Error(ErrorKind::kBadData, "the loss fell at no learning rate: look at the data and the labels");
  OutputStream("-").Write(fmt::format("--lr {:.2g}\n", finding.suggested));
  return 0;
}

int RunNew(const Options& options, const CommandContext& context) {
  ClassifierTrainingOptions training = options.training;
  if (training.samples.data.empty())
    throw Error(ErrorKind::kUsage, "--data is missing: a manifest, or the folder with scenes/ and faces/");
  if (training.samples.exclude_sets == std::vector<std::string>{"none"}) training.samples.exclude_sets.clear();
  // The default names sets that other people's data do not have; what was typed must be there.
  training.samples.exclude_absent = training.samples.exclude_sets == kNonCommercialSets;
  training.Validate();
  const TrainingPlace place = NewTrainingPlace(options.place);
  if (options.find_rate) return RunRateFinder(training, place.folder, context);
  return RunTraining(place, "classifier", context,
                     [&](const LoopHooks& hooks) { return TrainClassifier(training, place.folder, false, hooks); });
}

int RunResumed(const Options& options, const CommandContext& context) {
  const TrainingPlace place = ResumedTrainingPlace(options.place);
  ClassifierTrainingOptions training;
  ReadClassifierSettings(place.folder.ReadArgs(), place.folder.args().string(), training);
  return RunTraining(place, "classifier", context,
                     [&](const LoopHooks& hooks) { return TrainClassifier(training, place.folder, true, hooks); });
}

void AddDataOptions(CLI::App& app, Options& options) {
  MaskSampleOptions& samples = options.training.samples;
  app.add_option("--data", samples.data,
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
  app.add_option("--memory", options.training.memory_mb,
                 "megabytes of faces kept in memory; more of them lie in a file in the run's folder")
      ->option_text("MB")
      ->capture_default_str();
  app.add_option("--limit", samples.limit, "learn from about this many faces only, to try things out; 0 = all")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--draws", options.training.draws_per_epoch, "pictures in an epoch; 0 = as many as there are faces")
      ->option_text("N")
      ->capture_default_str();
}

void AddNetworkOptions(CLI::App& app, Options& options) {
  ClassifierTrainingOptions& training = options.training;
  app.add_option("--arch", training.arch, "classifier of the zoo ('maskscope model list')")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--init", training.init, "start weights: MobileNetV2 (.safetensors) or a classifier (.onnx)")
      ->option_text("FILE");
  app.add_option("--width", training.width, "channel multiplier, where the architecture has one")
      ->option_text("W")
      ->capture_default_str();
  app.add_option("--dropout", training.dropout, "before the last layer")->option_text("S")->capture_default_str();
  app.add_option("--hidden", training.hidden, "values of a further dense layer before the last; 0 = none")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--pixels", training.pixels, "scaling the start weights know: half (-1..1), unit (0..1), imagenet")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--freeze", training.freeze, "layers that do not learn: 'body', or how their names begin")
      ->option_text("NAME");
  app.add_option("--freeze-epochs", training.freeze_epochs, "for how long; 0 = to the end")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--size", training.sizes, "input side in pixels; several, e.g. 96,128: a part of the epochs each")
      ->option_text("N,...")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--crop-sides", training.crop_sides,
                 "in place of --size: input sides the model takes, e.g. 64,96,128; each face at the smallest that fits")
      ->option_text("N,...")
      ->delimiter(',');
  app.add_option("--margin", training.margin, "share of the box's side the crop adds on each side")
      ->option_text("M")
      ->capture_default_str();
  app.add_option("--prior-correction", training.prior_correction,
                 "of the difference between --shares and how often states occur, how much the finished model takes "
                 "back, 0 to 1")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--shares", training.shares, "shares of correct, incorrect and none among the pictures drawn")
      ->option_text("C,I,N")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--synthetic-share", training.synthetic_share, "of a state's draws, at most, by synthetic faces")
      ->option_text("S")
      ->capture_default_str();
}

void AddLossOptions(CLI::App& app, ClassifierLossOptions& loss) {
  app.add_option("--label-smoothing", loss.label_smoothing, "share of certainty taken from the label")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--focal", loss.focal_gamma, "gamma of the focal loss; 0 = cross-entropy")
      ->option_text("G")
      ->capture_default_str();
  app.add_option("--class-weights", loss.class_weights, "of correct, incorrect and none in the loss; default: 1 each")
      ->option_text("C,I,N")
      ->delimiter(',');
  app.add_option("--mixup", loss.mixup, "alpha of blended pairs; 0 = off")->option_text("A")->capture_default_str();
  app.add_option("--cutmix", loss.cutmix, "alpha of pasted rectangles; 0 = off")
      ->option_text("A")
      ->capture_default_str();
  app.add_option("--teacher", loss.teacher, "classifier (.onnx) whose answers are learnt as well")->option_text("FILE");
  app.add_option("--teacher-share", loss.teacher_share, "of the loss")->option_text("S")->capture_default_str();
  app.add_option("--teacher-temperature", loss.teacher_temperature, "that softens both answers")
      ->option_text("T")
      ->capture_default_str();
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
      "  maskscope train classifier --recipe a-resnet18 --data DIR --epochs 5\n"
      "  maskscope train classifier --resume runs/trial\n"
      "Leaves weights/best.onnx, weights/last.onnx, a checkpoint, args.yaml, results.csv and pictures in runs/NAME.\n"
      "Ctrl-C stops after the step at hand and keeps the exact place for --resume. Options override the recipe, which\n"
      "is a YAML file like args.yaml; shipped ones are called by their names (folder recipes/). Sets under "
      "non-commercial licences are left out by default;\n"
      "--exclude-set none names no set.",
      [options, &context] {
        return options->place.resume.empty() ? RunNew(*options, context) : RunResumed(*options, context);
      });
  AddRecipeOption(app, [options](const nlohmann::json& recipe, const std::string& source) {
    ReadClassifierSettings(recipe, source, options->training);
  });
  AddDataOptions(app, *options);
  AddNetworkOptions(app, *options);
  AddLoopOptions(app, options->training.loop);
  app.add_option("--batch", options->training.batch, "pictures in a step")->option_text("N")->capture_default_str();
  AddLossOptions(app, options->training.loss);
  app.add_flag("--find-rate", options->find_rate,
               "instead of training: raise the learning rate step by step and draw the loss against it");
  AddRunOptions(app, options->place);
}

}  // namespace maskscope

#endif
