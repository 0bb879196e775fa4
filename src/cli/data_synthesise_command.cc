#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "cli/command.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "data/synthesis/synthesise_set.h"
#include "image/encode.h"

namespace maskscope {
namespace {

struct Options {
  SynthesiseSetOptions set;
  std::string source, out, sheet, detector, classifier;
  DataInput input;
  std::vector<std::string> sets, shares;
  std::vector<double> states{0.3, 0.45, 0.25};
  size_t sheet_pictures = 144;
};

// "fit:nose_out=2", "cut:cloth=0", "occluder:cup=1".
void ReadShares(const std::vector<std::string>& texts, SynthesisOptions& options) {
  Problems problems;
  for (const std::string& text : texts) {
    const size_t colon = text.find(':'), equals = text.find('=');
    const std::string kind = text.substr(0, colon);
    double share = -1;
    size_t used = 0;
    try {
      if (equals != std::string::npos) share = std::stod(text.substr(equals + 1), &used);
    } catch (const std::exception&) {
      used = 0;
    }
    const bool number = equals != std::string::npos && used > 0 && equals + 1 + used == text.size();
    std::map<std::string, double>* where = kind == "cut"        ? &options.cuts
                                           : kind == "fit"      ? &options.fits
                                           : kind == "occluder" ? &options.occluders
                                                                : nullptr;
    if (!where || !number || colon == std::string::npos || colon > equals) {
      problems.Add("--share: found '" + text + "', wanted cut:NAME=NUMBER, fit:NAME=NUMBER or occluder:NAME=NUMBER");
      continue;
    }
    (*where)[text.substr(colon + 1, equals - colon - 1)] = share;
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "shares");
}

void SaySummary(const SynthesisSummary& summary, const Options& options, const CommandContext& context) {
  context.Say(fmt::format("{} pictures with {} drawn faces from {} of {} bare faces looked at", summary.pictures,
                          summary.faces, summary.usable_sources, summary.sources));
  for (const auto& [state, count] : summary.states) context.Say(fmt::format("  {:<34}{:>7}", state, count));
  for (const auto& [kind, count] : summary.kinds) {
    if (kind.rfind("colour ", 0) != 0) context.Say(fmt::format("    {:<32}{:>7}", kind, count));
  }
  if (!summary.skipped.empty()) context.Say("faces not drawn on:");
  for (const auto& [reason, count] : summary.skipped) context.Say(fmt::format("    {:<32}{:>7}", reason, count));
  if (summary.pictures < options.set.count) {
    context.Warn(fmt::format("{} pictures instead of {}: --per-face {} allows no more", summary.pictures,
                             options.set.count, options.set.per_face));
  }
  context.Say("manifest: " + (std::filesystem::path(options.out) / "manifest.jsonl").string());
}

int RunSynthesise(Options options, const CommandContext& context) {
  options.set.drawing.correct = options.states[0];
  options.set.drawing.incorrect = options.states[1];
  options.set.drawing.none = options.states[2];
  ReadShares(options.shares, options.set.drawing);
  options.set.Validate();
  const auto model = [](const std::string& given, const char* shipped) {
    return given.empty() ? FindShippedModel(shipped) : std::filesystem::path(given);
  };
  AnalyzerOptions analysis;
  analysis.threads = 1;
  analysis.precision = Precision::kF32;  // the same landmarks, and so the same drawings, on every machine
  const Analyzer analyzer(model(options.detector, "face-detector.onnx"),
                          model(options.classifier, "mask-classifier.onnx"), analysis);
  options.set.crop = analyzer.classifier().record().crop;
  Dataset all = OpenDataset(options.source, options.input, context);
  all.header.parents.clear();
  if (IsManifestInput(options.source, options.input)) all.header.parents = {ContentHashOfFile(options.source)};
  const Dataset sources = KeepBareFaces(std::move(all), options.sets, options.source);
  for (const auto& [name, set] : sources.header.sets) {
    if (std::any_of(sources.pictures.begin(), sources.pictures.end(),
                    [&](const ManifestPicture& p) { return p.set == name; })) {
      context.Say("drawing on " + name + (set.licence.empty() ? "" : ", licence: " + set.licence));
    }
  }
  const std::string recipe = fmt::format("maskscope data synthesise {} {} --count {} --seed {}{}", options.source,
                                         options.out, options.set.count, options.set.seed, WordsOf(options.input));
  const std::unique_ptr<Progress> progress = context.MakeProgress();
  const SynthesisSummary summary = SynthesiseSet(sources, options.set, analyzer, options.out, {recipe}, progress.get(),
                                                 [&] { return context.StopRequested(); });
  SaySummary(summary, options, context);
  if (!options.sheet.empty()) {
    WriteImage(DrawContactSheet(std::filesystem::path(options.out) / "manifest.jsonl", 128, options.sheet_pictures),
               options.sheet);
    context.Say("contact sheet: " + options.sheet);
  }
  return 0;
}

}  // namespace

void AddDataSynthesiseCommand(CLI::App& data, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& app =
      AddCommand(data, context, "synthesise", "draw masks, rightly and badly worn, and other things on bare faces",
                 "  maskscope data synthesise set/manifest.jsonl drawn --count 2000 --sheet drawn.jpg\n"
                 "  maskscope data synthesise collection drawn --set chandrikadeb7 --states 0,1,0\n"
                 "  maskscope data synthesise set/manifest.jsonl drawn --share fit:under_chin=3 --share cut:gaiter=0\n"
                 "Only faces labelled none are drawn on, "
                 "never rows marked\n"
                 "test or validation. Crops land in OUT/correct, OUT/incorrect and OUT/none, with OUT/manifest.jsonl; "
                 "each row keeps\n"
                 "its source's group, origin and licence. The same seed gives the same files.\n",
                 [options, &context] { return RunSynthesise(*options, context); });
  SynthesiseSetOptions& set = options->set;
  app.add_option("SOURCE", options->source,
                 "manifest (.jsonl), collection folder, or a set in another format (docs/formats.md)")
      ->required();
  AddInputOptions(app, options->input);
  app.add_option("OUT", options->out, "new folder for pictures and manifest.jsonl")->required();
  app.add_option("--count", set.count, "pictures to write")->option_text("N")->capture_default_str();
  app.add_option("--seed", set.seed, "fixes everything drawn by chance")->option_text("N")->capture_default_str();
  app.add_option("--set", options->sets, "only these sets; default: all but utkface, maskedfacenet and mafa")
      ->option_text("NAME");
  app.add_option("--states", options->states,
                 "shares of correct, incorrect and none (with other things before the face)")
      ->option_text("C,I,N")
      ->delimiter(',')
      ->expected(3)
      ->capture_default_str();
  app.add_option("--share", options->shares, "cut:NAME=S, fit:NAME=S or occluder:NAME=S; 0 = never")
      ->option_text("KIND:NAME=S");
  app.add_option("--min-face", set.drawing.min_face, "least side of a face's box, pixels")
      ->option_text("PX")
      ->capture_default_str();
  app.add_option("--max-yaw", set.drawing.max_yaw, "faces turned more are left out, degrees")
      ->option_text("DEG")
      ->capture_default_str();
  app.add_option("--per-face", set.per_face, "at most so many pictures of one face; 0 = no limit")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--bare-confidence", set.bare_confidence, "least share the classifier gives none before drawing")
      ->option_text("S")
      ->capture_default_str();
  app.add_option("--longest-side", set.longest_side, "of a crop; larger ones are made smaller, pixels")
      ->option_text("PX")
      ->capture_default_str();
  app.add_flag("--pictures", set.whole_pictures, "write whole pictures, not crops");
  app.add_option("--sheet", options->sheet, "also draw a contact sheet (.jpg, .png)")->option_text("FILE");
  app.add_option("--sheet-pictures", options->sheet_pictures, "pictures on it")
      ->option_text("N")
      ->capture_default_str();
  app.add_option("--detector", options->detector, "another face detector (ONNX with record)")->option_text("FILE");
  app.add_option("--classifier", options->classifier, "another mask classifier (ONNX with record)")
      ->option_text("FILE");
}

}  // namespace maskscope
