#include <memory>

#include "base/error.h"
#include "cli/command.h"
#include "graph/average_weights.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

struct AverageOptions {
  std::vector<std::string> files;
  std::string out;
};

int RunAverage(const AverageOptions& options, const CommandContext& context) {
  std::vector<std::pair<std::string, Graph>> models;
  nlohmann::json sources = nlohmann::json::array();
  for (const std::string& file : options.files) {
    models.emplace_back(file, ReadOnnx(file));
    const std::optional<ModelRecord> record = ReadModelRecord(models.back().second, file);
    sources.push_back(record ? record->provenance : nlohmann::json());
  }
  Graph average = AverageWeights(models);
  if (std::optional<ModelRecord> record = ReadModelRecord(average, options.files.front())) {
    record->provenance = {{"average_of", sources}};
    record->measured = nlohmann::json::object();  // the first model's numbers are not the average's
    StoreModelRecord(*record, average);
  }
  WriteOnnx(average, options.out);
  context.Say("wrote " + options.out);
  return 0;
}

}  // namespace

void AddModelAverageCommand(CLI::App& model, CommandContext& context) {
  const auto options = std::make_shared<AverageOptions>();
  CLI::App& app =
      AddCommand(model, context, "average", "the mean of several trainings' weights, as one model",
                 "  maskscope model average runs/a/weights/best.onnx runs/b/weights/best.onnx --out soup.onnx\n"
                 "Models that were trained from one start (another seed, rate or data) are often better "
                 "averaged than each\n"
                 "alone, at no cost in speed. Thresholds and temperature are the first model's: measure the "
                 "average anew\n"
                 "(eval, --split validation).",
                 [options, &context] { return RunAverage(*options, context); });
  app.add_option("FILE", options->files, "two ONNX files or more, of one network")->required()->expected(2, 1000);
  app.add_option("--out", options->out, "the model to write")->option_text("FILE")->required();
}

}  // namespace maskscope
