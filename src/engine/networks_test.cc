#include <filesystem>

#include "engine/engine.h"
#include "engine/engine_testing.h"
#include "graph/onnx_io.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

// Whole networks with published weights against outputs that another implementation computed.
namespace maskscope::testing {
namespace {

constexpr double kTolerance = 1e-4;
const EngineOptions kInF32{.precision = Precision::kF32};

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is absent: set MASKSCOPE_SHARED"

Tensors Outputs(Engine& engine, const Tensor& input) {
  const std::string name = engine.graph().inputs.at(0).name;
  const RunResult result = engine.Run({{name, {input.floats.data(), input.shape}}});
  Tensors outputs;
  for (const ValueInfo& output : engine.graph().outputs) {
    const TensorView& view = result.Get(output.name);
    outputs[output.name] = Tensor::Floats(view.shape, {view.data, view.data + view.size()});
  }
  return outputs;
}

// Engine against golden outputs: golden tensor by graph output.
void ExpectGolden(const Graph& graph, const Tensors& golden, const std::string& input,
                  const std::map<std::string, std::string>& golden_by_output, double tolerance = kTolerance,
                  Precision precision = Precision::kF32) {
  for (const int threads : {1, 2}) {
    EngineOptions options;
    options.threads = threads;
    options.precision = precision;
    Engine engine(graph, options);
    const Tensors outputs = Outputs(engine, golden.at(input));
    for (const auto& [output, wanted] : golden_by_output) {
      SCOPED_TRACE(output + ", threads " + std::to_string(threads));
      ExpectNear(outputs.at(output), golden.at(wanted), tolerance);
    }
  }
}

Graph RetinaFace(const Tensors& weights) {
  Graph graph = BuildRetinaFace({});
  LoadRetinaFace(weights, graph);
  return graph;
}

TEST(NetworksTest, RetinaFace) {
  const auto golden_path = SharedFolder() / "golden/retinaface_mnet025.safetensors";
  const auto weights_path = SharedFolder() / "weights/retinaface_mnet025/retinaface_mnet025.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  const Graph graph = RetinaFace(ReadSafetensors(weights_path));
  ExpectGolden(graph, golden, "input", {{"boxes", "box"}, {"scores", "cls"}, {"landmarks", "landmarks"}});
  // Sizes that are no multiples of 32: the upsampled map has the other map's odd size.
  ExpectGolden(graph, golden, "odd_input",
               {{"boxes", "odd_box"}, {"scores", "odd_cls"}, {"landmarks", "odd_landmarks"}});
}

// What bf16 costs: scores stay within 0.01, box offsets within 0.04 of the largest (measured: 0.0072 and 0.034; 0.044
// where oneDNN keeps the tensors between layers in bf16 too).
TEST(NetworksTest, RetinaFaceInBf16DecidesAlike) {
  const auto golden_path = SharedFolder() / "golden/retinaface_mnet025.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  const Graph graph =
      RetinaFace(ReadSafetensors(SharedFolder() / "weights/retinaface_mnet025/retinaface_mnet025.safetensors"));
  const double scores = CpuHasNativeBf16() ? 1e-2 : 3e-2, boxes = CpuHasNativeBf16() ? 4e-2 : 5e-2;
  ExpectGolden(graph, golden, "input", {{"scores", "cls"}}, scores, Precision::kBf16);
  ExpectGolden(graph, golden, "input", {{"boxes", "box"}}, boxes, Precision::kBf16);
}

TEST(NetworksTest, RetinaFaceFromOnnx) {
  const auto golden_path = SharedFolder() / "golden/retinaface_mnet025.safetensors";
  SKIP_WITHOUT(golden_path);
  const Graph graph = ReadOnnx(SharedFolder() / "golden/onnx/retinaface_mnet025_dynamic.onnx");
  const Tensors golden = ReadSafetensors(golden_path);
  for (const std::string prefix : {"", "odd_"}) {
    Engine engine(graph, kInF32);
    const Tensors outputs = Outputs(engine, golden.at(prefix + "input"));
    // The file's names for its outputs do not matter here: the widths tell them apart.
    for (const auto& [name, tensor] : outputs) {
      SCOPED_TRACE(prefix + name);
      const std::map<int64_t, std::string> by_width = {{4, "box"}, {2, "cls"}, {10, "landmarks"}};
      ExpectNear(tensor, golden.at(prefix + by_width.at(tensor.shape.back())), kTolerance);
    }
  }
}

TEST(NetworksTest, MobileNetV2Trunk) {
  const auto golden_path = SharedFolder() / "golden/mobilenet_v2_1.0.safetensors";
  SKIP_WITHOUT(golden_path);
  const Graph graph = ReadOnnx(SharedFolder() / "golden/onnx/mobilenet_v2_trunk_block7.onnx");
  ExpectGolden(graph, ReadSafetensors(golden_path), "input", {{graph.outputs.at(0).name, "block7"}});
}

TEST(NetworksTest, MobileNetV2WithPublishedWeights) {
  const auto golden_path = SharedFolder() / "golden/mobilenet_v2_1.0.safetensors";
  SKIP_WITHOUT(golden_path);
  MobileNetV2Options options;
  options.input_size = 224;
  Graph graph = BuildMobileNetV2(options);
  std::filesystem::path weights;
  for (const auto& entry : std::filesystem::directory_iterator(SharedFolder() / "weights/mobilenet_v2_1.0")) {
    if (entry.path().extension() == ".safetensors") weights = entry.path();
  }
  LoadMobileNetV2(ReadSafetensors(weights), graph);
  graph.outputs = {Value("features", {})};
  const Tensors golden = ReadSafetensors(golden_path);
  ExpectGolden(graph, golden, "input", {{"features", "pooled"}});
  // 17 blocks of it: 0.031 measured with native bf16.
  ExpectGolden(graph, golden, "input", {{"features", "pooled"}}, CpuHasNativeBf16() ? 4e-2 : 6e-2, Precision::kBf16);
}

TEST(NetworksTest, MtcnnProposalNetwork) {
  const auto golden_path = SharedFolder() / "golden/mtcnn.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  Engine engine(ReadOnnx(SharedFolder() / "golden/onnx/pnet.onnx"), kInF32);
  for (const auto& [name, tensor] : Outputs(engine, golden.at("pnet.input"))) {
    SCOPED_TRACE(name);
    ExpectNear(tensor, golden.at(tensor.shape.at(1) == 4 ? "pnet.box" : "pnet.prob"), kTolerance);
  }
}

TEST(NetworksTest, TinyRefinementNetwork) {
  const auto golden_path = SharedFolder() / "golden/onnx/rnet_tiny.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  Engine engine(ReadOnnx(SharedFolder() / "golden/onnx/rnet_tiny.onnx"), kInF32);
  const Tensor& input = golden.at(engine.graph().inputs.at(0).name);
  for (const auto& [name, tensor] : Outputs(engine, input)) {
    SCOPED_TRACE(name);
    ExpectNear(tensor, golden.at(name), kTolerance);
  }
}

TEST(NetworksTest, Aizoo) {
  const auto golden_path = SharedFolder() / "golden/aizoo.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  Engine engine(ReadOnnx(SharedFolder() / "weights/rivals/aizoo/aizoo_facemask_260.onnx"), kInF32);
  for (const auto& [name, tensor] : Outputs(engine, golden.at("input"))) {
    SCOPED_TRACE(name);
    ExpectNear(tensor, golden.at(tensor.shape.back() == 4 ? "loc" : "cls"), kTolerance);
  }
}

TEST(NetworksTest, YuNet) {
  const auto golden_path = SharedFolder() / "golden/yunet.safetensors";
  SKIP_WITHOUT(golden_path);
  const Tensors golden = ReadSafetensors(golden_path);
  for (const auto& entry : std::filesystem::directory_iterator(SharedFolder() / "weights/yunet")) {
    if (entry.path().extension() != ".onnx") continue;
    const Graph graph = ReadOnnx(entry.path());
    const ValueInfo& input = graph.inputs.at(0);
    const bool fits = input.shape.at(2).value < 0 || input.shape.at(2).value == golden.at("input").shape.at(2);
    if (!fits) continue;
    Engine engine(graph, kInF32);
    for (const auto& [name, tensor] : Outputs(engine, golden.at("input"))) {
      SCOPED_TRACE(entry.path().filename().string() + " " + name);
      ASSERT_TRUE(golden.contains(name));
      ExpectNear(tensor, golden.at(name), kTolerance);
    }
  }
}

}  // namespace
}  // namespace maskscope::testing
