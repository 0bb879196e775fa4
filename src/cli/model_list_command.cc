#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/model_summary.h"
#include "cli/result_output.h"

namespace maskscope {
namespace {

struct Options {
  std::string size;
  bool json = false;
};

ModelSummary Summarize(const Architecture& architecture, const Options& options) {
  ModelSource source;
  source.architecture = architecture.name;
  source.size = options.size;
  try {
    return SummarizeModel(source);
  } catch (const Error&) {
    // Some networks (res10 SSD) take one size alone: they are listed at theirs.
    if (source.size.empty()) throw;
    source.size.clear();
    return SummarizeModel(source);
  }
}

std::string Row(const Architecture& architecture, const ModelSummary& summary) {
  return fmt::format("{:<26} {:<10} {:>10} {:>13} at {:<9} {}; {}\n", architecture.name,
                     ArchitectureTaskName(architecture.task), LargeNumber(static_cast<double>(summary.parameters)),
                     LargeNumber(static_cast<double>(summary.multiply_adds.value())),
                     fmt::format("{}x{}", summary.model.size->width, summary.model.size->height),
                     architecture.description, architecture.source);
}

nlohmann::ordered_json ToJson(const Architecture& architecture, const ModelSummary& summary) {
  return {{"name", architecture.name},
          {"task", ArchitectureTaskName(architecture.task)},
          {"description", architecture.description},
          {"source", architecture.source},
          {"classes", architecture.classes},
          {"takes_width", architecture.takes_width},
          {"parameters", summary.parameters},
          {"multiply_adds",
           {{"width", summary.model.size->width},
            {"height", summary.model.size->height},
            {"count", summary.multiply_adds.value()}}}};
}

int RunList(const Options& options) {
  OutputStream out("-");
  nlohmann::ordered_json json = {{"schema", "maskscope.model_list/1"}, {"architectures", nlohmann::json::array()}};
  if (!options.json) {
    out.Write(fmt::format("{:<26} {:<10} {:>10} {:>13}    {:<9} {}\n", "name", "task", "parameters", "multiply-adds",
                          "input", "what it is; source"));
  }
  for (const Architecture& architecture : Architectures()) {
    const ModelSummary summary = Summarize(architecture, options);
    if (options.json) {
      json["architectures"].push_back(ToJson(architecture, summary));
    } else {
      out.Write(Row(architecture, summary));
    }
  }
  if (options.json) out.Write(json.dump(2) + "\n");
  return 0;
}

}  // namespace

void AddModelListCommand(CLI::App& model, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = AddCommand(model, context, "list", "the architectures that can be built, and what each costs",
                             "  maskscope model list\n"
                             "  maskscope model list --size 224 --json\n"
                             "Parameters are the learned ones, for as many classes as published.\n",
                             [options] { return RunList(*options); });
  app.add_option("--size", options->size, "input size to count multiply-adds for; default: each one's own")
      ->option_text("WxH");
  app.add_flag("--json", options->json, "as JSON");
}

}  // namespace maskscope
