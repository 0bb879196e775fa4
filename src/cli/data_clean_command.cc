#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "cli/data_commands.h"
#include "cli/data_derive.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/prepare/clean.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, out, thin, against = "correct";
  DataInput input;
  double ratio = 1.5;
  CleanOptions clean;
};

MaskState StateOption(const std::string& text, const char* option) {
  if (const auto state = ParseMaskState(text)) return *state;
  const std::string near = NearestWord(text, {"correct", "incorrect", "none"});
  throw Error(ErrorKind::kUsage, std::string(option) + ": found '" + text + "', wanted correct, incorrect or none" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

// "5 %: 242" is the value that a twentieth of the faces stay below.
std::string SpreadTable(const CleanResult& result) {
  std::string text = fmt::format("{:<10} {:>8}", "sharpness", "faces");
  for (const int percent : kSharpnessPercents) text += fmt::format(" {:>7} %", percent);
  text += "\n";
  for (const auto& [state, spread] : result.spread) {
    text += fmt::format("{:<10} {:>8}", state, spread.faces);
    for (const double value : spread.at) text += fmt::format(" {:>9.1f}", value);
    text += "\n";
  }
  return text;
}

int RunClean(Options options, const CommandContext& context) {
  CheckManifestName(options.out);
  if (!options.thin.empty()) {
    options.clean.thin =
        ThinRule{StateOption(options.thin, "--thin"), options.ratio, StateOption(options.against, "--against")};
  }
  options.clean.Validate();
  const Dataset dataset = OpenDataset(options.data, options.input, context);
  const auto progress = context.MakeProgress();
  options.clean.progress = progress.get();
  options.clean.stop = [&context] { return context.StopRequested(); };
  CleanResult result = CleanDataset(dataset, options.clean);
  std::string command = fmt::format("maskscope data clean {} {}", options.data, options.out);
  if (options.clean.least_sharpness) command += fmt::format(" --least-sharpness {}", *options.clean.least_sharpness);
  if (options.clean.thin) {
    command += fmt::format(" --thin {} --ratio {} --against {}", options.thin, options.ratio, options.against);
  }
  command += fmt::format(" --measured-side {}", options.clean.measured_side);
  if (options.clean.also_test) command += " --also-test";
  NoteOrigin(result.dataset, options.data, options.input, command);
  WriteManifest(options.out, result.dataset);
  OutputStream("-").Write(SpreadTable(result));
  context.Say(fmt::format("{} faces measured; {} of {} pictures in {}", result.measured, result.dataset.pictures.size(),
                          dataset.pictures.size(), options.out));
  ReportDropped(context, options.out, dataset, result.dropped);
  return 0;
}

}  // namespace

void AddDataCleanCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "clean", "leave out blurred faces, by a threshold or the most blurred of a class first",
      "  maskscope data clean faces/crops.jsonl clean.jsonl --thin none --ratio 1.5 --against correct\n"
      "                                           none is thinned until it has 1.5 times as many as correct\n"
      "  maskscope data clean set.jsonl clean.jsonl --least-sharpness 60\n"
      "                                           what is too blurred or dark to see; 0 only shows the table\n"
      "Sharpness is the variance of the Laplacian of the grey face, shrunk to --measured-side. Below 60 nearly nothing "
      "is\n"
      "to be seen, below 100 every second face is blurred, dark or pale, from 150 most are well (docs/prepare.md).\n"
      "Crops are left out; faces in scenes become ignored. What went, and why, is in OUT with .dropped.jsonl. Test\n"
      "pictures are neither measured nor changed unless --also-test is given. The table on stdout says which values "
      "so\n"
      "many per cent of the faces stay below.",
      [options, &context] { return RunClean(*options, context); });
  CleanOptions& clean = options->clean;
  AddDataArgument(app, options->data, options->input);
  app.add_option("OUT", options->out, "manifest to write (.jsonl)")->required();
  app.add_option("--least-sharpness", clean.least_sharpness, "faces below are left out")->option_text("V");
  app.add_option("--thin", options->thin, "class that loses its most blurred faces")->option_text("STATE");
  app.add_option("--ratio", options->ratio, "how many times --against it may be")
      ->option_text("R")
      ->capture_default_str();
  app.add_option("--against", options->against, "class it is measured by")->option_text("STATE")->capture_default_str();
  app.add_option("--measured-side", clean.measured_side,
                 "shrink larger faces to this many pixels to measure them; 0 = no")
      ->option_text("PX")
      ->capture_default_str();
  app.add_flag("--also-test", clean.also_test, "test pictures as well");
  app.add_option("--threads", clean.threads, "0 = all cores")->option_text("N")->capture_default_str();
}

}  // namespace maskscope
