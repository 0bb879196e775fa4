#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/files.h"
#include "cli/eval_models.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "data/formats/formats.h"
#include "evaluate/eval_report.h"
#include "evaluate/predictions.h"
#include "evaluate/report/evaluation_report.h"

namespace maskscope {
namespace {

struct SceneOptions {
  DataOptions data;
  AnalysisOptions analysis;
  EvalOutput output;
  bool no_classifier = false;
  std::string record, predictions, map;
  std::vector<std::string> names;
  float candidate_score = 0.02f;
};

// The two runs of the pictures, and what ran.
struct SceneRuns {
  std::vector<Result> answers, candidates;
  nlohmann::ordered_json models;
  std::string name;  // of what was measured
  Settings settings;
  std::optional<double> temperature, score_threshold;
};

using Analyze = std::function<Result(const std::filesystem::path&)>;

// make(settings, what to describe it in or null) -> Analyze
template <typename Make>
SceneRuns RunTwice(const std::vector<LabelledImage>& images, const SceneOptions& options, const CommandContext& context,
                   const Make& make) {
  SceneRuns runs;
  const auto progress = context.MakeProgress();
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, images.size());
  progress->Start("answers", static_cast<int64_t>(images.size()), "pictures");
  runs.answers = AnalyzeScenes(images, settings.images_in_flight, make(settings, &runs), Steps(*progress, context));
  settings.detector.score_threshold = options.candidate_score;
  progress->Start("candidates", static_cast<int64_t>(images.size()), "pictures");
  runs.candidates =
      AnalyzeScenes(images, settings.images_in_flight, make(settings, nullptr), Steps(*progress, context));
  progress->Finish();
  return runs;
}

void DescribeDetector(const ModelRecord& record, const std::string& file, const SceneOptions& options,
                      SceneRuns& runs) {
  runs.models["detector"] = DescribeModel(record, file);
  runs.score_threshold = options.analysis.score.value_or(record.thresholds.score);
  runs.name = record.name.empty() ? std::filesystem::path(file).filename().string() : record.name;
  runs.settings.emplace_back("detector", fmt::format("{} ({})", runs.name, record.architecture));
  runs.settings.emplace_back("detector score threshold", fmt::format("{:g}", *runs.score_threshold));
}

SceneRuns RunAnalyzer(const std::vector<LabelledImage>& images, const SceneOptions& options,
                      const CommandContext& context) {
  return RunTwice(images, options, context, [&](const AnalyzerOptions& settings, SceneRuns* runs) {
    const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
    if (runs != nullptr) {
      DescribeDetector(analyzer.detector().record(), options.analysis.detector, options, *runs);
      if (analyzer.has_classifier()) {
        const ModelRecord& record = analyzer.classifier().record();
        runs->models["classifier"] = DescribeModel(record, options.analysis.classifier);
        runs->name += " and " + record.name;
        runs->settings.emplace_back("classifier", fmt::format("{} ({})", record.name, record.architecture));
        runs->temperature = record.temperature;
        AddUnsureSettings(options.analysis, record.thresholds, runs->settings);
      }
    }
    return Analyze([analyzer](const std::filesystem::path& path) { return analyzer.AnalyzeFile(path); });
  });
}

SceneRuns RunLoneDetector(const std::vector<LabelledImage>& images, const SceneOptions& options,
                          const CommandContext& context) {
  if (!options.analysis.classifier.empty()) {
    throw Error(ErrorKind::kUsage,
                "--classifier does not go with --no-classifier, --record or published weights: those "
                "detectors are measured alone");
  }
  const std::string file =
      options.analysis.detector.empty() ? FindShippedModel("face-detector.onnx").string() : options.analysis.detector;
  return RunTwice(images, options, context, [&](AnalyzerOptions settings, SceneRuns* runs) {
    const auto detector = std::make_shared<LoneDetector>(
        LoadDescribedDetector(file, options.record, settings.detector, settings.precision));
    if (runs != nullptr) DescribeDetector(detector->record(), file, options, *runs);
    return Analyze([detector, decode = settings.decode](const std::filesystem::path& path) {
      return detector->AnalyzeFile(path, decode);
    });
  });
}

// Predictions that somebody made.
SceneRuns ReadRuns(const std::vector<LabelledImage>& images, const SceneOptions& options,
                   const CommandContext& context) {
  if (options.no_classifier || !options.record.empty() || !options.analysis.detector.empty() ||
      !options.analysis.classifier.empty()) {
    throw Error(ErrorKind::kUsage,
                "--predictions are measured as they are: leave out --detector, --classifier, --record and "
                "--no-classifier");
  }
  PredictionOptions read;
  read.source = options.predictions;
  read.names = options.names;
  if (!options.map.empty()) read.classes = ReadClassMap(options.map);
  Predictions predictions = ReadPredictions(images, read);
  for (const std::string& note : predictions.notes) context.Warn(note);
  SceneRuns runs;
  const double threshold = options.analysis.score.value_or(0.5f);
  runs.candidates = std::move(predictions.results);
  runs.answers = WithScoreFrom(runs.candidates, threshold);
  runs.score_threshold = threshold;
  runs.name = std::filesystem::path(options.predictions).filename().string();
  runs.models["predictions"] = {{"file", runs.name}, {"format", predictions.format}};
  runs.settings = {{"predictions", fmt::format("{} ({})", runs.name, predictions.format)},
                   {"score threshold", fmt::format("{:g}", threshold)}};
  return runs;
}

SceneRuns RunScenes(const std::vector<LabelledImage>& images, const SceneOptions& options,
                    const CommandContext& context) {
  if (!options.predictions.empty()) return ReadRuns(images, options, context);
  const bool alone = options.no_classifier || !options.record.empty() ||
                     std::filesystem::path(options.analysis.detector).extension() == ".safetensors";
  return alone ? RunLoneDetector(images, options, context) : RunAnalyzer(images, options, context);
}

void WriteReport(const std::vector<LabelledImage>& images, const SceneRuns& runs, const SceneOptions& options,
                 const std::vector<SceneScores>& scores, const SceneScoreOptions& score_options,
                 const nlohmann::ordered_json& json, const CommandContext& context) {
  MeasureOptions measure;
  measure.scores = score_options;
  measure.temperature = runs.temperature;
  measure.workers = ToAnalyzerOptions(options.analysis, images.size()).images_in_flight;
  const auto progress = context.MakeProgress();
  progress->Start("report", static_cast<int64_t>(images.size()), "pictures");
  measure.step = Steps(*progress, context);
  const Measurements measured = Measure(PooledView(images, runs.answers, runs.candidates, score_options), measure);
  ReportTexts texts;
  texts.title = "Measured: " + runs.name;
  texts.settings = DataSettings(options.data);
  texts.settings.insert(texts.settings.end(), runs.settings.begin(), runs.settings.end());
  texts.settings.emplace_back("average precision from detector score", fmt::format("{:g}", options.candidate_score));
  texts.settings.emplace_back("arithmetic", options.analysis.precision);
  texts.subtitle = fmt::format("{} pictures with {} labelled faces, split “{}”", measured.overall.pictures,
                               measured.overall.faces, options.data.split);
  texts.score_threshold = runs.score_threshold;
  texts.set_tables = {SceneTable(scores, score_options)};
  texts.rules = SceneRules(score_options, measured.states);
  texts.metrics = json;
  WriteEvaluationReport(measured, texts, {.most = options.output.gallery, .workers = measure.workers},
                        options.output.report);
  progress->Finish();
  SayReport(options.output.report, context);
}

int RunEvalScenes(const SceneOptions& options, const CommandContext& context) {
  CheckEvalOutput(options.output);
  SceneScoreOptions score_options;
  score_options.resamples = options.output.resamples;
  score_options.Validate();
  const std::vector<LabelledImage> images = ScenesToMeasure(options.data);
  const SceneRuns runs = RunScenes(images, options, context);
  const std::vector<SceneScores> scores = ScoreScenes(images, runs.answers, runs.candidates, score_options);
  const std::string markdown = SceneMarkdown(scores, score_options);
  const nlohmann::ordered_json json =
      EvaluationJson("scenes", options.data.split, options.analysis.precision, runs.models, scores);
  WriteEvalFiles(options.output.json, options.output.markdown, json, markdown);
  if (!options.output.report.empty()) {
    WriteReport(images, runs, options, scores, score_options, json, context);
  }
  OutputStream("-").Write(markdown);
  return 0;
}

}  // namespace

void AddEvalScenesCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<SceneOptions>();
  CLI::App& app =
      AddCommand(group, context, "scenes", "measure on whole pictures with labelled faces",
                 "  maskscope eval scenes --data data --report report        a page to look at: report/index.html\n"
                 "  maskscope eval scenes --data data --json scenes.json      the shipped models, all sets\n"
                 "  maskscope eval scenes --data data --set kaggle853 --detector run/best.onnx\n"
                 "  maskscope eval scenes --data data --no-classifier         only how well faces are found\n"
                 "  maskscope eval scenes --data data --detector other.onnx --record other.json\n"
                 "                                                            somebody else's detector, alone\n"
                 "  maskscope eval scenes --data data --predictions detections/   what another program found\n"
                 "Tables go to stdout. Average precision of faces, of mask / no mask and of each state; which states "
                 "are taken for\n"
                 "which; faces found with the right state, of all; all with 95 % intervals.",
                 [options, &context] { return RunEvalScenes(*options, context); });
  AddDataOptions(app, options->data);
  AddEvalOutput(app, options->output);
  app.add_option("--predictions", options->predictions,
                 "measure what is written here instead of running models: a COCO results file (.json),\nor a folder of "
                 "text files, one a picture, in YOLO's format or 'class score x1 y1 x2 y2'")
      ->option_text("PATH");
  app.add_option("--names", options->names,
                 "class names of --predictions in the order of their numbers, or NUMBER=NAME")
      ->option_text("A,B")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--map", options->map,
                 "YAML or JSON: class name of --predictions -> correct, incorrect, none, face or ignore")
      ->option_text("FILE");
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

}  // namespace maskscope
