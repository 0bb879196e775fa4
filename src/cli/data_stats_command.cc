#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/overview/stats.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, report, json, csv;
  DataInput input;
  bool no_decode = false;
  int threads = 0;
};

int RunStats(const Options& options, const CommandContext& context) {
  StatsOptions settings;
  settings.decode = !options.no_decode;
  settings.workers = ResolveThreads(options.threads, "--threads");
  PictureStream stream = OpenStream(options.data, options.input, context);
  const auto progress = context.MakeProgress();
  const DataStats stats =
      CollectStats(std::move(stream), settings, progress.get(), [&context] { return context.StopRequested(); });
  if (!options.json.empty()) WriteFileAtomically(options.json, StatsJson(stats));
  if (!options.csv.empty()) WriteFileAtomically(options.csv, StatsCsv(stats));
  const std::string markdown = StatsMarkdown(stats);
  if (options.report.empty()) {
    OutputStream("-").Write(markdown);
  } else {
    WriteFileAtomically(options.report, markdown);
  }
  if (stats.unreadable > 0) {
    context.Warn(fmt::format("{} pictures could not be read ('maskscope data check' lists them); the first: {}",
                             stats.unreadable, stats.first_unreadable));
  }
  if (stats.stopped) return ExitCode(ErrorKind::kInterrupted);
  context.Say("content of the set: " + stats.digest.Text());
  return stats.unreadable > 0 ? kSomeFailedExitCode : 0;
}

}  // namespace

void AddDataStatsCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app =
      AddCommand(data, context, "stats", "count what a set holds: states, sizes, brightness, sets, splits",
                 "  maskscope data stats set.jsonl                          tables to stdout\n"
                 "  maskscope data stats set.jsonl --no-decode              quick: without brightness\n"
                 "  maskscope data stats data --report stats.md --json stats.json --csv stats.csv\n"
                 "Sizes are heights of face boxes; brightness is the mean luma inside them. The content is a "
                 "hash of all pictures and\n"
                 "labels, the same wherever the files lie. Exit code 1 "
                 "when pictures could not be\n"
                 "read.",
                 [options, &context] { return RunStats(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("--report", options->report, "write the tables here instead of stdout")->option_text("FILE");
  app.add_option("--json", options->json, "write all numbers here")->option_text("FILE");
  app.add_option("--csv", options->csv, "write all numbers here, one a row")->option_text("FILE");
  app.add_flag("--no-decode", options->no_decode, "do not open the pictures");
  app.add_option("--threads", options->threads, "pictures opened at once, 0 = all cores")
      ->option_text("N")
      ->capture_default_str();
}

}  // namespace maskscope
