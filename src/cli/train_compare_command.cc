#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/files.h"
#include "cli/command.h"
#include "cli/result_output.h"
#include "runs/compare_runs.h"

namespace maskscope {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string out;
  CompareOptions comparison;
};

void WriteReport(const RunComparison& comparison, const std::filesystem::path& folder) {
  MakeFolder(folder);
  WriteFileAtomically(folder / "compare.html", ToHtml(ComparisonPage(comparison)));
  WriteFileAtomically(folder / "curves.svg", ToSvg(comparison.curves));
  WriteFileAtomically(folder / "curves.csv", ToCsv(comparison.curves));
  WriteFileAtomically(folder / "metrics.csv", ToCsv(comparison.metrics));
  WriteFileAtomically(folder / "settings.csv", ToCsv(comparison.settings));
  if (!comparison.intervals.columns.empty()) {
    WriteFileAtomically(folder / "intervals.csv", ToCsv(comparison.intervals));
  }
  if (!comparison.differences.columns.empty()) {
    WriteFileAtomically(folder / "differences.csv", ToCsv(comparison.differences));
  }
}

int RunCompare(const Options& options, const CommandContext& context) {
  options.comparison.Validate();
  std::vector<RunRecord> runs;
  for (const std::string& folder : options.runs) runs.push_back(ReadRun(folder));
  const RunComparison comparison = CompareRuns(runs, options.comparison);
  OutputStream("-").Write(ComparisonMarkdown(comparison));
  if (options.out.empty()) return 0;
  WriteReport(comparison, options.out);
  context.Say("the report is " + (std::filesystem::path(options.out) / "compare.html").string());
  return 0;
}

}  // namespace

void AddTrainCompareCommand(CLI::App& train, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      train, context, "compare", "put trainings side by side: best epochs, settings that differ, curves",
      "  maskscope train compare runs/a runs/b               tables to stdout\n"
      "  maskscope train compare runs/* --out comparison     and comparison/compare.html with curves, SVG, CSV\n"
      "Reads results.csv and the settings of each run; a run may be unfinished. Where runs hold validation.csv (what "
      "they\n"
      "said of each validation face) scores have 95 % intervals, and so has their difference from the first run.",
      [options, &context] { return RunCompare(*options, context); });
  app.add_option("RUN", options->runs, "folder of a training, runs/NAME")->required();
  app.add_option("--out", options->out, "write the report into this folder")->option_text("DIR");
  app.add_option("--resamples", options->comparison.resamples, "draws of the bootstrap behind the intervals")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--seed", options->comparison.seed, "of these draws")->option_text("N")->capture_default_str();
}

}  // namespace maskscope
