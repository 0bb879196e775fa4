#include <filesystem>

#include "engine/engine.h"
#include "engine/engine_testing.h"
#include "zoo/weights.h"
#include "zoo/zoo_testing.h"

// The zoo's classifiers: engine against reference, and against outputs that another implementation computed.
namespace maskscope::testing {
namespace {

constexpr double kTolerance = 1e-4;

Tensors RunEngine(const Graph& graph, const Tensor& input) {
  Engine engine(graph, {.precision = Precision::kF32});
  const RunResult result = engine.Run({{"input", {input.floats.data(), input.shape}}});
  Tensors outputs;
  for (const ValueInfo& output : graph.outputs) {
    const TensorView& view = result.Get(output.name);
    outputs[output.name] = Tensor::Floats(view.shape, {view.data, view.data + view.size()});
  }
  return outputs;
}

// Two pictures: what a step leaves in the channels that fill up a block, or a slice with gaps between the pictures,
// would show.
TEST(ZooNetworks, EngineAgreesWithReference) {
  for (const auto& [name, network] : SmallClassifiers()) {
    SCOPED_TRACE(name);
    Graph graph = network;
    graph.outputs.push_back(Value("features", {}));
    Draw draw(3);
    const Tensor input = draw.Values({2, 3, 33, 38});
    const Tensors wanted = RunReference(graph, {{"input", input}});
    for (const auto& [output, tensor] : RunEngine(graph, input)) {
      SCOPED_TRACE(output);
      ExpectNear(tensor, wanted.at(output), kTolerance);
    }
  }
}

// No operator of theirs is left to the plain loops of the reference interpreter or of oneDNN.
TEST(ZooNetworks, NothingRunsOnReferenceLoops) {
  for (const auto& [name, graph] : SmallClassifiers()) {
    for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
      SCOPED_TRACE(name + " " + std::string(PrecisionName(precision)));
      Engine engine(graph, {.precision = precision});
      Draw draw(3);
      const Tensor input = draw.Values({1, 3, 64, 64});
      for (const StepTime& step : engine.Profile({{"input", {input.floats.data(), input.shape}}})) {
        EXPECT_EQ(step.kernel.find("ref"), std::string::npos) << step.node << " " << step.op << " " << step.kernel;
      }
    }
  }
}

void ExpectGolden(const std::string& name, Graph graph, const std::map<std::string, std::string>& golden_by_value) {
  const auto golden_path = SharedFolder() / "golden" / (name + ".safetensors");
  const Tensors golden = ReadSafetensors(golden_path);
  LoadMobileNetV1(ReadSafetensors(SharedFolder() / "weights" / name / (name + ".safetensors")), graph);
  graph.outputs.clear();
  for (const auto& [value, wanted] : golden_by_value) graph.outputs.push_back(Value(value, {}));
  const Tensors found = RunEngine(graph, golden.at("input"));
  for (const auto& [value, wanted] : golden_by_value) {
    SCOPED_TRACE(value);
    Tensor expected = golden.at(wanted);
    expected.shape = found.at(value).shape;  // a pooled vector comes without a batch axis
    ExpectNear(found.at(value), expected, kTolerance);
  }
}

TEST(ZooNetworks, MobileNetV1WithPublishedWeights) {
  if (!std::filesystem::exists(SharedFolder() / "golden/mobilenet_v1_1.0.safetensors")) {
    GTEST_SKIP() << "golden outputs are absent: set MASKSCOPE_SHARED";
  }
  ExpectGolden("mobilenet_v1_1.0", BuildMobileNetV1({.input_size = 128}),
               {{"block11.pw.relu6", "block11"}, {"block13.pw.relu6", "block13"}, {"features", "pooled"}});
  ExpectGolden("mobilenet_v1_0.5", BuildMobileNetV1({.width = 0.5f, .classes = 1001, .input_size = 160}),
               {{"block11.pw.relu6", "block11"}, {"features", "pooled"}, {"logits", "logits"}});
}

}  // namespace
}  // namespace maskscope::testing
