#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "analyze/analyzer.h"
#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "data/suspects/find_suspects.h"
#include "data/suspects/suspects_report.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string data, out, features, predictions, duplicates, author, detector, score = "margin";
  DataInput input;
  std::vector<std::string> splits{"train", "validation", "unassigned"}, sets;
  bool no_boxes = false, no_mirror = false, unbalanced = false;
  int side = 128, threads = 0;
  size_t top = 0, sheet = 60;
  std::optional<double> accept_above;
  FaceChoice choice;
  BoxRules boxes;
  LabelSuspectOptions labels;
};

void Complete(Options& options) {
  Problems problems;
  options.choice.splits.clear();
  for (const std::string& name : options.splits) {
    const std::optional<DatasetSplit> split = ParseDatasetSplit(name);
    problems.Require(split.has_value(), "--split", name, "train, validation, test or unassigned");
    if (split) options.choice.splits.insert(*split);
  }
  const std::optional<SuspectScore> score = ParseSuspectScore(options.score);
  problems.Require(score.has_value(), "--score", options.score, "margin or self-confidence");
  if (score) options.labels.score = *score;
  problems.Require(options.features.empty() || options.predictions.empty(), "--predictions", "also --features",
                   "one of the two");
  if (options.accept_above) {
    problems.Require(*options.accept_above >= 0 && *options.accept_above <= 1, "--accept-above",
                     std::to_string(*options.accept_above), "0 to 1");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "data suspects");
  options.choice.sets = {options.sets.begin(), options.sets.end()};
  options.threads = ResolveThreads(options.threads, "--threads");
  options.labels.features.threads = options.labels.out_of_fold.threads = options.threads;
  options.labels.features.mirrored = !options.no_mirror;
  options.labels.out_of_fold.logistic.balanced = !options.unbalanced;
  options.boxes.min_face = options.choice.min_face;
  options.choice.Validate();
  options.boxes.Validate();
  options.labels.out_of_fold.Validate();
}

std::string Today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

void CheckSets(const Dataset& dataset, const Options& options) {
  std::vector<std::string> known;
  for (const auto& [name, set] : dataset.header.sets) known.push_back(name);
  for (const std::string& name : options.sets) {
    if (dataset.header.sets.contains(name)) continue;
    const std::string near = NearestWord(name, known);
    throw Error(ErrorKind::kUsage, "--set: '" + options.data + "' has no set '" + name + "'" +
                                       (near.empty() ? "" : " (did you mean '" + near + "'?)"));
  }
}

// Files in the folder; the patch is written last, so that a folder with a patch
// is complete.
void WriteAll(const Options& options, const SuspectsReport& report) {
  const fs::path out = options.out;
  WriteFileAtomically(out / "suspects.csv", SuspectsCsv(report));
  WriteFileAtomically(out / "suspects.json", SuspectsJson(report));
  WritePredictions(out / "predictions.csv", *report.dataset, *report.labels);
  if (options.sheet > 0) WriteSuspectSheets(report, options.sheet, out);
  PatchChoice choice;
  choice.author = options.author;
  choice.date = Today();
  choice.accept_above = options.accept_above;
  if (IsManifestInput(options.data, options.input)) choice.manifest_hash = ContentHashOfFile(options.data);
  WritePatch(out / "suspects.patch.jsonl", SuspectsPatch(report, choice));
}

void Summarise(const Options& options, const SuspectsReport& report, const CommandContext& context) {
  const LabelSuspects& labels = *report.labels;
  context.Say(
      fmt::format("{} faces judged ({} too small, {} ignored, {} "
                  "without a state, {} without a prediction)",
                  labels.faces.size(), report.judged->small, report.judged->ignored, report.judged->without_state,
                  labels.unpredicted));
  std::string agreement;
  for (size_t s = 0; s < labels.agreement.size(); ++s) {
    if (labels.agreement[s] == labels.agreement[s]) {
      agreement += fmt::format(" {} {:.1f} %", MaskStateName(MaskState(s)), 100 * labels.agreement[s]);
    }
  }
  context.Say("labels that the others confirm:" + agreement);
  context.Say(fmt::format("{} labels are likely wrong, {} listed", labels.ranking.candidates, report.listed));
  if (report.boxes != nullptr) {
    size_t kinds[3] = {};
    for (const BoxSuspect& suspect : report.boxes->suspects) ++kinds[static_cast<size_t>(suspect.kind)];
    context.Say(
        fmt::format("{} scenes: {} faces missed, {} boxes misplaced, "
                    "{} boxes with no face found",
                    report.boxes->scenes, kinds[0], kinds[1], kinds[2]));
  }
  context.Say("look at " + options.out + "/labels-01.jpg, set \"accept\": true in " + options.out +
              "/suspects.patch.jsonl where it is right, then run 'maskscope "
              "data relabel'");
}

int RunSuspects(Options options, const CommandContext& context) {
  Complete(options);
  MakeFolder(options.out);
  Dataset dataset = OpenDataset(options.data, options.input, context);
  CheckSets(dataset, options);
  std::vector<std::vector<size_t>> clusters;
  if (!options.duplicates.empty()) clusters = ReadClusters(options.duplicates, dataset);
  const JudgedFaces judged = ChooseFaces(dataset, options.choice, clusters);
  if (judged.faces.empty()) {
    throw Error(ErrorKind::kBadData, "'" + options.data + "': no labelled face of the chosen splits and sets is at " +
                                         fmt::format("least {} pixels", options.choice.min_face));
  }
  const auto progress = context.MakeProgress();
  const auto stop = [&context] { return context.StopRequested(); };
  SuspectsReport report;
  LabelSuspects labels;
  if (options.predictions.empty()) {
    const fs::path model =
        options.features.empty() ? FindShippedModel("mask-classifier.onnx") : fs::path(options.features);
    report.probabilities_from = model.filename().string();
    labels =
        FindLabelSuspects(dataset, judged, LoadFeatureModel(model, options.side), options.labels, progress.get(), stop);
  } else {
    report.probabilities_from = fs::path(options.predictions).filename().string();
    labels = FindLabelSuspects(dataset, judged, options.predictions, options.labels);
  }
  std::optional<BoxSearch> boxes;
  if (!options.no_boxes) {
    const fs::path model =
        options.detector.empty() ? FindShippedModel("face-detector.onnx") : fs::path(options.detector);
    boxes = FindBoxSuspects(dataset, judged.pictures, LoadSuspectDetector(model, options.boxes), options.boxes,
                            options.threads, progress.get(), stop);
  }
  report.dataset = &dataset;
  report.judged = &judged;
  report.labels = &labels;
  report.boxes = boxes ? &*boxes : nullptr;
  report.listed = options.top > 0 ? std::min(options.top, labels.faces.size()) : labels.ranking.candidates;
  report.source = options.data;
  FillHashes(report, dataset, options.threads);
  WriteAll(options, report);
  Summarise(options, report, context);
  size_t failed = labels.problems.size();
  for (const DataProblem& problem : labels.problems) context.Warn(problem.file + ": " + problem.message);
  if (boxes) {
    for (const DataProblem& problem : boxes->problems) context.Warn(problem.file + ": " + problem.message);
    failed += boxes->problems.size();
  }
  return failed == 0 ? 0 : kSomeFailedExitCode;
}

void AddOptions(CLI::App& app, Options& options) {
  AddDataArgument(app, options.data, options.input);
  app.add_option("--out", options.out, "folder for tables, sheets and the patch")->option_text("DIR")->required();
  app.add_option("--features", options.features,
                 "network whose features are compared: mask classifier (.onnx; "
                 "default the shipped one) or MobileNetV2 "
                 "weights (.safetensors)")
      ->option_text("FILE");
  app.add_option("--side", options.side, "pixels at which .safetensors weights see a face")
      ->option_text("PX")
      ->capture_default_str();
  app.add_option("--predictions", options.predictions,
                 "out-of-fold probabilities from elsewhere: CSV "
                 "path,face,correct,incorrect,none")
      ->option_text("FILE");
  app.add_option("--duplicates", options.duplicates, "report of 'data duplicates --json': copies stay in one fold")
      ->option_text("FILE");
  app.add_option("--split", options.splits, "search these splits only")
      ->option_text("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--set", options.sets, "search these sets only")
      ->option_text("NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--min-face", options.choice.min_face, "pixels; smaller faces in scenes are not judged")
      ->option_text("PX")
      ->capture_default_str();
  app.add_flag("--any-state", options.labels.any_state, "also suggest states that a set does not have");
  app.add_option("--score", options.score, "margin or self-confidence")->option_text("NAME")->capture_default_str();
  app.add_option("--folds", options.labels.out_of_fold.folds, "parts, each judged by what the others teach")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--seed", options.labels.out_of_fold.seed, "of the parts")->option_text("N")->capture_default_str();
  app.add_option("--l2", options.labels.out_of_fold.logistic.l2, "strength of the regression's penalty")
      ->option_text("X")
      ->capture_default_str();
  app.add_flag("--unbalanced", options.unbalanced, "let frequent states weigh more");
  app.add_flag("--no-mirror", options.no_mirror, "quicker: no second look at the mirrored face");
  app.add_option("--top", options.top, "list so many labels (default: those that are likely wrong)")->option_text("N");
  app.add_option("--sheet", options.sheet, "show so many of each kind on sheets, 0 = none")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--accept-above", options.accept_above,
                 "accept new states at least this likely in the patch, unseen; "
                 "boxes are never accepted unseen")
      ->option_text("P");
  app.add_option("--author", options.author, "who answers for the patch")->option_text("NAME");
  app.add_option("--detector", options.detector, "face detector for wrong boxes (default the shipped one)")
      ->option_text("FILE");
  app.add_flag("--no-boxes", options.no_boxes, "do not look for wrong boxes");
  app.add_option("--missed-score", options.boxes.missed_score, "least score of a missed face")
      ->option_text("P")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "0 = all cores")->option_text("N")->capture_default_str();
}

}  // namespace

void AddDataSuspectsCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(data, context, "suspects",
                             "find labels that are likely wrong, and boxes that are missing or "
                             "misplaced",
                             "  maskscope data suspects set.jsonl --out look               tables, "
                             "sheets and a patch to review\n"
                             "  maskscope data suspects data --out look --split train --set kaggle853 "
                             "--no-boxes\n"
                             "  maskscope data suspects set.jsonl --out look --features "
                             "mobilenet_v2_1.0.safetensors\n"
                             "                                                            features "
                             "that have never seen these labels\n"
                             "  maskscope data suspects set.jsonl --out look --predictions oof.csv\n"
                             "docs/suspects.md says how it works and how much it finds. Exit code 1 "
                             "when pictures could not be read.",
                             [options, &context] { return RunSuspects(*options, context); });
  AddOptions(app, *options);
}

}  // namespace maskscope
