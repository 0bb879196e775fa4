#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "cli/command.h"
#include "graph/onnx_io.h"
#include "zoo/import.h"
#include "zoo/registry.h"

namespace maskscope {
namespace {

struct ImportCommandOptions {
  std::string file, out, record, licence, name;
  ModelImportOptions import;
};

nlohmann::json ReadPatch(const ImportCommandOptions& options) {
  nlohmann::json patch = nlohmann::json::object();
  if (!options.record.empty()) {
    patch = nlohmann::json::parse(ReadFileText(options.record, int64_t{1} << 20), nullptr, false);
    if (!patch.is_object()) throw Error(ErrorKind::kBadData, "'" + options.record + "' is not a JSON object");
  }
  if (!options.licence.empty()) patch["licence"] = options.licence;
  if (!options.name.empty()) patch["name"] = options.name;
  return patch;
}

int RunImport(ImportCommandOptions options, const CommandContext& context) {
  options.import.record_patch = ReadPatch(options);
  const ImportedModel model = ImportModel(options.file, options.import);
  WriteOnnx(model.graph, options.out);
  for (const std::string& note : model.notes) context.Say(note);
  if (model.record) context.Say(fmt::format("classes: {}", fmt::join(model.record->classes, ", ")));
  if (model.record && model.record->licence.empty()) {
    context.Say("the record names no licence of the weights: --licence TEXT says it");
  }
  context.Say("wrote " + options.out);
  return 0;
}

std::string ArchitectureList() {
  std::string list = "Architectures:";
  for (const Architecture& architecture : Architectures()) list += "\n  " + architecture.name;
  return list;
}

}  // namespace

void AddModelImportCommand(CLI::App& model, CommandContext& context) {
  const auto options = std::make_shared<ImportCommandOptions>();
  ModelImportOptions& import = options->import;
  CLI::App& app = AddCommand(
      model, context, "import", "make a model of weights that others trained",
      "  maskscope model import mobilenet0.25_Final.pth --arch retinaface --out face.onnx\n"
      "  maskscope model import best.pt --arch yolov5s --classes correct,none --out mask.onnx\n"
      "  maskscope model import resnet18.pth --arch resnet18 --classes correct,incorrect,none --new-head --out "
      "start.onnx\n"
      "  maskscope model import yolov8n-face.onnx --decoding yolov8 --classes face --out face.onnx\n"
      "  maskscope model import pnet.pt --arch mtcnn_pnet --out mtcnn/pnet.onnx     and rnet, onet: --detector mtcnn\n"
      "Read: PyTorch (.pt, .pth; nothing in them is run), safetensors, ONNX. Tensors that are missing, too many or of\n"
      "another shape are listed, all of them, and nothing is written.\n" +
          ArchitectureList() + "\n",
      [options, &context] { return RunImport(*options, context); });
  app.add_option("FILE", options->file, "the weights")->required();
  app.add_option("--arch", import.architecture,
                 "architecture the weights belong to (list below); without: ONNX as it is")
      ->option_text("NAME");
  app.add_option("--decoding", import.decoding,
                 fmt::format("an ONNX detector's family: {}", fmt::join(ImportableDecodings(), ", ")))
      ->option_text("KIND");
  app.add_option("--out", options->out, "the model to write")->option_text("MODEL")->required();
  app.add_option("--classes", import.classes, "names of the classes, in the order of the outputs")
      ->delimiter(',')
      ->option_text("A,B,..");
  app.add_flag("--new-head", import.new_head, "a classifier's last layer is made anew for --classes, to be trained");
  app.add_option("--key", import.key, "entry of the checkpoint that holds the weights; default: the usual ones")
      ->option_text("NAME");
  app.add_option("--width", import.width, "channel multiplier of a MobileNet")->option_text("W");
  app.add_option("--size", import.input_size, "input side of a classifier, pixels; default: as published")
      ->option_text("PX");
  app.add_option("--activation", import.activation,
                 "of retinaface: relu (upstream's first release) or leaky_relu; default leaky_relu")
      ->option_text("A");
  app.add_option("--record", options->record, "JSON merge patch of the record, as `model describe` takes it")
      ->option_text("FILE");
  app.add_option("--licence", options->licence, "licence of the weights, for the record")->option_text("TEXT");
  app.add_option("--name", options->name, "what reports call the model")->option_text("TEXT");
}

}  // namespace maskscope
