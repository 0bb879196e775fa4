#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "base/atomic_folder.h"
#include "cli/eval_options.h"
#include "cli/result_output.h"
#include "cli/run_summary.h"
#include "cli/sources.h"
#include "evaluate/eval_report.h"
#include "evaluate/report/evaluation_report.h"
#include "evaluate/report/site_report.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFirstOnStdout = 10;

struct SiteOptions {
  SourceOptions sources;
  DataOptions against;
  AnalysisOptions analysis;
  std::string report, json;
  int first = 24, against_pictures = 0;
};

void Check(const SiteOptions& options, const std::vector<PictureSource>& sources) {
  Problems problems;
  problems.Require(options.first >= 1 && options.first <= 10000, "--first", std::to_string(options.first),
                   "1 to 10000");
  problems.Require(options.against_pictures >= 0, "--against-pictures", std::to_string(options.against_pictures),
                   "0 or more");
  for (const PictureSource& source : sources) {
    if (source.is_stdin()) problems.Add("a picture on stdin has no name to label it by: give files or folders");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "eval site");
  if (!options.report.empty()) RequireReplaceable(options.report, kReportMarker);
  if (!options.json.empty() && options.json != "-") RefuseToOverwrite(sources, options.json, "--json");
}

// The pipeline, answering from half the threshold on: what lies between was almost found.
struct Pipeline {
  Pipeline(const SiteOptions& options, size_t pictures) {
    AnalyzerOptions settings = ToAnalyzerOptions(options.analysis, pictures);
    const float threshold = MakeAnalyzer(options.analysis, settings).detector().record().thresholds.score;
    look.score_threshold = threshold;
    look.decode = settings.decode;
    look.workers = settings.images_in_flight;
    settings.detector.score_threshold = threshold / 2;
    analyzer = std::make_unique<Analyzer>(MakeAnalyzer(options.analysis, settings));
  }

  LookedSet Look(const std::vector<fs::path>& paths, const char* what, const CommandContext& context) const {
    const auto progress = context.MakeProgress();
    progress->Start(what, static_cast<int64_t>(paths.size()), "pictures");
    LookOptions options = look;
    options.step = Steps(*progress, context);
    LookedSet set = LookAt(
        paths, [&](const Image& image, const std::string& source) { return analyzer->AnalyzeImage(image, source); },
        options);
    progress->Finish();
    return set;
  }

  std::unique_ptr<Analyzer> analyzer;
  LookOptions look;
};

LookedSet LookAtSite(const std::vector<PictureSource>& sources, const Pipeline& pipeline,
                     const CommandContext& context) {
  std::vector<fs::path> paths;
  for (const PictureSource& source : sources) {
    if (!source.failure) paths.push_back(source.path);
  }
  LookedSet site = pipeline.Look(paths, "this place", context);
  for (const PictureSource& source : sources) {
    if (!source.failure) continue;
    LookedPicture failed;
    failed.path = source.path;
    failed.result.source = source.name();
    failed.result.error = source.failure;
    site.pictures.push_back(std::move(failed));
  }
  return site;
}

// Labelled pictures must all be readable, as for every measurement.
LookedSet LookAtOthers(const std::vector<LabelledImage>& images, const Pipeline& pipeline,
                       const CommandContext& context) {
  std::vector<fs::path> paths;
  for (const LabelledImage& image : images) paths.push_back(image.path);
  LookedSet others = pipeline.Look(paths, "compared with", context);
  for (const LookedPicture& picture : others.pictures) {
    if (picture.result.error) throw Error(picture.result.error->kind, picture.result.error->message);
  }
  return others;
}

void RequireOneRead(const LookedSet& site) {
  for (const LookedPicture& picture : site.pictures) {
    if (!picture.result.error) return;
  }
  const Result::Failure& failure = *site.pictures.at(0).result.error;
  throw Error(failure.kind, "none of the pictures could be read: " + failure.message);
}

RunSummary Summarise(const LookedSet& site) {
  RunSummary summary({"correct", "incorrect", "none", "unsure"});
  for (const LookedPicture& picture : site.pictures) {
    Result result = picture.result;
    std::erase_if(result.faces, [&](const FaceResult& face) { return !site.IsFound(face); });
    summary.Add(result);
  }
  return summary;
}

Settings SettingsOf(const SiteOptions& options, const Pipeline& pipeline) {
  Settings settings;
  const ModelRecord& detector = pipeline.analyzer->detector().record();
  settings.emplace_back("detector", fmt::format("{} ({})", detector.name, detector.architecture));
  settings.emplace_back("detector score threshold", fmt::format("{:g}", pipeline.look.score_threshold));
  if (pipeline.analyzer->has_classifier()) {
    const ModelRecord& classifier = pipeline.analyzer->classifier().record();
    settings.emplace_back("classifier", fmt::format("{} ({})", classifier.name, classifier.architecture));
    AddUnsureSettings(options.analysis, classifier.thresholds, settings);
  }
  if (!options.against.data.empty()) {
    for (const auto& [name, value] : DataSettings(options.against)) settings.emplace_back("against: " + name, value);
  }
  settings.emplace_back("arithmetic", options.analysis.precision);
  return settings;
}

std::string NameOf(const DataOptions& against) {
  const Settings settings = DataSettings(against);
  return against.data.empty() ? "" : fmt::format("{}, split {}", settings.at(0).second, against.split);
}

std::string Markdown(const SiteFindings& findings) {
  std::string text;
  for (const std::string& line : SiteVerdict(findings)) text += line + "\n\n";
  text += ToMarkdown(SiteTable(findings.comparison)) + "\n";
  if (!findings.comparison.states.empty()) text += ToMarkdown(SiteStateTable(findings.comparison)) + "\n";
  return text + ToMarkdown(LabelFirstTable(findings, kFirstOnStdout));
}

int RunEvalSite(const SiteOptions& options, const CommandContext& context) {
  const auto started = std::chrono::steady_clock::now();
  const std::vector<PictureSource> sources = ExpandSources(options.sources);
  Check(options, sources);
  std::vector<LabelledImage> others;
  if (!options.against.data.empty()) {
    others = ThinOut(ScenesToMeasure(options.against), options.against_pictures);
  }
  const Pipeline pipeline(options, sources.size() + others.size());
  const LookedSet site = LookAtSite(sources, pipeline, context);
  const RunSummary summary = Summarise(site);
  std::string said = summary.Text(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  said.pop_back();
  context.Say(said);
  RequireOneRead(site);
  const LookedSet other = others.empty() ? LookedSet{} : LookAtOthers(others, pipeline, context);
  const SiteComparison comparison = CompareSite(site, others.empty() ? nullptr : &other);
  const size_t first = static_cast<size_t>(options.first);
  const std::vector<PictureToLabel> ranked = RankToLabel(site, comparison, first);
  const SiteFindings findings{site, comparison, ranked, NameOf(options.against)};

  nlohmann::ordered_json json{{"schema", "maskscope.site/1"}};
  json["settings"] = nlohmann::ordered_json::object();
  const SiteReportOptions report{.first = first,
                                 .workers = pipeline.look.workers,
                                 .decode = pipeline.look.decode,
                                 .settings = SettingsOf(options, pipeline)};
  for (const auto& [name, value] : report.settings) json["settings"][name] = value;
  json.update(ToJson(findings, first));
  WriteEvalFiles(options.json, "", json, "");
  if (!options.report.empty()) {
    WriteSiteReport(findings, report, json, options.report);
    SayReport(options.report, context);
  }
  OutputStream("-").Write(Markdown(findings));
  return summary.ExitCode();
}

}  // namespace

void AddEvalSiteCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<SiteOptions>();
  CLI::App& app = AddCommand(
      group, context, "site", "how unlabelled pictures of your own place differ, and which to label first",
      "  maskscope eval site photos --report site                      the place alone: site/index.html\n"
      "  maskscope eval site photos -r --against data --report site    beside the validation pictures of data\n"
      "  maskscope eval site 'cam3/2021-*.jpg' --against data --split test --first 50 --json site.json\n"
      "Compared are face height, brightness, sharpness, faces a picture, scores and states of what the models find; "
      "no\n"
      "label is needed, and none is made up: how often the models are right here is not known. REPORT/label-first.csv\n"
      "ranks all pictures. Exit code: 0 all went through, 1 some pictures could not be read.",
      [options, &context] { return RunEvalSite(*options, context); });
  app.add_option("PICTURE", options->sources.sources, "picture files, folders, quoted wildcards, @LIST files");
  app.add_option("--list", options->sources.lists, "a file with one source a line (\"-\": stdin)")->option_text("FILE");
  app.add_flag("-r,--recursive", options->sources.recursive, "folders with all their subfolders");
  options->against.split = "validation";
  AddDataOptions(app, options->against, "--against")->required(false);
  app.add_option("--against-pictures", options->against_pictures, "so many of them, evenly out of all; 0 = all")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--first", options->first, "pictures shown that are worth labelling first")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--report", options->report,
                 "write a report into this folder: index.html, label-first.csv, plots, metrics.json")
      ->option_text("DIR");
  app.add_option("--json", options->json, "write all numbers here")->option_text("FILE");
  AddAnalysisOptions(app, options->analysis, true);
}

}  // namespace maskscope
