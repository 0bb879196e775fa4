#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "cli/analysis_options.h"
#include "cli/command.h"
#include "cli/eval_models.h"
#include "cli/result_output.h"
#include "data/formats/labelled_parts.h"
#include "evaluate/analyze_set.h"
#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

struct DataOptions {
  std::string data, split = "test";
  std::vector<std::string> sets;
  double validation_share = 0.1;
  uint64_t validation_seed = 1;
};

struct EvalOptions {
  DataOptions data;
  AnalysisOptions analysis;
  bool no_classifier = false;
  std::string record;
  float candidate_score = 0.02f;
  int resamples = 1000;
  std::string json, markdown;
};

void AddDataOptions(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.data,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->option_text("DATA")
      ->required();
  app.add_option("--split", options.split,
                 "test, train, validation (the groups of train kept back from training), or unassigned "
                 "(pictures of no split)")
      ->option_text("NAME")
      ->capture_default_str();
  app.add_option("--set", options.sets, "only these sets (may be given several times)")->option_text("NAME");
  app.add_option("--validation-share", options.validation_share, "share of train's groups that is validation")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--validation-seed", options.validation_seed, "which groups they are")
      ->option_text("N")
      ->capture_default_str();
}

void AddReportOptions(CLI::App& app, EvalOptions& options) {
  app.add_option("--json", options.json, "write all numbers here")->option_text("FILE");
  app.add_option("--markdown", options.markdown, "write the tables here as well")->option_text("FILE");
  app.add_option("--resamples", options.resamples, "draws of the bootstrap behind the intervals")
      ->option_text("N")
      ->capture_default_str();
}

DatasetSplit SplitToRead(const DataOptions& options) {
  const std::optional<DatasetSplit> split = ParseDatasetSplit(options.split);
  if (split) return *split;
  const std::string near = NearestWord(options.split, {"test", "train", "validation", "unassigned"});
  throw Error(ErrorKind::kUsage, "--split: found '" + options.split +
                                     "', wanted test, train, validation or unassigned" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

ValidationRule RuleOf(const DataOptions& options) { return {options.validation_share, options.validation_seed}; }

// What was asked for out of all that was read. Errors: kUsage naming a set that is not there.
template <typename Item>
std::vector<Item> Choose(std::vector<Item> items, const DataOptions& options) {
  std::set<std::string> known;
  for (const Item& item : items) known.insert(item.set);
  for (const std::string& set : options.sets) {
    if (known.count(set) > 0) continue;
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::kUsage, "--set: there is no '" + set + "' in this split, only " + names);
  }
  std::erase_if(items, [&](const Item& item) {
    return !options.sets.empty() && std::find(options.sets.begin(), options.sets.end(), item.set) == options.sets.end();
  });
  if (items.empty())
    throw Error(ErrorKind::kBadData, "'" + options.data + "' has no pictures to measure on in the split '" +
                                         options.split + "'; --split names another");
  return items;
}

StepCallback Steps(Progress& progress, const CommandContext& context) {
  return [&] {
    progress.Step();
    return !context.StopRequested();
  };
}

nlohmann::ordered_json Describe(const ModelRecord& record, const std::string& file) {
  return {{"file", std::filesystem::path(file).filename().string()},
          {"name", record.name},
          {"architecture", record.architecture},
          {"score_threshold", record.thresholds.score}};
}

// The two runs of the pictures, and what ran.
struct SceneRuns {
  std::vector<Result> answers, candidates;
  nlohmann::ordered_json models;
};

template <typename Make>
SceneRuns RunTwice(const std::vector<LabelledImage>& images, const EvalOptions& options, const CommandContext& context,
                   const Make& make) {
  SceneRuns runs;
  const auto progress = context.MakeProgress();
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, images.size());
  progress->Start("answers", static_cast<int64_t>(images.size()), "pictures");
  runs.answers =
      AnalyzeScenes(images, settings.images_in_flight, make(settings, &runs.models), Steps(*progress, context));
  settings.detector.score_threshold = options.candidate_score;
  progress->Start("candidates", static_cast<int64_t>(images.size()), "pictures");
  runs.candidates =
      AnalyzeScenes(images, settings.images_in_flight, make(settings, nullptr), Steps(*progress, context));
  progress->Finish();
  return runs;
}

SceneRuns RunScenes(const std::vector<LabelledImage>& images, const EvalOptions& options,
                    const CommandContext& context) {
  using Analyze = std::function<Result(const std::filesystem::path&)>;
  const bool foreign = options.no_classifier || !options.record.empty() ||
                       std::filesystem::path(options.analysis.detector).extension() == ".safetensors";
  if (!foreign) {
    return RunTwice(images, options, context, [&](const AnalyzerOptions& settings, nlohmann::ordered_json* models) {
      const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
      if (models != nullptr) {
        (*models)["detector"] = Describe(analyzer.detector().record(), options.analysis.detector);
        if (analyzer.has_classifier()) {
          (*models)["classifier"] = Describe(analyzer.classifier().record(), options.analysis.classifier);
        }
      }
      return Analyze([analyzer](const std::filesystem::path& path) { return analyzer.AnalyzeFile(path); });
    });
  }
  if (!options.analysis.classifier.empty()) {
    throw Error(ErrorKind::kUsage,
                "--classifier does not go with --no-classifier, --record or published weights: those "
                "detectors are measured alone");
  }
  const std::string file =
      options.analysis.detector.empty() ? FindShippedModel("face-detector.onnx").string() : options.analysis.detector;
  return RunTwice(images, options, context, [&](AnalyzerOptions settings, nlohmann::ordered_json* models) {
    const auto detector = std::make_shared<LoneDetector>(
        LoadDescribedDetector(file, options.record, settings.detector, settings.precision));
    if (models != nullptr) (*models)["detector"] = Describe(detector->record(), file);
    return Analyze([detector, decode = settings.decode](const std::filesystem::path& path) {
      return detector->AnalyzeFile(path, decode);
    });
  });
}

template <typename Scores>
void WriteReports(const EvalOptions& options, const std::string& kind, nlohmann::ordered_json models,
                  const std::vector<Scores>& scores, const std::string& markdown) {
  if (!options.json.empty()) {
    nlohmann::ordered_json json{{"schema", kEvaluationSchema},
                                {"kind", kind},
                                {"split", options.data.split},
                                {"precision", options.analysis.precision},
                                {"models", std::move(models)}};
    json["sets"] = nlohmann::ordered_json::array();
    for (const Scores& one : scores) json["sets"].push_back(ToJson(one));
    WriteFileAtomically(options.json,
                        json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }
  if (!options.markdown.empty()) WriteFileAtomically(options.markdown, markdown);
  OutputStream("-").Write(markdown);
}

int RunEvalScenes(const EvalOptions& options, const CommandContext& context) {
  SceneScoreOptions score_options;
  score_options.resamples = options.resamples;
  score_options.Validate();
  const std::vector<LabelledImage> images =
      Choose(ReadScenesToMeasure(options.data.data, SplitToRead(options.data), RuleOf(options.data)), options.data);
  SceneRuns runs = RunScenes(images, options, context);
  const std::vector<SceneScores> scores = ScoreScenes(images, runs.answers, runs.candidates, score_options);
  WriteReports(options, "scenes", std::move(runs.models), scores, SceneMarkdown(scores, score_options));
  return 0;
}

int RunEvalCrops(const EvalOptions& options, const CommandContext& context) {
  CropScoreOptions score_options;
  score_options.resamples = options.resamples;
  score_options.Validate();
  const std::vector<LabelledCrop> crops =
      Choose(ReadFacesToMeasure(options.data.data, SplitToRead(options.data), RuleOf(options.data)), options.data);
  const AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, crops.size());
  const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
  const auto progress = context.MakeProgress();
  progress->Start("crops", static_cast<int64_t>(crops.size()), "crops");
  const std::vector<Result> results =
      ClassifyCrops(crops, settings.images_in_flight, analyzer, Steps(*progress, context));
  progress->Finish();
  const std::vector<CropScores> scores = ScoreCrops(crops, results, score_options);
  nlohmann::ordered_json models{{"classifier", Describe(analyzer.classifier().record(), options.analysis.classifier)}};
  WriteReports(options, "crops", std::move(models), scores, CropMarkdown(scores));
  return 0;
}

void AddEvalScenes(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App& app =
      AddCommand(group, context, "scenes", "measure on whole pictures with labelled faces",
                 "  maskscope eval scenes --data data --json scenes.json      the shipped models, all sets\n"
                 "  maskscope eval scenes --data data --set kaggle853 --detector run/best.onnx\n"
                 "  maskscope eval scenes --data data --no-classifier         only how well faces are found\n"
                 "  maskscope eval scenes --data data --detector other.onnx --record other.json\n"
                 "                                                            somebody else's detector, alone\n"
                 "Tables go to stdout. Average precision of faces, of mask / no mask and of each state; which states "
                 "are taken for\n"
                 "which; faces found with the right state, of all; all with 95 % intervals.",
                 [options, &context] { return RunEvalScenes(*options, context); });
  AddDataOptions(app, options->data);
  AddReportOptions(app, *options);
  app.add_flag("--no-classifier", options->no_classifier, "measure the detector alone");
  app.add_option(
         "--record", options->record,
         "model record (JSON) that says how --detector is fed and read, instead of the one it\ncarries; it is then "
         "measured alone")
      ->option_text("FILE");
  app.add_option("--candidate-score", options->candidate_score,
                 "detector score from which average precision is computed")
      ->option_text("S")
      ->capture_default_str();
  AddAnalysisOptions(app, options->analysis, true);
}

void AddEvalCrops(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App& app = AddCommand(group, context, "crops", "measure the classifier on labelled face crops",
                             "  maskscope eval crops --data data --json crops.json\n"
                             "  maskscope eval crops --data data --set kaggle12k --classifier run/best.onnx\n"
                             "Each crop is taken as one face, framed as it is. Tables go to stdout.",
                             [options, &context] { return RunEvalCrops(*options, context); });
  AddDataOptions(app, options->data);
  AddReportOptions(app, *options);
  app.add_option("--detector", options->analysis.detector,
                 "only to have one where none is shipped; it finds nothing here")
      ->option_text("FILE");
  AddAnalysisOptions(app, options->analysis, false);
}

}  // namespace

void AddEvalCommand(CLI::App& root, CommandContext& context) {
  CLI::App& group = AddCommandGroup(root, "eval", "measure models on labelled pictures");
  AddEvalScenes(group, context);
  AddEvalCrops(group, context);
}

}  // namespace maskscope
