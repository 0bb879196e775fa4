#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "cli/data_commands.h"
#include "cli/data_derive.h"
#include "cli/data_input.h"
#include "cli/result_output.h"
#include "data/prepare/balance.h"

namespace maskscope {
namespace {

struct Options {
  std::string data, out, by = "cap";
  DataInput input;
  BalanceOptions balance;
};

BalanceMode ParseMode(const std::string& text) {
  if (text == "cap") return BalanceMode::kCap;
  if (text == "oversample") return BalanceMode::kOversample;
  if (text == "weights") return BalanceMode::kWeights;
  const std::string near = NearestWord(text, {"cap", "oversample", "weights"});
  throw Error(ErrorKind::kUsage, "--by: found '" + text + "', wanted cap, oversample or weights" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)"));
}

int RunBalance(Options options, const CommandContext& context) {
  CheckManifestName(options.out);
  options.balance.mode = ParseMode(options.by);
  options.balance.Validate();
  const Dataset dataset = OpenDataset(options.data, options.input, context);
  BalanceResult result = BalanceDataset(dataset, options.balance);
  NoteOrigin(result.dataset, options.data, options.input,
             fmt::format("maskscope data balance {} {} --by {} --ratio {} --seed {}", options.data, options.out,
                         options.by, options.balance.ratio, options.balance.seed));
  WriteManifest(options.out, result.dataset);
  std::string text = fmt::format("{:<12} {:>8} {:>8} {:>8}\n", "train", "before", "after", "weight");
  for (const auto& [name, row] : result.classes) {
    text += fmt::format("{:<12} {:>8} {:>8} {:>8.3f}\n", name, row.before, row.after, row.weight);
  }
  OutputStream("-").Write(text);
  ReportDropped(context, options.out, dataset, result.dropped);
  return 0;
}

}  // namespace

void AddDataBalanceCommand(CLI::App& data, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(
      data, context, "balance", "even out the classes of face crops: cap, repeat or weigh",
      "  maskscope data balance crops.jsonl even.jsonl                            as many of each as of the rarest\n"
      "  maskscope data balance crops.jsonl even.jsonl --by oversample --ratio 2  rare crops repeated\n"
      "  maskscope data balance crops.jsonl even.jsonl --by weights               a weight at every crop\n"
      "Only train and unassigned pictures change; validation and test measure and stay as they are.",
      [options, &context] { return RunBalance(*options, context); });
  AddDataArgument(app, options->data, options->input);
  app.add_option("OUT", options->out, "manifest to write (.jsonl)")->required();
  app.add_option("--by", options->by, "cap, oversample or weights")->option_text("WAY")->capture_default_str();
  app.add_option("--ratio", options->balance.ratio, "the commonest class over the rarest, at most")
      ->option_text("R")
      ->capture_default_str();
  app.add_option("--seed", options->balance.seed, "which crops go or are repeated")
      ->option_text("N")
      ->capture_default_str();
}

}  // namespace maskscope
