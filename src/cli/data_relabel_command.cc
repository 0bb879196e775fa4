#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/formats/collection_dataset.h"
#include "data/suspects/patch.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string data, patch, out, author;
  DataInput input;
  bool skip_applied = false;
};

int RunRelabel(const Options& options, const CommandContext& context) {
  const LabelPatch patch = ReadPatch(options.patch);
  Dataset dataset = OpenDataset(options.data, options.input, context);
  const auto progress = context.MakeProgress();
  FillOptions fill;  // only what the manifest does not say yet
  fill.progress = progress.get();
  fill.stop = [&context] { return context.StopRequested(); };
  FillPictures(dataset, fill);
  ApplyOptions apply;
  apply.author = options.author;
  apply.patch_hash = ContentHashOfFile(options.patch);
  apply.patch_name = fs::path(options.patch).filename().string();
  if (IsManifestInput(options.data, options.input)) apply.manifest_hash = ContentHashOfFile(options.data);
  apply.skip_applied = options.skip_applied;
  const ApplyReport report = ApplyPatch(patch, apply, dataset);
  const std::string hash = WriteManifest(options.out, dataset);
  std::string text;
  for (const AppliedEdit& edit : report.applied) text += edit.what + "\n";
  OutputStream("-").Write(text);
  context.Say(fmt::format(
      "{}: version {}, {} edits applied, {} were in effect "
      "already, {} are not accepted ({})",
      options.out, dataset.header.version, report.applied.size(), report.skipped, report.not_accepted, hash));
  return 0;
}

}  // namespace

void AddDataRelabelCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(data, context, "relabel", "apply reviewed changes to labels, from a patch file",
                             "  maskscope data relabel set.jsonl look/suspects.patch.jsonl "
                             "set2.jsonl --author 'A. Name'\n"
                             "Only edits with \"accept\": true are applied, and either all "
                             "of them or, where one does not fit the set\n"
                             "(picture, hash, box, state), none. What changed goes to "
                             "stdout. docs/suspects.md describes the patch.",
                             [options, &context] { return RunRelabel(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("PATCH", options->patch, "edits, as 'data suspects' writes them")->required();
  app.add_option("OUT", options->out, "manifest to write; may be DATA itself")->required();
  app.add_option("--author", options->author, "who applies it (default: the patch's author)")->option_text("NAME");
  app.add_flag("--skip-applied", options->skip_applied, "pass over edits that are in effect already");
}

}  // namespace maskscope
