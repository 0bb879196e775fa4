#include "tests/cli/toy_models.h"

#include "graph/model_record.h"
#include "graph/onnx_io.h"

namespace maskscope::test {
namespace {

constexpr int64_t kPatch = 3 * kCell * kCell;

Node MakeNode(const std::string& op, const std::string& name, std::vector<std::string> inputs,
              const std::string& output, std::map<std::string, Attribute> attributes = {}) {
  return {name, op, std::move(inputs), {output}, std::move(attributes)};
}

// A convolution over whole cells whose channels come out as [batch, cells, channels].
void AddCellLayer(Graph& graph, const std::string& name, Tensor weights, Tensor bias, const std::string& output) {
  const int64_t channels = weights.shape[0];
  graph.initializers[name + ".weight"] = std::move(weights);
  graph.initializers[name + ".bias"] = std::move(bias);
  graph.initializers[name + ".shape"] = Tensor::Ints({3}, {0, -1, channels});
  const std::vector<int64_t> cell = {kCell, kCell};
  graph.nodes.push_back(MakeNode("Conv", name + "_conv", {"input", name + ".weight", name + ".bias"}, name + "_map",
                                 {{"kernel_shape", cell}, {"strides", cell}}));
  graph.nodes.push_back(MakeNode("Transpose", name + "_last", {name + "_map"}, name + "_hwc",
                                 {{"perm", std::vector<int64_t>{0, 2, 3, 1}}}));
  graph.nodes.push_back(MakeNode("Reshape", name + "_rows", {name + "_hwc", name + ".shape"}, output));
}

ModelRecord DetectorRecord() {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "toy-detector";
  record.architecture = "toy";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = 1024;
  record.input.size_multiple = kCell;
  record.input.enlarge = false;
  record.input.std = {255, 255, 255};
  record.decoding.kind = "retinaface";
  record.decoding.strides = {kCell};
  record.decoding.min_sizes = {{static_cast<float>(kCell)}};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.licence = "none needed";
  return record;
}

ModelRecord ClassifierRecord() {
  ModelRecord record;
  record.task = ModelTask::kMaskClassifier;
  record.name = "toy-classifier";
  record.architecture = "toy";
  record.classes = {"correct", "incorrect", "none"};
  record.input.resize = ResizeRule::kStretch;
  record.input.width = record.input.height = kCell;
  record.input.std = {255, 255, 255};
  record.thresholds.confidence = 0.6f;
  record.licence = "none needed";
  return record;
}

}  // namespace

Graph ToyDetector() {
  Graph graph;
  graph.name = "toy-detector";
  graph.inputs = {{"input",
                   DataType::kFloat32,
                   {Dim::Symbol("batch"), Dim::Fixed(3), Dim::Symbol("height"), Dim::Symbol("width")}}};
  graph.outputs = {{"boxes", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Symbol("cells"), Dim::Fixed(4)}},
                   {"scores", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Symbol("cells"), Dim::Fixed(2)}}};
  // Logit of "face" = 60 x mean brightness - 10: one full colour gives 10, black gives -10.
  Tensor faces = Tensor::Filled({2, 3, kCell, kCell}, 0);
  for (int64_t i = kPatch; i < 2 * kPatch; ++i) faces.floats[static_cast<size_t>(i)] = 60.0f / kPatch;
  AddCellLayer(graph, "face", std::move(faces), Tensor::Floats({2}, {0, -10}), "logits");
  graph.nodes.push_back(MakeNode("Softmax", "face_softmax", {"logits"}, "scores", {{"axis", int64_t{-1}}}));
  // Boxes are the cells themselves.
  AddCellLayer(graph, "box", Tensor::Filled({4, 3, kCell, kCell}, 0), Tensor::Filled({4}, 0), "boxes");
  StoreModelRecord(DetectorRecord(), graph);
  SortAndCheck(graph, "toy detector");
  return graph;
}

Graph ToyClassifier() {
  Graph graph;
  graph.name = "toy-classifier";
  graph.inputs = {
      {"input", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Fixed(3), Dim::Fixed(kCell), Dim::Fixed(kCell)}}};
  graph.outputs = {{"logits", DataType::kFloat32, {Dim::Symbol("batch"), Dim::Fixed(3)}}};
  // Rows: correct, incorrect, none; columns: mean red, green, blue.
  graph.initializers["weight"] = Tensor::Floats({3, 3}, {0, 20, 0, 0, 0, 20, 20, 0, 0});
  graph.initializers["bias"] = Tensor::Filled({3}, 0);
  graph.nodes.push_back(MakeNode("GlobalAveragePool", "mean", {"input"}, "mean_map"));
  graph.nodes.push_back(MakeNode("Flatten", "flatten", {"mean_map"}, "colour", {{"axis", int64_t{1}}}));
  graph.nodes.push_back(MakeNode("Gemm", "state", {"colour", "weight", "bias"}, "logits", {{"transB", int64_t{1}}}));
  StoreModelRecord(ClassifierRecord(), graph);
  SortAndCheck(graph, "toy classifier");
  return graph;
}

void WriteToyModels(const std::filesystem::path& folder) {
  WriteOnnx(ToyDetector(), folder / "face-detector.onnx");
  WriteOnnx(ToyClassifier(), folder / "mask-classifier.onnx");
}

}  // namespace maskscope::test
