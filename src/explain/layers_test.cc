#include "explain/layers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/expect_error.h"
#include "explain/probe.h"
#include "zoo/registry.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

Layer Default(const Probe& probe, int64_t index = 0, size_t output = 0) {
  return ChooseLayer(probe.graph(), probe.inferred(), {{probe.graph().outputs[output].name, index, 1}});
}

TEST(LayersTest, TheLastMapBeforeTheGlobalPool) {
  for (const auto& [architecture, channels] : std::map<std::string, int64_t>{{"resnet18", 512},
                                                                             {"resnet50", 2048},
                                                                             {"mobilenet_v2", 1280},
                                                                             {"mobilenet_v3_small", 576},
                                                                             {"efficientnet_b0", 1280}}) {
    const Probe probe(BuildArchitecture(architecture, {.classes = 3, .draw_weights = false}), {1, 3, 128, 160});
    const Layer layer = Default(probe);
    EXPECT_EQ(layer.shape, (Shape{1, channels, 4, 5})) << architecture << ": " << layer.node;
    EXPECT_NE(layer.op, "Conv") << architecture << ": the activation is meant, not what goes into it";
  }
}

TEST(LayersTest, MapsOfHardlyAnyCellsAreAvoided) {
  const Graph graph = BuildArchitecture("mobilenet_v2", {.classes = 3, .draw_weights = false});
  // At 64 pixels the last map has 2 x 2 cells; the one of 4 x 4 says more.
  EXPECT_EQ(Default(Probe(graph, {1, 3, 64, 64})).shape[2], 4);
  // At 32 pixels none but the first ones has as many.
  EXPECT_EQ(Default(Probe(graph, {1, 3, 32, 32})).shape[2], 4);
}

// The box's own level, not another one, and the map that its head's first wide convolution reads.
TEST(LayersTest, OfADetectorTheMapOfTheBoxsLevel) {
  const Probe probe(BuildArchitecture("retinaface", {.draw_weights = false}), {1, 3, 160, 128});
  const int64_t first = 20 * 16 * 2, second = 10 * 8 * 2;
  for (const auto& [anchor, height] : std::map<int64_t, int64_t>{{0, 20}, {first, 10}, {first + second, 5}}) {
    const Layer layer = ChooseLayer(probe.graph(), probe.inferred(), {{"scores", 2 * anchor + 1, 1}});
    EXPECT_EQ(layer.shape[2], height) << "anchor " << anchor << ": " << layer.node;
    EXPECT_TRUE(layer.is_spatial());
  }
}

TEST(LayersTest, ByNameByNumberAndUnknown) {
  const Probe probe(BuildArchitecture("resnet18", {.classes = 3, .draw_weights = false}), {1, 3, 64, 64});
  const auto find = [&](const std::string& name) { return FindLayer(probe.graph(), probe.inferred(), name); };
  const std::vector<Layer> layers = ListSpatialLayers(probe.graph(), probe.inferred());
  EXPECT_EQ(find("0").node, layers.front().node);
  EXPECT_EQ(find("-1").node, layers.back().node);
  EXPECT_EQ(find(layers[7].node).value, layers[7].value);
  EXPECT_EQ(find(layers[7].value).node, layers[7].node);
  ExpectError(ErrorKind::kUsage, {"layer2.0.convx", "layer2.0.conv1"}, [&] { find("layer2.0.convx"); });
  ExpectError(ErrorKind::kUsage, {"layer3", "layer3.0"}, [&] { find("layer3"); });
  ExpectError(ErrorKind::kUsage, {"100000", std::to_string(layers.size())}, [&] { find("100000"); });
}

TEST(LayersTest, ANetworkWithoutMaps) {
  Graph graph;
  graph.inputs = {{"x", DataType::kFloat32, {Dim::Fixed(1), Dim::Fixed(4)}}};
  graph.initializers["w"] = Tensor::Filled({4, 2}, 1);
  graph.nodes = {{"fc", "Gemm", {"x", "w"}, {"y"}, {}}};
  graph.outputs = {{"y", DataType::kFloat32, {}}};
  const Probe probe(graph, {1, 4});
  ExpectError(ErrorKind::kUnsupported, {"no spatial layer"}, [&] { Default(probe); });
  ExpectError(ErrorKind::kUnsupported, {"no spatial layer"}, [&] { FindLayer(probe.graph(), probe.inferred(), "fc"); });
}

}  // namespace
}  // namespace maskscope
