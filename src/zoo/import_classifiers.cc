#include <algorithm>

#include "base/error.h"
#include "zoo/detector_weights.h"
#include "zoo/import_parts.h"

namespace maskscope {

namespace {

// Values fed are (pixel - mean) / std; who trained on what.
void SetPreprocessing(const std::string& architecture, Preprocessing& input) {
  if (architecture == "mobilenet_v1") {
    input.mean = input.std = {128, 128, 128};
  } else if (architecture == "mobilenet_v2" || architecture.ends_with("v2")) {  // TensorFlow and Keras
    input.mean = input.std = {127.5f, 127.5f, 127.5f};
  } else {  // torchvision and the authors of ResNeSt
    input.mean = {123.675f, 116.28f, 103.53f};
    input.std = {58.395f, 57.12f, 57.375f};
  }
}

// The module of the linear layer that makes the logits.
std::string LastLayer(const Graph& graph) {
  const Node* node = graph.FindProducer("logits");
  const std::string suffix = ".weight";
  if (node == nullptr || node->inputs.size() < 2 || !node->inputs[1].ends_with(suffix)) {
    throw Error(ErrorKind::kInternal, "a classifier of the zoo has no linear layer before its logits");
  }
  return node->inputs[1].substr(0, node->inputs[1].size() - suffix.size());
}

}  // namespace

ImportedModel ImportClassifier(const Architecture& architecture, const WeightFile& file,
                               const ModelImportOptions& options) {
  ArchitectureOptions build;
  build.width = options.width;
  build.input_size = options.input_size;
  build.draw_weights = false;
  Graph graph = BuildArchitecture(architecture.name, build);
  const std::string head = LastLayer(graph);
  std::map<std::string, Tensor> weights = StripToFit(file.tensors, graph);
  const auto last = weights.find(head + ".weight");
  if (options.new_head) {
    build.classes = static_cast<int>(options.classes.size());
  } else if (last != weights.end() && last->second.shape.size() == 2 && last->second.shape[0] <= 100000) {
    build.classes = static_cast<int>(last->second.shape[0]);
  }
  build.draw_weights = options.new_head;
  graph = BuildArchitecture(architecture.name, build);
  weights = UnfoldBiases(std::move(weights), graph);
  LoadInto(weights, file, graph, options.new_head ? std::vector{head} : std::vector<std::string>{});

  ImportedModel model;
  ModelRecord& record = model.record.emplace();
  record.task = ModelTask::kMaskClassifier;
  record.name = record.architecture = architecture.name;
  const auto outputs = static_cast<size_t>(graph.initializers.at(head + ".weight").shape[0]);
  record.classes = ChooseClasses(options, file, {}, outputs);
  record.input.width = record.input.height = options.input_size.value_or(architecture.input_size);
  SetPreprocessing(architecture.name, record.input);
  if (options.new_head) model.notes.push_back("layer '" + head + "' is new and untrained: train it before use");
  model.graph = std::move(graph);
  return model;
}

}  // namespace maskscope
