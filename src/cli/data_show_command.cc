#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "base/threads.h"
#include "cli/data_commands.h"
#include "cli/data_input.h"
#include "data/overview/contact_sheets.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, out;
  DataInput input;
  SheetOptions sheets;
};

int RunShow(const Options& options, const CommandContext& context) {
  SheetOptions sheets = options.sheets;
  sheets.workers = ResolveThreads(sheets.workers, "--threads");
  sheets.Validate();
  const auto progress = context.MakeProgress();
  const auto stop = [&context] { return context.StopRequested(); };
  PictureStream stream = OpenStream(options.data, options.input, context);
  const SheetSummary summary = WriteContactSheets(std::move(stream), options.out, sheets, progress.get(), stop);
  context.Say(fmt::format("{}: {} sheets, {} maps and index.md from {} pictures", options.out, summary.sheets.size(),
                          summary.maps.size(), summary.pictures));
  if (summary.unreadable == 0) return 0;
  context.Warn(fmt::format("{} pictures could not be read ('maskscope data check' lists them); the first: {}",
                           summary.unreadable, summary.first_unreadable));
  return kSomeFailedExitCode;
}

}  // namespace

void AddDataShowCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app =
      AddCommand(data, context, "show", "draw contact sheets of the faces, and maps of where faces are",
                 "  maskscope data show set.jsonl --out look                a sheet for every set and state\n"
                 "  maskscope data show set.jsonl --out look --faces 200 --columns 16 --tile 96 --seed 2\n"
                 "Boxes are green for correct, yellow for incorrect, orange for none, blue without a state, grey when "
                 "ignored. Which\n"
                 "faces are shown is drawn by lot; another --seed shows others. look/index.md shows all of it.",
                 [options, &context] { return RunShow(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("--out", options->out, "folder for the sheets")->option_text("DIR")->required();
  SheetOptions& sheets = options->sheets;
  app.add_option("--faces", sheets.faces, "on a sheet")->option_text("N")->capture_default_str();
  app.add_option("--tile", sheets.tile, "pixels a face")->option_text("PX")->capture_default_str();
  app.add_option("--columns", sheets.columns, "faces side by side")->option_text("N")->capture_default_str();
  app.add_option("--map-side", sheets.map_side, "pixels a side of a map")->option_text("PX")->capture_default_str();
  app.add_option("--seed", sheets.seed, "of the lot")->option_text("N")->capture_default_str();
  app.add_option("--threads", sheets.workers, "pictures opened at once, 0 = all cores")
      ->option_text("N")
      ->capture_default_str();
}

}  // namespace maskscope
