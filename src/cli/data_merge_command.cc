#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "data/formats/collection_dataset.h"
#include "data/merge/changes.h"
#include "data/merge/merge.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string out, name, previous, copy, origin, licence, on_conflict = "first";
  DataInput input;
  std::vector<std::string> inputs;
  int threads = 0;
};

ConflictChoice ParseChoice(const std::string& word) {
  if (word == "first") return ConflictChoice::kFirst;
  if (word == "last") return ConflictChoice::kLast;
  if (word == "fail") return ConflictChoice::kFail;
  const std::string near = NearestWord(word, {"first", "last", "fail"});
  throw Error(ErrorKind::kUsage, "--on-conflict: found '" + word + "', wanted first, last or fail" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

// What the options say goes for the inputs that do not say it themselves.
DataInput HowToRead(const std::string& source, const DataInput& input) {
  return NamesClasses(DetectFormat(source)) ? input : DataInput{};
}

// Options that no input takes are a mistake.
void CheckInputOptions(const Options& options) {
  if (WordsOf(options.input).empty()) return;
  for (const std::string& source : options.inputs) {
    if (NamesClasses(DetectFormat(source))) return;
  }
  throw Error(ErrorKind::kUsage,
              WordsOf(options.input).substr(1) +
                  ": every input is a manifest or a collection, which say themselves how they are read");
}

std::vector<MergeInput> ReadInputs(const Options& options, const CommandContext& context, Progress& progress) {
  std::vector<MergeInput> inputs;
  FillOptions fill;
  fill.workers = ResolveThreads(options.threads, "--threads");
  fill.progress = &progress;
  fill.stop = [&context] { return context.StopRequested(); };
  for (const std::string& source : options.inputs) {
    MergeInput input;
    input.source = source;
    const DataInput how = HowToRead(source, options.input);
    if (IsManifestInput(source, how)) input.hash = ContentHashOfFile(source);
    input.dataset = OpenDataset(source, how, context);
    FillPictures(input.dataset, fill);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::string Recipe(const Options& options) {
  std::string command = "maskscope data merge " + options.out;
  for (const std::string& input : options.inputs) command += " " + input;
  if (options.on_conflict != "first") command += " --on-conflict " + options.on_conflict;
  if (!options.copy.empty()) command += " --copy " + options.copy;
  command += WordsOf(options.input);
  if (!options.origin.empty()) command += " --origin '" + options.origin + "'";
  if (!options.licence.empty()) command += " --licence '" + options.licence + "'";
  return command;
}

// out.jsonl -> out.changes + ending
fs::path Beside(const std::string& out, const std::string& ending) {
  const fs::path path(out);
  return path.parent_path() / (path.stem().string() + ".changes" + ending);
}

int RunMerge(const Options& options, const CommandContext& context) {
  CheckManifestName(options.out);
  const MergeOptions merge{options.name, ParseChoice(options.on_conflict)};
  CheckInputOptions(options);
  // Read before anything is written: it may be the file that is about to be replaced.
  const std::string previous = options.previous.empty() && fs::exists(options.out) ? options.out : options.previous;
  VersionDigest before = previous.empty() ? VersionDigest{} : DigestManifest(previous);
  const auto progress = context.MakeProgress();
  MergeResult result = MergeDatasets(ReadInputs(options, context, *progress), merge);
  ManifestHeader& header = result.dataset.header;
  StateOrigin(options.origin, options.licence, header);
  header.version = before.version + 1;
  header.recipe.push_back(Recipe(options));
  if (!options.copy.empty()) {
    CopyPictures(result.dataset, options.copy, ResolveThreads(options.threads, "--threads"), progress.get(),
                 [&context] { return context.StopRequested(); });
  }
  const std::string hash = WriteManifest(options.out, result.dataset);
  DatasetChanges changes = CompareVersions(std::move(before), result.dataset, hash);
  changes.conflicts = std::move(result.conflicts);
  WriteFileAtomically(Beside(options.out, ".md"), ChangesMarkdown(changes));
  WriteFileAtomically(Beside(options.out, ".json"), ChangesJson(changes));
  context.Say(fmt::format("{}: version {}, {} pictures ({} were in more than one place), {} conflicts", options.out,
                          changes.version, result.dataset.pictures.size(), result.joined, changes.conflicts.size()));
  context.Say(fmt::format("{} added, {} removed, {} relabelled, {} moved to another split: see {}",
                          changes.added.size(), changes.removed.size(), changes.relabelled.size(),
                          changes.moved_split.size(), Beside(options.out, ".md").string()));
  return 0;
}

}  // namespace

void AddDataMergeCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "merge", "put sets together into a new version of a dataset, and say what changed",
      "  maskscope data merge all.jsonl data site.jsonl           a collection folder and a manifest become one set\n"
      "  maskscope data merge all.jsonl voc/ --origin 'site 4, cameras' --licence 'ours'\n"
      "  maskscope data merge all.jsonl all.jsonl new.jsonl       the next version of all.jsonl\n"
      "  maskscope data merge all.jsonl a.jsonl b.jsonl --on-conflict last --copy pictures\n"
      "Pictures are known by their content: one that occurs twice is kept once, its labels are compared, and where "
      "they\n"
      "differ the choice is made by --on-conflict. all.changes.md and all.changes.json say what is new, gone, "
      "relabelled\n"
      "or in another split since the version that was there before. Pictures stay where they are without --copy.",
      [options, &context] { return RunMerge(*options, context); });
  app.add_option("OUT", options->out, "manifest to write (.jsonl)")->required();
  app.add_option("IN", options->inputs,
                 "manifests (.jsonl), collection folders, or sets in other formats (docs/formats.md)")
      ->required();
  AddInputOptions(app, options->input);
  AddOriginOptions(app, options->origin, options->licence);
  app.add_option("--name", options->name, "of the dataset (default: the first input's)")->option_text("NAME");
  app.add_option("--on-conflict", options->on_conflict,
                 "whose labels stay where two differ: first, last, or fail to merge nothing")
      ->option_text("WHO")
      ->capture_default_str();
  app.add_option("--previous", options->previous, "version to compare with (default: OUT as it was)")
      ->option_text("FILE");
  app.add_option("--copy", options->copy, "copy the pictures below this folder")->option_text("DIR");
  app.add_option("--threads", options->threads, "pictures read at once, 0 = all cores")
      ->option_text("N")
      ->capture_default_str();
}

}  // namespace maskscope
