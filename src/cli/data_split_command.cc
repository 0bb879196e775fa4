#include <fmt/format.h>

#include <memory>
#include <sstream>

#include "base/error.h"
#include "cli/data_commands.h"
#include "cli/data_derive.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/duplicates/find_duplicates.h"
#include "data/prepare/split.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, out, shares = "train=0.8,validation=0.1,test=0.1", cache;
  DataInput input;
  bool no_duplicates = false;
  int threads = 0;
  SplitOptions split;
};

// "train=0.8,validation=0.1,test=0.1": what is not named is 0.
void ParseShares(const std::string& text, SplitOptions& options) {
  options.train = options.validation = options.test = 0;
  std::istringstream parts(text);
  std::string part;
  while (std::getline(parts, part, ',')) {
    const size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    double* share = name == "train"        ? &options.train
                    : name == "validation" ? &options.validation
                    : name == "test"       ? &options.test
                                           : nullptr;
    char* end = nullptr;
    const std::string number = equals == std::string::npos ? "" : part.substr(equals + 1);
    const double value = std::strtod(number.c_str(), &end);
    if (share == nullptr || number.empty() || *end != '\0') {
      throw Error(ErrorKind::kUsage, "--shares: found '" + part +
                                         "', wanted train=SHARE, validation=SHARE and test=SHARE with commas between");
    }
    *share = value;
  }
}

std::string Table(const SplitReport& report) {
  std::string text = fmt::format("{:<20} {:>16} {:>16} {:>16}\n", "", "train", "validation", "test");
  const auto row = [&](const std::string& name, const std::array<int64_t, 3>& counts) {
    const auto total = static_cast<double>(counts[0] + counts[1] + counts[2]);
    text += fmt::format("{:<20}", name);
    for (const int64_t count : counts) {
      text += fmt::format(" {:>7} ({:4.1f} %)", count, total > 0 ? 100 * static_cast<double>(count) / total : 0.0);
    }
    text += "\n";
  };
  row("pictures", report.pictures);
  std::map<std::string, std::array<int64_t, 3>> states;
  for (const auto& [stratum, counts] : report.strata) {
    const std::string state = stratum.substr(0, stratum.rfind(' '));
    const bool sized = stratum.find(" small") != std::string::npos || stratum.find(" medium") != std::string::npos ||
                       stratum.find(" large") != std::string::npos;
    for (size_t s = 0; sized && s < 3; ++s) states["all " + state][s] += counts[s];
  }
  for (const auto& [state, counts] : states) row(state, counts);
  for (const auto& [stratum, counts] : report.strata) row(stratum, counts);
  return text;
}

int RunSplit(Options options, const CommandContext& context) {
  CheckManifestName(options.out);
  ParseShares(options.shares, options.split);
  options.split.Validate();
  Dataset dataset = OpenDataset(options.data, options.input, context);
  std::vector<std::vector<size_t>> clusters;
  if (!options.no_duplicates) {
    DuplicateOptions search;
    search.cache = options.cache;
    search.threads = options.threads;
    const auto progress = context.MakeProgress();
    const DuplicateReport report =
        FindDuplicates(dataset, search, progress.get(), [&context] { return context.StopRequested(); });
    progress->Finish();
    for (const DataProblem& problem : report.problems) context.Warn(problem.file + ": " + problem.message);
    clusters = report.clusters;
  }
  const SplitReport report = AssignSplits(dataset, clusters, options.split);
  NoteOrigin(dataset, options.data, options.input,
             fmt::format("maskscope data split {} {} --shares {} --seed {}{}{}", options.data, options.out,
                         options.shares, options.split.seed, options.no_duplicates ? " --no-duplicates" : "",
                         options.split.move_test ? " --move-test" : ""));
  const std::string hash = WriteManifest(options.out, dataset);
  OutputStream("-").Write(Table(report));
  for (const size_t picture : report.joined_test) {
    context.Warn("'" + dataset.pictures[picture].path +
                 "' is test now: it shares a group or content with a test picture");
  }
  context.Say(
      fmt::format("{} pictures in {} units ({} clusters of duplicates kept whole); {} were test and stay so, {} "
                  "joined them; {} is {}",
                  dataset.pictures.size(), report.units, clusters.size(), report.kept_test, report.joined_test.size(),
                  options.out, hash));
  return 0;
}

}  // namespace

void AddDataSplitCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "split", "deal a set out to train, validation and test, duplicates and groups kept together",
      "  maskscope data split set.jsonl split.jsonl                             8 : 1 : 1\n"
      "  maskscope data split set.jsonl split.jsonl --shares train=0.9,validation=0.1 --seed 7\n"
      "  maskscope data split set.jsonl split.jsonl --cache set.prints          duplicates found once are remembered\n"
      "The same set and seed give the same file. States and face sizes are spread evenly. Pictures that are test "
      "already\nstay test, and draw what shows the same with them, unless --move-test is given.",
      [options, &context] { return RunSplit(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("OUT", options->out, "manifest to write (.jsonl)")->required();
  app.add_option("--shares", options->shares, "what each part gets; the sum is 1")
      ->option_text("LIST")
      ->capture_default_str();
  app.add_option("--seed", options->split.seed, "which pictures they are")->option_text("N")->capture_default_str();
  app.add_flag("--move-test", options->split.move_test, "pictures that are test already may be moved");
  app.add_flag("--no-duplicates", options->no_duplicates, "do not look for duplicates, keep only groups together");
  app.add_option("--cache", options->cache, "as in maskscope data duplicates")->option_text("FILE");
  app.add_option("--threads", options->threads, "0 = all cores")->option_text("N")->capture_default_str();
}

}  // namespace maskscope
