#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/duplicates/cluster_sheets.h"
#include "data/duplicates/find_duplicates.h"
#include "data/duplicates/group_agreement.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, json, sheets;
  DataInput input;
  bool whole_only = false, no_scenes = false;
  DuplicateOptions search;
};

std::string ClusterText(const Dataset& dataset, const DuplicateReport& report) {
  std::string text;
  for (size_t i = 0; i < report.clusters.size(); ++i) {
    text += fmt::format("cluster {} ({} pictures)\n", i + 1, report.clusters[i].size());
    for (const size_t picture : report.clusters[i]) {
      const ManifestPicture& p = dataset.pictures[picture];
      text += fmt::format("  {:<10} {}\n", DatasetSplitName(p.split), p.path);
    }
  }
  return text;
}

std::string Share(size_t part, size_t whole) {
  return whole == 0 ? "-" : fmt::format("{} of {} ({:.0f} %)", part, whole, 100.0 * double(part) / double(whole));
}

std::string GroupText(const std::vector<GroupAgreement>& rows) {
  if (rows.empty()) return "";
  std::string text = fmt::format("against the groups that the pictures came with:\n  {:<14} {:<24} {:<24} {}\n", "set",
                                 "pairs in one group", "of a group and joined", "groups whole");
  for (const GroupAgreement& row : rows) {
    text += fmt::format("  {:<14} {:<24} {:<24} {}\n", row.sets, Share(row.pairs_in_group, row.pairs),
                        Share(row.joined, row.grouped_pairs), Share(row.whole, row.groups));
  }
  return text;
}

int RunDuplicates(Options options, const CommandContext& context) {
  options.search.parts = options.search.rotations = !options.whole_only;
  options.search.scenes = !options.no_scenes;
  options.search.Validate();
  const Dataset dataset = OpenDataset(options.data, options.input, context);
  const auto progress = context.MakeProgress();
  const DuplicateReport report =
      FindDuplicates(dataset, options.search, progress.get(), [&context] { return context.StopRequested(); });
  progress->Finish();
  for (const DataProblem& problem : report.problems) context.Warn(problem.file + ": " + problem.message);
  if (!options.json.empty()) WriteFileAtomically(options.json, DuplicatesJson(dataset, report));
  if (!options.sheets.empty()) WriteClusterSheets(dataset, report, options.sheets);
  OutputStream("-").Write(ClusterText(dataset, report) + GroupText(CompareWithGroups(dataset, report)));
  size_t in_clusters = 0, kinds[3] = {};
  for (const auto& cluster : report.clusters) in_clusters += cluster.size();
  for (const DuplicatePair& pair : report.pairs) ++kinds[static_cast<size_t>(pair.kind)];
  context.Say(
      fmt::format("{} pictures: {} clusters with {} pictures; pairs: {} exact, {} copies, {} of one scene; {} "
                  "leaks between splits",
                  report.pictures, report.clusters.size(), in_clusters, kinds[0], kinds[1], kinds[2],
                  FindLeaks(dataset, report).size()));
  return report.problems.empty() ? 0 : kSomeFailedExitCode;
}

}  // namespace

void AddDataDuplicatesCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "duplicates", "find pictures that show the same: copies, crops, mirrored and turned ones, series",
      "  maskscope data duplicates set.jsonl                       clusters on stdout\n"
      "  maskscope data duplicates data --json dup.json --sheets sheets\n"
      "                                                            evidence for every pair; a picture a cluster\n"
      "  maskscope data duplicates set.jsonl --cache set.prints    may be stopped and goes on where it was\n"
      "docs/duplicates.md says what is found, how surely and how fast. Exit code 1 when pictures could not be read.",
      [options, &context] { return RunDuplicates(*options, context); });
  DuplicateOptions& search = options->search;
  AddDataArgument(app, options->data, options->input);
  app.add_option("--json", options->json, "write clusters, pairs and their evidence here")->option_text("FILE");
  app.add_option("--sheets", options->sheets, "write a picture of each cluster into this folder")->option_text("DIR");
  app.add_option("--cache", search.cache, "keep what was learnt of each picture here, by its content")
      ->option_text("FILE");
  app.add_flag("--whole-only", options->whole_only, "quicker: no crops, no odd angles");
  app.add_flag("--no-scenes", options->no_scenes, "only copies, not different photos of one scene");
  app.add_option("--least-agreement", search.least_agreement, "how well places must agree in a copy, -1 to 1")
      ->option_text("R")
      ->capture_default_str();
  app.add_option("--least-steady", search.least_steady, "share of the places that must agree in a scene")
      ->option_text("SHARE")
      ->capture_default_str();
  app.add_option("--threads", search.threads, "0 = all cores")->option_text("N")->capture_default_str();
}

}  // namespace maskscope
