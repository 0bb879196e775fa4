#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/atomic_folder.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "evaluate/report/cost_report.h"
#include "evaluate/report/evaluation_report.h"
#include "evaluate/scene_scores.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

constexpr float kCandidateScore = 0.02f;  // the least threshold that can be chosen

struct ThresholdOptions {
  DataOptions data;
  AnalysisOptions analysis;
  CostOptions costs;
  std::optional<double> unsure_cost;
  std::string report;
  bool write = false;
};

// Which thresholds of which file were chosen.
struct Chosen {
  std::string file, field;
  double value = 0;
};

void CheckOptions(const ThresholdOptions& options) {
  if (options.data.split == "test") {
    throw Error(ErrorKind::kUsage,
                "--split test: thresholds chosen on the pictures that are measured on make the measurement worthless; "
                "choose them on validation");
  }
  if (options.write && options.analysis.detector.empty()) {
    throw Error(ErrorKind::kUsage,
                "--write changes the model files: name them with --detector and --classifier (copies of the shipped "
                "ones, say)");
  }
  if (!options.report.empty()) RequireReplaceable(options.report, kReportMarker);
}

// Stored beside the thresholds, so that one can see later where they come from.
void WriteRecord(const Chosen& chosen, const nlohmann::ordered_json& json) {
  Graph graph = ReadOnnx(chosen.file);
  std::optional<ModelRecord> record = ReadModelRecord(graph, chosen.file);
  if (!record) throw Error(ErrorKind::kBadModel, "'" + chosen.file + "' carries no model record to write into");
  (chosen.field == "score" ? record->thresholds.score : record->thresholds.confidence) =
      static_cast<float>(chosen.value);
  record->measured["thresholds_by_cost"] = json;
  StoreModelRecord(*record, graph);
  WriteOnnx(graph, chosen.file);
}

void WriteReport(const CostChoice& choice, const ThresholdOptions& options, const nlohmann::ordered_json& json,
                 const std::string& subtitle) {
  AtomicFolder folder(options.report);
  folder.Write("index.html", ToHtml(CostPage(choice, options.costs, subtitle)));
  folder.Write(kReportMarker, json.dump(2) + "\n");
  folder.Write("plots/cost_by_score.svg", ToSvg(CostByScore(choice, options.costs)));
  folder.Write("plots/cost_by_score.csv", ToCsv(CostByScore(choice, options.costs)));
  const auto patch = [](const char* field, double value) {
    return nlohmann::ordered_json{{"thresholds", {{field, value}}}}.dump(1) + "\n";
  };
  folder.Write("detector.patch.json", patch("score", choice.best.score));
  if (options.costs.choose_confidence) {
    folder.Write("plots/cost_by_confidence.svg", ToSvg(CostByConfidence(choice, options.costs)));
    folder.Write("plots/cost_by_confidence.csv", ToCsv(CostByConfidence(choice, options.costs)));
    folder.Write("classifier.patch.json", patch("confidence", choice.best.confidence));
  }
  folder.Commit();
}

int RunThresholds(const ThresholdOptions& given, const CommandContext& context) {
  ThresholdOptions options = given;
  options.costs.unsure = options.unsure_cost.value_or(options.costs.false_alarm / 4);
  options.costs.Validate();
  CheckOptions(options);
  const std::vector<LabelledImage> images = ScenesToMeasure(options.data);
  AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, images.size());
  const Analyzer present = MakeAnalyzer(options.analysis, settings);  // only for its thresholds
  settings.detector.score_threshold = kCandidateScore;
  settings.min_confidence = 0.0f;
  const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
  options.costs.choose_confidence = analyzer.has_classifier();
  if (options.write && analyzer.has_classifier() && options.analysis.classifier.empty()) {
    throw Error(ErrorKind::kUsage, "--write changes the classifier's file too: name it with --classifier");
  }
  const auto progress = context.MakeProgress();
  progress->Start("pictures", static_cast<int64_t>(images.size()), "pictures");
  const std::vector<Result> results = AnalyzeScenes(
      images, settings.images_in_flight, [&](const std::filesystem::path& path) { return analyzer.AnalyzeFile(path); },
      Steps(*progress, context));
  progress->Finish();
  const double score = options.analysis.score.value_or(present.detector().record().thresholds.score);
  double confidence = 0;
  if (analyzer.has_classifier()) {
    confidence = options.analysis.min_confidence.value_or(present.classifier().record().thresholds.confidence);
  }
  const CostChoice choice =
      ChooseThresholds(PooledView(images, results, results, {}), score, confidence, options.costs);
  nlohmann::ordered_json json = ToJson(choice, options.costs);
  json["split"] = options.data.split;
  const std::string subtitle = fmt::format("{} pictures, split “{}”", images.size(), options.data.split);
  if (!options.report.empty()) WriteReport(choice, options, json, subtitle);
  OutputStream("-").Write(ToMarkdown(CostTable(choice)) + "\n" + CostText(choice, options.costs) + "\n");
  if (!options.report.empty()) {
    SayReport(options.report, context);
  }
  if (!options.write) return 0;
  std::vector<Chosen> all{{options.analysis.detector, "score", choice.best.score}};
  if (options.costs.choose_confidence) {
    all.push_back({options.analysis.classifier, "confidence", choice.best.confidence});
  }
  for (const Chosen& one : all) {
    WriteRecord(one, json);
    context.Say(fmt::format("thresholds.{} = {:g} written into {}", one.field, one.value, one.file));
  }
  return 0;
}

}  // namespace

void AddEvalThresholdsCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ThresholdOptions>();
  options->data.split = "validation";
  CLI::App& app = AddCommand(
      group, context, "thresholds", "choose thresholds by what mistakes cost",
      "  maskscope eval thresholds --data data --missed-cost 10 --false-alarm-cost 1\n"
      "  maskscope eval thresholds --data data --missed-cost 5 --unsure-cost 0.5 --report costs\n"
      "  maskscope eval thresholds --data data --detector d.onnx --classifier c.onnx --write\n"
      "Of all detector scores and all confidences below which a face is unsure, the pair that costs least on the\n"
      "validation pictures. A missed violation is a face without mask, or with one worn wrongly, that raises no alarm.",
      [options, &context] { return RunThresholds(*options, context); });
  AddDataOptions(app, options->data);
  app.add_option("--missed-cost", options->costs.missed, "of a violation without alarm")
      ->option_text("C")
      ->capture_default_str();
  app.add_option("--false-alarm-cost", options->costs.false_alarm, "of an alarm without violation")
      ->option_text("C")
      ->capture_default_str();
  app.add_option("--unsure-cost", options->unsure_cost,
                 "of a look at a face that is unsure; default: a quarter of a false alarm")
      ->option_text("C");
  app.add_option("--resamples", options->costs.resamples, "draws of the bootstrap behind the intervals")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--report", options->report,
                 "write the curves into this folder, and patches for 'maskscope model describe'")
      ->option_text("DIR");
  app.add_flag("--write", options->write, "write the thresholds into the records of --detector and --classifier");
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
