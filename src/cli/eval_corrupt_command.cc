#include <fmt/format.h>

#include <memory>

#include "base/atomic_folder.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/evaluation_report.h"
#include "evaluate/report/robustness_report.h"

namespace maskscope {
namespace {

struct CorruptOptions {
  DataOptions data;
  AnalysisOptions analysis;
  EvalOutput output;
  std::vector<std::string> kinds;
  int pictures = 0;
};

std::vector<Corruption> KindsOf(const std::vector<std::string>& names) {
  std::vector<Corruption> kinds;
  for (const std::string& name : names) {
    const std::optional<Corruption> kind = ParseCorruption(name);
    if (!kind) {
      const std::string near = NearestWord(name, CorruptionNames());
      throw Error(ErrorKind::kUsage,
                  fmt::format("--kind: found '{}', wanted {}{}", name, fmt::join(CorruptionNames(), ", "),
                              near.empty() ? "" : " (did you mean '" + near + "'?)"));
    }
    kinds.push_back(*kind);
  }
  return kinds;
}

void WriteReport(const std::vector<RobustnessCurve>& curves, const nlohmann::ordered_json& json,
                 const std::string& subtitle, const std::string& target) {
  AtomicFolder folder(target);
  folder.Write("index.html", ToHtml(RobustnessPage(curves, "Worse and worse pictures", subtitle)));
  folder.Write("plots/robustness.svg", ToSvg(RobustnessChart(curves)));
  folder.Write("plots/robustness.csv", ToCsv(RobustnessChart(curves)));
  folder.Write(kReportMarker, json.dump(2) + "\n");
  folder.Commit();
}

int RunCorrupt(const CorruptOptions& options, const CommandContext& context) {
  CheckEvalOutput(options.output);
  if (options.pictures < 0) {
    throw Error(ErrorKind::kUsage, fmt::format("--pictures: found {}, wanted 0 or more", options.pictures));
  }
  RobustnessOptions robustness;
  robustness.kinds = KindsOf(options.kinds);
  robustness.scores.resamples = options.output.resamples;
  const std::vector<LabelledImage> images = ThinOut(ScenesToMeasure(options.data), options.pictures);
  const AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, images.size());
  const Analyzer analyzer = MakeAnalyzer(options.analysis, settings);
  robustness.workers = settings.images_in_flight;
  const auto progress = context.MakeProgress();
  progress->Start("corrupted pictures", static_cast<int64_t>(RobustnessSteps(images.size(), robustness)), "pictures");
  robustness.step = Steps(*progress, context);
  const std::vector<RobustnessCurve> curves = MeasureRobustness(
      images, [&](const Image& image, const std::string& source) { return analyzer.AnalyzeImage(image, source); },
      robustness);
  progress->Finish();
  const nlohmann::ordered_json json{{"schema", "maskscope.robustness/1"},
                                    {"split", options.data.split},
                                    {"pictures", images.size()},
                                    {"curves", ToJson(curves)}};
  const std::string markdown = ToMarkdown(RobustnessTable(curves)) + "\n";
  WriteEvalFiles(options.output.json, options.output.markdown, json, markdown);
  if (!options.output.report.empty()) {
    WriteReport(curves, json, fmt::format("{} pictures, split “{}”", images.size(), options.data.split),
                options.output.report);
    SayReport(options.output.report, context);
  }
  OutputStream("-").Write(markdown);
  return 0;
}

}  // namespace

void AddEvalCorruptCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<CorruptOptions>();
  CLI::App& app =
      AddCommand(group, context, "corrupt", "measure on pictures made worse: blur, noise, JPEG, darkness, haze ...",
                 "  maskscope eval corrupt --data data --report robustness     all kinds at five strengths\n"
                 "  maskscope eval corrupt --data data --kind blur --kind darkness --pictures 100\n"
                 "Tables go to stdout: the share of labelled faces found with the right state, against strength.",
                 [options, &context] { return RunCorrupt(*options, context); });
  AddDataOptions(app, options->data);
  app.add_option("--kind", options->kinds,
                 fmt::format("only this ({}); may be given several times", fmt::join(CorruptionNames(), ", ")))
      ->option_text("NAME")
      ->allow_extra_args(false);
  app.add_option("--pictures", options->pictures, "measure on so many, evenly out of all; 0 = all")
      ->option_text("N")
      ->capture_default_str();
  AddEvalOutput(app, options->output);
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
