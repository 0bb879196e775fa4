#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "base/files.h"
#include "cli/compare_system.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/compare_report.h"
#include "evaluate/report/evaluation_report.h"

namespace maskscope {
namespace {

constexpr size_t kTurn = 24;  // pictures a system analyses before the next one has its turn

struct CompareOptions {
  DataOptions data;
  AnalysisOptions analysis;
  EvalOutput output;
  std::vector<std::string> systems;
  float candidate_score = 0.02f;
};

std::vector<Result> RunSome(const std::vector<LabelledImage>& images, size_t begin, size_t end, int workers,
                            const Analyze& analyze, const StepCallback& step) {
  const std::vector<LabelledImage> some(images.begin() + static_cast<std::ptrdiff_t>(begin),
                                        images.begin() + static_cast<std::ptrdiff_t>(end));
  return AnalyzeScenes(some, workers, analyze, step);
}

// The systems take turns, so that what else happens on the machine meets all of them alike. The first turn is run twice
// and counted once: it compiles networks.
void RunModels(const std::vector<LabelledImage>& images, const std::vector<System>& systems,
               const AnalyzerOptions& settings, const CommandContext& context, std::vector<SystemRun>& runs) {
  const auto progress = context.MakeProgress();
  size_t running = 0;
  for (const System& system : systems) running += system.answer != nullptr;
  if (running == 0) return;
  progress->Start("systems", static_cast<int64_t>(2 * running * images.size()), "pictures");
  const StepCallback step = Steps(*progress, context);
  std::vector<double> seconds(systems.size());
  for (size_t begin = 0; begin < images.size(); begin += kTurn) {
    const size_t end = std::min(images.size(), begin + kTurn);
    for (size_t s = 0; s < systems.size(); ++s) {
      if (systems[s].answer == nullptr) continue;
      const auto run = [&](const Analyze& analyze, const StepCallback& each) {
        return RunSome(images, begin, end, settings.images_in_flight, analyze, each);
      };
      const auto add = [](std::vector<Result> some, std::vector<Result>& all) {
        for (Result& one : some) all.push_back(std::move(one));
      };
      add(run(systems[s].candidates, step), runs[s].candidates);
      if (begin == 0) run(systems[s].answer, {});
      const auto start = std::chrono::steady_clock::now();
      add(run(systems[s].answer, step), runs[s].answers);
      seconds[s] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
  }
  progress->Finish();
  for (size_t s = 0; s < systems.size(); ++s) {
    if (systems[s].answer != nullptr) runs[s].pictures_per_second = static_cast<double>(images.size()) / seconds[s];
  }
}

int RunCompare(const CompareOptions& options, const CommandContext& context) {
  CheckEvalOutput(options.output);
  SceneScoreOptions score_options;
  score_options.resamples = options.output.resamples;
  score_options.Validate();
  std::vector<SystemSpec> specs;
  for (const std::string& text : options.systems) specs.push_back(ParseSystem(text));
  CheckNames(specs);
  const std::vector<LabelledImage> images = ScenesToMeasure(options.data);
  const AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, images.size());
  std::vector<System> systems;
  std::vector<SystemRun> runs;
  for (const SystemSpec& spec : specs) {
    systems.push_back(OpenSystem(spec, images, settings, options.candidate_score));
    for (const std::string& note : systems.back().notes) context.Warn(spec.name + ": " + note);
    runs.push_back({spec.name, std::move(systems.back().answers), std::move(systems.back().all), std::nan(""),
                    systems.back().settings});
  }
  RunModels(images, systems, settings, context, runs);
  const SystemComparison comparison = CompareSystems(images, runs, score_options);
  nlohmann::ordered_json json = ToJson(comparison, runs);
  json["split"] = options.data.split;
  json["threads"] = settings.threads;
  json["precision"] = options.analysis.precision;
  const std::string markdown =
      ToMarkdown(ComparisonTable(comparison, runs)) + "\n" + ComparisonLegend(comparison, score_options) + "\n";
  WriteEvalFiles(options.output.json, options.output.markdown, json, markdown);
  if (!options.output.report.empty()) {
    CompareReportOptions report;
    report.pictures = options.output.gallery;
    report.workers = settings.images_in_flight;
    report.subtitle = fmt::format("{} pictures, split “{}”, {} threads", comparison.view.pictures.size(),
                                  options.data.split, settings.threads);
    WriteComparison(comparison, runs, score_options, report, json, options.output.report);
    SayReport(options.output.report, context);
  }
  OutputStream("-").Write(markdown);
  return 0;
}

}  // namespace

void AddCompareCommand(CLI::App& root, CommandContext& context) {
  auto options = std::make_shared<CompareOptions>();
  options->output.gallery = 12;
  CLI::App& app = AddCommand(
      root, context, "compare", "put several systems side by side on the same pictures",
      "  maskscope compare --data data --system ours=shipped --system mtcnn=mtcnn/,shipped --report comparison\n"
      "  maskscope compare --data data --system ours=shipped --system aizoo=aizoo.onnx,aizoo.json\n"
      "  maskscope compare --data data --system a=run1/best.onnx --system b=detections/\n"
      "A system is NAME=PART,PART...: a detector (ONNX, published .safetensors, the folder of a cascade), its record\n"
      "(.json) where it carries none, a classifier (ONNX; 'shipped': ours), score=S, size=PX; or 'shipped' alone: "
      "both\n"
      "of our models; or a file or folder of predictions (docs/evaluation.md). The first is what others are compared "
      "with.",
      [options, &context] { return RunCompare(*options, context); });
  AddDataOptions(app, options->data);
  app.add_option("--system", options->systems, "NAME=PARTS, as above; give it several times")
      ->option_text("SYSTEM")
      ->allow_extra_args(false)
      ->required();
  AddEvalOutput(app, options->output);
  app.add_option("--candidate-score", options->candidate_score,
                 "detector score from which average precision is computed")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--threads", options->analysis.threads, "cores to use; 0 = all")->option_text("N");
  app.add_option("--precision", options->analysis.precision, "auto, f32 or bf16")->option_text("P");
}

}  // namespace maskscope
