#include "cli/eval_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/atomic_folder.h"
#include "evaluate/report/evaluation_report.h"

namespace maskscope {

CLI::Option* AddDataOptions(CLI::App& app, DataOptions& options, const std::string& name) {
  CLI::Option* data =
      app.add_option(name, options.data,
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
  return data;
}

void AddEvalOutput(CLI::App& app, EvalOutput& output) {
  app.add_option("--report", output.report,
                 "write a report into this folder: index.html, galleries of mistakes, plots, metrics.json")
      ->option_text("DIR");
  app.add_option("--gallery", output.gallery, "mistakes shown of each kind and class")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--json", output.json, "write all numbers here")->option_text("FILE");
  app.add_option("--markdown", output.markdown, "write the tables here as well")->option_text("FILE");
  app.add_option("--resamples", output.resamples, "draws of the bootstrap behind the intervals")
      ->option_text("N")
      ->capture_default_str();
}

void CheckEvalOutput(const EvalOutput& output) {
  Problems problems;
  problems.Require(output.gallery >= 0 && output.gallery <= 10000, "--gallery", std::to_string(output.gallery),
                   "0 to 10000");
  problems.Require(output.resamples > 0, "--resamples", std::to_string(output.resamples), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "eval");
  if (!output.report.empty()) RequireReplaceable(output.report, kReportMarker);
}

DatasetSplit SplitToRead(const DataOptions& options) {
  const std::optional<DatasetSplit> split = ParseDatasetSplit(options.split);
  if (split) return *split;
  const std::string near = NearestWord(options.split, {"test", "train", "validation", "unassigned"});
  throw Error(ErrorKind::kUsage, "--split: found '" + options.split +
                                     "', wanted test, train, validation or unassigned" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

std::vector<LabelledImage> ThinOut(std::vector<LabelledImage> images, int most) {
  const size_t wanted = static_cast<size_t>(most);
  if (most == 0 || images.size() <= wanted) return images;
  std::vector<LabelledImage> some;
  for (size_t i = 0; i < wanted; ++i) some.push_back(std::move(images[i * images.size() / wanted]));
  return some;
}

void SayReport(const std::string& folder, const CommandContext& context) {
  context.Say("the report is " + (std::filesystem::path(folder) / "index.html").string());
}

StepCallback Steps(Progress& progress, const CommandContext& context) {
  return [&] {
    progress.Step();
    return !context.StopRequested();
  };
}

nlohmann::ordered_json DescribeModel(const ModelRecord& record, const std::string& file) {
  const char* shipped = record.task == ModelTask::kMaskClassifier ? "mask-classifier.onnx" : "face-detector.onnx";
  return {{"file", file.empty() ? shipped : std::filesystem::path(file).filename().string()},
          {"name", record.name},
          {"architecture", record.architecture},
          {"score_threshold", record.thresholds.score}};
}

Settings DataSettings(const DataOptions& options) {
  std::filesystem::path data = options.data;
  if (!data.has_filename()) data = data.parent_path();
  Settings settings{{"data", data.filename().string()}, {"split", options.split}};
  if (!options.sets.empty()) settings.emplace_back("sets", fmt::format("{}", fmt::join(options.sets, ", ")));
  return settings;
}

void AddUnsureSettings(const AnalysisOptions& options, const Thresholds& record, Settings& settings) {
  const auto add = [&](const char* name, const std::optional<float>& given, float own, const char* unit) {
    settings.emplace_back(name, fmt::format("{:g}{}", given.value_or(own), unit));
  };
  add("unsure below confidence", options.min_confidence, record.confidence, "");
  add("unsure below a shorter side of", options.min_face, record.min_face, " px");
  add("unsure below sharpness", options.min_sharpness, record.min_sharpness, "");
}

}  // namespace maskscope
