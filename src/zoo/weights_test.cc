#include "zoo/weights.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

// Everything a network needs, taken from a freshly built one.
std::map<std::string, Tensor> WeightsOf(const Graph& graph) {
  std::map<std::string, Tensor> weights;
  for (const auto& [name, tensor] : graph.initializers) {
    if (tensor.is_float()) weights.emplace(name, tensor);
  }
  return weights;
}

std::string Complaint(const std::map<std::string, Tensor>& weights, Graph graph) {
  try {
    LoadRetinaFace(weights, graph);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadModel);
    return error.what();
  }
  return "";
}

TEST(LoadRetinaFace, PutsEveryTensorInItsPlace) {
  const Graph other = BuildRetinaFace({.seed = 2});
  Graph graph = BuildRetinaFace({.seed = 1});
  LoadRetinaFace(WeightsOf(other), graph);
  EXPECT_EQ(graph.initializers, other.initializers);
}

TEST(LoadRetinaFace, ListsMissingExtraAndMisshapenTensorsAtOnce) {
  const Graph graph = BuildRetinaFace({});
  auto weights = WeightsOf(graph);
  weights.erase("ssh2.conv3X3.0.weight");
  weights["stray.weight"] = Tensor::Filled({2}, 0);
  weights["fpn.merge1.0.weight"] = Tensor::Filled({64, 64, 1, 1}, 0);
  const std::string complaint = Complaint(weights, graph);
  for (const char* name : {"ssh2.conv3X3.0.weight", "stray.weight", "fpn.merge1.0.weight", "[64, 64, 1, 1]"}) {
    EXPECT_NE(complaint.find(name), std::string::npos) << name << " in: " << complaint;
  }
}

TEST(LoadRetinaFace, LeavesTheGraphAloneWhenSomethingDoesNotFit) {
  Graph graph = BuildRetinaFace({});
  const auto before = graph.initializers;
  auto weights = WeightsOf(BuildRetinaFace({.seed = 9}));
  weights.erase("ssh2.conv3X3.0.weight");
  EXPECT_THROW(LoadRetinaFace(weights, graph), Error);
  EXPECT_EQ(graph.initializers, before);
}

TEST(LoadRetinaFace, TakesABodyAlone) {
  const Graph other = BuildRetinaFace({.seed = 2});
  std::map<std::string, Tensor> body;
  for (const auto& [name, tensor] : WeightsOf(other)) {
    if (name.starts_with("body.")) body.emplace(name.substr(5), tensor);
  }
  Graph graph = BuildRetinaFace({.seed = 1});
  const Tensor neck = graph.initializers.at("fpn.merge1.0.weight");
  LoadRetinaFace(body, graph);
  EXPECT_EQ(graph.initializers.at("body.stage3.1.3.weight"), other.initializers.at("body.stage3.1.3.weight"));
  EXPECT_EQ(graph.initializers.at("fpn.merge1.0.weight"), neck);
}

TEST(LoadMobileNetV2, TurnsBiasesIntoNeutralBatchNorm) {
  Graph graph = BuildMobileNetV2({});
  std::map<std::string, Tensor> weights;
  for (const auto& [name, tensor] : graph.initializers) {
    if (name.ends_with(".weight") && !name.starts_with("classifier.")) {
      weights[name] = Tensor::Filled(tensor.shape, 0.25f);
      weights[name.substr(0, name.size() - 7) + ".bias"] = Tensor::Filled({tensor.shape[0]}, 0.5f);
    }
  }
  const Tensor classifier = graph.initializers.at("classifier.weight");
  LoadMobileNetV2(weights, graph);
  EXPECT_EQ(graph.initializers.at("block5.dw.weight").floats[0], 0.25f);
  EXPECT_EQ(graph.initializers.at("block5.dw.bn.shift").floats[0], 0.5f);
  EXPECT_EQ(graph.initializers.at("block5.dw.bn.scale").floats[0], 1.0f);
  EXPECT_EQ(graph.initializers.at("block5.dw.bn.mean").floats[0], 0.0f);
  EXPECT_FLOAT_EQ(graph.initializers.at("block5.dw.bn.variance").floats[0] + 1e-5f, 1.0f);
  EXPECT_EQ(graph.initializers.at("classifier.weight"), classifier);
  weights.erase("head.bias");
  EXPECT_THROW(LoadMobileNetV2(weights, graph), Error);
}

std::string ComplaintByName(const std::map<std::string, Tensor>& weights, Graph& graph,
                            const std::vector<std::string>& keep = {}) {
  try {
    LoadByName(weights, graph, keep);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadModel);
    return error.what();
  }
  return "";
}

TEST(LoadByName, PutsEveryTensorInItsPlace) {
  const Graph other = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .width = 0.25f, .seed = 2});
  Graph graph = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .width = 0.25f, .seed = 1});
  auto weights = WeightsOf(other);
  weights.erase("dropout.ratio");
  weights["features.0.1.num_batches_tracked"] = Tensor::Ints({}, {17});
  LoadByName(weights, graph);
  EXPECT_EQ(graph.initializers, other.initializers);
}

TEST(LoadByName, ListsMissingExtraAndMisshapenTensorsAtOnceAndLeavesTheGraphAlone) {
  Graph graph = BuildResNet({.depth = 18});
  const auto before = graph.initializers;
  auto weights = WeightsOf(graph);
  weights.erase("layer1.0.bn1.running_mean");
  weights["layer9.weight"] = Tensor::Filled({2}, 0);
  weights["layer2.0.downsample.0.weight"] = Tensor::Filled({64, 64, 1, 1}, 0);
  const std::string complaint = ComplaintByName(weights, graph);
  for (const char* name : {"missing tensor 'layer1.0.bn1.running_mean'", "extra tensor 'layer9.weight'",
                           "'layer2.0.downsample.0.weight'", "[128, 64, 1, 1]"}) {
    EXPECT_NE(complaint.find(name), std::string::npos) << name << " in: " << complaint;
  }
  EXPECT_EQ(graph.initializers, before);
}

TEST(LoadByName, KeepsTheLayersItIsTold) {
  Graph graph = BuildResNet({.depth = 18, .classes = 3});
  const Tensor own = graph.initializers.at("fc.weight");
  auto weights = WeightsOf(BuildResNet({.depth = 18, .classes = 10, .seed = 5}));
  EXPECT_NE(ComplaintByName(weights, graph).find("fc.weight"), std::string::npos);
  EXPECT_EQ(ComplaintByName(weights, graph, {"fc"}), "");
  EXPECT_EQ(graph.initializers.at("fc.weight"), own);
  EXPECT_EQ(graph.initializers.at("conv1.weight"), weights.at("conv1.weight"));
  weights.erase("fc.weight");
  EXPECT_EQ(ComplaintByName(weights, graph, {"fc"}), "");
}

TEST(NarrowRetinaFace, FitsTheNarrowNetwork) {
  const auto weights = WeightsOf(BuildRetinaFace({}));
  for (const int neck : {32, 48, 64}) {
    Graph graph = BuildRetinaFace({.neck_channels = neck});
    EXPECT_NO_THROW(LoadRetinaFace(NarrowRetinaFace(weights, neck), graph)) << neck << " channels";
  }
  EXPECT_EQ(NarrowRetinaFace(weights, 64), weights);
  EXPECT_THROW(NarrowRetinaFace(weights, 30), Error);
  EXPECT_THROW(NarrowRetinaFace({}, 32), Error);
}

TEST(NarrowRetinaFace, KeepsTheChannelsThatCount) {
  auto weights = WeightsOf(BuildRetinaFace({}));
  // Silence the upper half of merge1's output: those channels must go, the lower half must stay as it is.
  for (size_t i = 32; i < 64; ++i) weights["fpn.merge1.1.weight"].floats[i] = 0;
  const auto narrow = NarrowRetinaFace(weights, 32);
  const Tensor& before = weights.at("ssh1.conv5X5_2.0.weight");
  EXPECT_EQ(before.shape[0], 16);
  EXPECT_EQ(narrow.at("ssh1.conv5X5_2.0.weight").shape, (Shape{8, 8, 3, 3}));
  for (const float scale : narrow.at("fpn.merge1.1.weight").floats) EXPECT_EQ(scale, 1.0f);
}

TEST(PublishedWeights, FitTheirNetworks) {
  const char* given = std::getenv("MASKSCOPE_SHARED");
  const std::filesystem::path folder = std::filesystem::path(given ? given : "../shared") / "weights";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "given weights are absent: " << folder;
  Graph retina = BuildRetinaFace({}), body = BuildRetinaFace({.leaky_slope = 0.1f}), mobile = BuildMobileNetV2({});
  Graph wide = BuildMobileNetV1({}), half = BuildMobileNetV1({.width = 0.5f, .classes = 1001});
  EXPECT_NO_THROW(
      LoadRetinaFace(ReadSafetensors(folder / "retinaface_mnet025/retinaface_mnet025.safetensors"), retina));
  EXPECT_NO_THROW(LoadRetinaFace(ReadSafetensors(folder / "mobilenetv1_x025/mobilenetv1_x025.safetensors"), body));
  EXPECT_NO_THROW(LoadMobileNetV2(ReadSafetensors(folder / "mobilenet_v2_1.0/mobilenet_v2_1.0.safetensors"), mobile));
  EXPECT_NO_THROW(LoadMobileNetV1(ReadSafetensors(folder / "mobilenet_v1_1.0/mobilenet_v1_1.0.safetensors"), wide));
  const auto weights = ReadSafetensors(folder / "mobilenet_v1_0.5/mobilenet_v1_0.5.safetensors");
  EXPECT_NO_THROW(LoadMobileNetV1(weights, half));
  EXPECT_EQ(half.initializers.at("classifier.bias"), weights.at("classifier.bias"));
  Graph three = BuildMobileNetV1({.width = 0.5f, .classes = 3});
  const Tensor own = three.initializers.at("classifier.weight");
  EXPECT_NO_THROW(LoadMobileNetV1(weights, three));
  EXPECT_EQ(three.initializers.at("classifier.weight"), own);
}

}  // namespace
}  // namespace maskscope
