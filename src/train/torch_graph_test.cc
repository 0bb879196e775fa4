#include "train/torch_graph.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "engine/reference.h"
#include "graph/onnx_io.h"
#include "train/batch_norm.h"
#include "train/torch_ops.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

std::filesystem::path Shared() {
  const char* given = std::getenv("MASKSCOPE_SHARED");
  return given ? given : "../shared";
}

#define REQUIRE_SHARED(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "given material is absent: " << (path)

double GreatestDifference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

// Largest difference allowed by the golden files' rule.
double Tolerance(const at::Tensor& reference) { return 1e-4 * std::max(1.0, reference.abs().max().item<double>()); }

Graph GoldenMobileNet(int input_size) {
  Graph graph = BuildMobileNetV2({.input_size = input_size});
  LoadMobileNetV2(ReadSafetensors(Shared() / "weights/mobilenet_v2_1.0/mobilenet_v2_1.0.safetensors"), graph);
  return graph;
}

TEST(TorchGraph, GivesTheGoldenMobileNetFeatures) {
  const auto path = Shared() / "golden/mobilenet_v2_1.0.safetensors";
  REQUIRE_SHARED(path);
  const auto golden = ReadSafetensors(path);
  TorchGraph graph(GoldenMobileNet(224));
  const at::NoGradGuard no_grad;
  const auto values = graph.Forward({{"input", ToTorch(golden.at("input"))}}, false, {"features", "block13.add"});
  const at::Tensor pooled = ToTorch(golden.at("pooled"));
  EXPECT_LE(GreatestDifference(values.at("features"), pooled.reshape({1, -1})), Tolerance(pooled));
  const at::Tensor block = ToTorch(golden.at("block13"));
  EXPECT_LE(GreatestDifference(values.at("block13.add"), block), Tolerance(block));
}

// The stem sees an even side and later layers odd ones: the padding of each must fit its own.
TEST(TorchGraph, GivesTheGoldenMobileNetFeaturesOfAnOddSize) {
  const auto path = Shared() / "golden/mobilenet_v2_1.0_odd.safetensors";
  REQUIRE_SHARED(path);
  const auto golden = ReadSafetensors(path);
  const at::Tensor pooled = ToTorch(golden.at("pooled")).reshape({1, -1});
  const auto features = [&](int input_size) {
    TorchGraph graph(GoldenMobileNet(input_size));
    const at::NoGradGuard no_grad;
    return graph.Forward({{"input", ToTorch(golden.at("input"))}}, false, {"features"}).at("features");
  };
  EXPECT_LE(GreatestDifference(features(98), pooled), Tolerance(pooled));
  EXPECT_GT(GreatestDifference(features(96), pooled), Tolerance(pooled));  // another size's padding is felt
}

TEST(TorchGraph, GivesTheGoldenRetinaFaceOutputsOfAnExportedModel) {
  const auto path = Shared() / "golden/retinaface_mnet025.safetensors";
  REQUIRE_SHARED(path);
  const auto golden = ReadSafetensors(path);
  TorchGraph graph(ReadOnnx(Shared() / "golden/onnx/retinaface_mnet025_dynamic.onnx"));
  const std::string input = graph.structure().inputs.at(0).name;
  const at::NoGradGuard no_grad;
  for (const std::string prefix : {"", "odd_"}) {
    const auto values = graph.Forward({{input, ToTorch(golden.at(prefix + "input"))}}, false);
    const std::vector<std::string> names{"box", "cls", "landmarks"};
    ASSERT_EQ(values.size(), names.size());
    for (const std::string& name : names) {
      const at::Tensor expected = ToTorch(golden.at(prefix + name));
      bool found = false;
      for (const auto& [key, value] : values) {
        if (value.sizes() != expected.sizes()) continue;
        found = true;
        EXPECT_LE(GreatestDifference(value, expected), Tolerance(expected)) << prefix << name;
      }
      EXPECT_TRUE(found) << name;
    }
  }
}

TEST(TorchGraph, AgreesWithTheReferenceInterpreterAfterTrainingAndExport) {
  Graph start = BuildMobileNetV2({.width = 0.25f, .input_size = 32, .seed = 7});
  TorchGraph graph(start);
  torch::manual_seed(3);
  for (int step = 0; step < 3; ++step) {
    const at::Tensor x = at::randn({8, 3, 32, 32});
    graph.Forward({{"input", x}}, true).at("logits").square().mean().backward();
    const at::NoGradGuard no_grad;
    for (const auto& [name, parameter] : graph.parameters()) at::Tensor(parameter).sub_(parameter.grad(), 0.1);
  }
  const Graph exported = ParseOnnx(SerializeOnnx(graph.Export()), "memory");
  const at::Tensor x = at::randn({2, 3, 32, 32});
  const auto expected = RunReference(exported, {{"input", FromTorch(x)}}).at("logits");
  const at::NoGradGuard no_grad;
  const at::Tensor logits = graph.Forward({{"input", x}}, false).at("logits");
  EXPECT_LE(GreatestDifference(logits, ToTorch(expected)), Tolerance(ToTorch(expected)));
  EXPECT_NE(exported.initializers.at("stem.bn.mean"), start.initializers.at("stem.bn.mean"));
}

// Conv -> BatchNormalization -> Relu -> GlobalAveragePool, small enough for differences by hand.
Graph SmallGraph() {
  Graph graph;
  graph.name = "small";
  graph.inputs = {{"input", DataType::kFloat32, {Dim::Symbol("n"), Dim::Fixed(2), Dim::Fixed(5), Dim::Fixed(5)}}};
  graph.outputs = {{"pooled", DataType::kFloat32, {}}};
  torch::manual_seed(11);
  graph.initializers["w"] = FromTorch(at::randn({3, 2, 3, 3}) * 0.5);
  graph.initializers["scale"] = Tensor::Floats({3}, {1.0f, 0.5f, 2.0f});
  graph.initializers["shift"] = Tensor::Floats({3}, {0.1f, 0.2f, -0.1f});
  graph.initializers["mean"] = Tensor::Filled({3}, 0);
  graph.initializers["var"] = Tensor::Filled({3}, 1);
  graph.nodes = {{"conv",
                  "Conv",
                  {"input", "w"},
                  {"c"},
                  {{"pads", std::vector<int64_t>{0, 0, 1, 1}}, {"strides", std::vector<int64_t>{2, 2}}}},
                 {"bn", "BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"b"}, {}},
                 {"act", "Relu", {"b"}, {"r"}, {}},
                 {"pool", "GlobalAveragePool", {"r"}, {"pooled"}, {}}};
  return graph;
}

TEST(TorchGraph, GradientsMatchFiniteDifferences) {
  TorchGraph graph(SmallGraph());
  graph.batch_norm_momentum = 0;
  const at::Tensor x = at::randn({4, 2, 5, 5}), weights = at::randn({4, 3, 1, 1});
  const auto loss = [&] { return (graph.Forward({{"input", x}}, true).at("pooled") * weights).sum(); };
  loss().backward();
  for (const auto& [name, parameter] : graph.parameters()) {
    const at::Tensor gradient = parameter.grad().contiguous().view({-1}).clone();
    const at::NoGradGuard no_grad;
    at::Tensor live = parameter;
    const at::Tensor kept = live.clone();
    for (int64_t i = 0; i < std::min<int64_t>(gradient.numel(), 12); ++i) {
      constexpr double kStep = 1e-2;
      at::Tensor offset = at::zeros(live.sizes());
      offset.view({-1})[i] = kStep;
      live.copy_(kept + offset);
      const double above = loss().item<double>();
      live.copy_(kept - offset);
      const double below = loss().item<double>();
      live.copy_(kept);
      EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 2e-2) << name << " " << i;
    }
  }
}

TEST(TorchGraph, TrainingNormalisesByTheBatchAndLearnsItsStatistics) {
  TorchGraph graph(SmallGraph());
  graph.batch_norm_momentum = 0.25f;
  const at::Tensor x = at::randn({4, 2, 5, 5}) + 1;
  const at::NoGradGuard no_grad;
  const auto values = graph.Forward({{"input", x}}, true, {"c", "b"});
  const at::Tensor c = values.at("c"), mean = c.mean({0, 2, 3});
  EXPECT_LE(GreatestDifference(graph.buffers().at("mean"), mean * 0.25), 1e-5);
  EXPECT_LE(GreatestDifference(graph.buffers().at("var"), c.var({0, 2, 3}, true) * 0.25 + 0.75), 1e-5);
  const at::Tensor shift = graph.parameters().at("shift"), scale = graph.parameters().at("scale");
  EXPECT_LE(GreatestDifference(values.at("b").mean({0, 2, 3}), shift), 1e-5);
  EXPECT_LE(GreatestDifference(values.at("b").std(at::IntArrayRef{0, 2, 3}, false), scale), 1e-3);

  graph.FreezeBatchNorm({"bn"});
  const at::Tensor before = graph.buffers().at("mean").clone();
  graph.Forward({{"input", x}}, true);
  EXPECT_EQ(GreatestDifference(graph.buffers().at("mean"), before), 0);
}

TEST(TorchGraph, RecenteringKeepsTheInferenceFunctionAndMakesTrainingAgreeWithIt) {
  TorchGraph graph(SmallGraph());
  const at::Tensor x = at::randn({16, 2, 5, 5}) * 3 + 2;
  at::Tensor before, after;
  {
    const at::NoGradGuard no_grad;
    before = graph.Forward({{"input", x}}, false).at("pooled");
  }
  RecenterBatchNorm(graph, {{{"input", x.slice(0, 0, 8)}}, {{"input", x.slice(0, 8, 16)}}});
  const at::NoGradGuard no_grad;
  after = graph.Forward({{"input", x}}, false).at("pooled");
  EXPECT_LE(GreatestDifference(before, after), 1e-4);
  EXPECT_LE(GreatestDifference(before, graph.Forward({{"input", x}}, true).at("pooled")), 1e-3);
}

TEST(TorchGraph, NamesWhatItCannotRun) {
  Graph graph = SmallGraph();
  graph.nodes[2].op = "NoSuchOperator";
  try {
    TorchGraph torch_graph(graph);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("act"), std::string::npos);
  }
  TorchGraph good(SmallGraph());
  EXPECT_THROW(good.Forward({}, false), Error);
  EXPECT_THROW(good.Forward({{"input", at::zeros({1, 2, 5, 5})}}, false, {"nothing"}), Error);
}

}  // namespace
}  // namespace maskscope
