#include "base/error.h"
#include "base/files.h"
#include "cli/command.h"
#include "graph/model_record.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

struct DescribeOptions {
  std::string file, patch, out;
};

nlohmann::json ReadPatch(const std::string& file) {
  nlohmann::json patch = nlohmann::json::parse(ReadFileText(file, int64_t{1} << 20), nullptr, false);
  if (!patch.is_object()) throw Error(ErrorKind::kBadData, "'" + file + "' is not a JSON object");
  return patch;
}

// The patched record is read back by the ordinary reader, so a patch can only say what a record may say.
int RunDescribe(const DescribeOptions& options, const CommandContext& context) {
  Graph graph = ReadOnnx(options.file);
  const std::optional<ModelRecord> stored = ReadModelRecord(graph, options.file);
  nlohmann::json record = stored ? ToJson(*stored) : nlohmann::json{{"schema", kModelRecordSchema}};
  record.merge_patch(ReadPatch(options.patch));
  StoreModelRecord(ModelRecordFromJson(record, options.patch), graph);
  WriteOnnx(graph, options.out);
  context.Say("wrote " + options.out);
  return 0;
}

}  // namespace

void AddModelDescribeCommand(CLI::App& model, CommandContext& context) {
  const auto options = std::make_shared<DescribeOptions>();
  CLI::App& app =
      AddCommand(model, context, "describe", "change what a model's record says: thresholds, licence, ...",
                 "  maskscope model describe net.onnx --patch patch.json --out net2.onnx\n"
                 "with patch.json such as {\"thresholds\": {\"score\": 0.4}} (a JSON merge patch, RFC 7396, of\n"
                 "the record that docs/model-record.md describes)\n",
                 [options, &context] { return RunDescribe(*options, context); });
  app.add_option("FILE", options->file, "an ONNX file, with a record or without")->required();
  app.add_option("--patch", options->patch, "JSON merge patch of the record")->option_text("FILE")->required();
  app.add_option("--out", options->out, "the model to write (may be the same file)")->option_text("FILE")->required();
}

}  // namespace maskscope
