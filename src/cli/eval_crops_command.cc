#include <fmt/format.h>

#include <memory>

#include "base/files.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/evaluation_report.h"

namespace maskscope {
namespace {

struct CropOptions {
  DataOptions data;
  AnalysisOptions analysis;
  EvalOutput output;
};

void WriteReport(const std::vector<LabelledCrop>& crops, const std::vector<Result>& results, const CropOptions& options,
                 const ModelRecord& record, const std::vector<CropScores>& scores, const nlohmann::ordered_json& json,
                 const CommandContext& context) {
  MeasureOptions measure;
  measure.scores.resamples = options.output.resamples;
  measure.temperature = record.temperature;
  measure.workers = ToAnalyzerOptions(options.analysis, crops.size()).images_in_flight;
  const auto progress = context.MakeProgress();
  progress->Start("report", static_cast<int64_t>(crops.size()), "crops");
  measure.step = Steps(*progress, context);
  CropStorage storage;
  const Measurements measured = Measure(CropView(crops, results, storage), measure);
  ReportTexts texts;
  texts.title = "Measured on crops: " + record.name;
  texts.subtitle = fmt::format("{} crops, split “{}”", crops.size(), options.data.split);
  texts.settings = DataSettings(options.data);
  texts.settings.emplace_back("classifier", fmt::format("{} ({})", record.name, record.architecture));
  AddUnsureSettings(options.analysis, record.thresholds, texts.settings);
  texts.settings.emplace_back("arithmetic", options.analysis.precision);
  const CropTables tables = MakeCropTables(scores);
  for (const Table& table : {tables.faces, tables.others}) {
    if (!table.rows.empty()) texts.set_tables.push_back(table);
  }
  texts.rules = kCropRules;
  texts.metrics = json;
  WriteEvaluationReport(measured, texts, {.most = options.output.gallery, .workers = measure.workers},
                        options.output.report);
  progress->Finish();
  SayReport(options.output.report, context);
}

int RunEvalCrops(const CropOptions& options, const CommandContext& context) {
  CheckEvalOutput(options.output);
  CropScoreOptions score_options;
  score_options.resamples = options.output.resamples;
  score_options.Validate();
  const std::vector<LabelledCrop> crops = CropsToMeasure(options.data);
  const AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, crops.size());
  const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
  const auto progress = context.MakeProgress();
  progress->Start("crops", static_cast<int64_t>(crops.size()), "crops");
  const std::vector<Result> results =
      ClassifyCrops(crops, settings.images_in_flight, analyzer, Steps(*progress, context));
  progress->Finish();
  const std::vector<CropScores> scores = ScoreCrops(crops, results, score_options);
  const ModelRecord& record = analyzer.classifier().record();
  const nlohmann::ordered_json models{{"classifier", DescribeModel(record, options.analysis.classifier)}};
  const nlohmann::ordered_json json =
      EvaluationJson("crops", options.data.split, options.analysis.precision, models, scores);
  const std::string markdown = CropMarkdown(scores);
  WriteEvalFiles(options.output.json, options.output.markdown, json, markdown);
  if (!options.output.report.empty()) WriteReport(crops, results, options, record, scores, json, context);
  OutputStream("-").Write(markdown);
  return 0;
}

}  // namespace

void AddEvalCropsCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<CropOptions>();
  CLI::App& app = AddCommand(group, context, "crops", "measure the classifier on labelled face crops",
                             "  maskscope eval crops --data data --report report         a page to look at\n"
                             "  maskscope eval crops --data data --json crops.json\n"
                             "  maskscope eval crops --data data --set kaggle12k --classifier run/best.onnx\n"
                             "Each crop is taken as one face, framed as it is. Tables go to stdout.",
                             [options, &context] { return RunEvalCrops(*options, context); });
  AddDataOptions(app, options->data);
  AddEvalOutput(app, options->output);
  app.add_option("--detector", options->analysis.detector,
                 "only to have one where none is shipped; it finds nothing here")
      ->option_text("FILE");
  AddAnalysisOptions(app, options->analysis, false);
}

}  // namespace maskscope
