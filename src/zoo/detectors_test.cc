#include "zoo/detectors.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/cost.h"
#include "graph/graph_testing.h"
#include "graph/passes.h"
#include "graph/shape_inference.h"
#include "zoo/detector_weights.h"
#include "zoo/weights.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

using testing::ExpectError;

// As networks are counted once their BatchNorms are folded: what the authors of YOLOv5 and the rivals quote.
int64_t FoldedCount(Graph graph) {
  FoldBatchNorm(graph);
  return CountLearnedParameters(graph);
}

YoloV5Options Yolo(float width, int classes) { return {.width = width, .classes = classes, .draw_weights = false}; }

TEST(Detectors, HaveThePublishedNumberOfParameters) {
  // ultralytics' summaries ("fused"): 80 classes, the mask detectors of two classes.
  EXPECT_EQ(FoldedCount(BuildYoloV5(Yolo(0.25f, 80))), 1867405);
  EXPECT_EQ(FoldedCount(BuildYoloV5(Yolo(0.25f, 2))), 1761871);
  EXPECT_EQ(FoldedCount(BuildYoloV5(Yolo(0.5f, 2))), 7015519);
  EXPECT_EQ(FoldedCount(BuildYoloV5(Yolo(0.5f, 80))), 7225885);
  // "0.43 M" and Open Model Zoo's 27.2646 M, both with landmarks.
  EXPECT_EQ(CountLearnedParameters(BuildRetinaFace({.draw_weights = false})), 426608);
  const RetinaFaceOptions resnet{.body = RetinaFaceBody::kResNet50, .neck_channels = 256, .draw_weights = false};
  EXPECT_NEAR(static_cast<double>(FoldedCount(BuildRetinaFace(resnet))) / 1e6, 27.2646, 0.00005);
  EXPECT_NEAR(static_cast<double>(FoldedCount(BuildAizooSsd({.draw_weights = false}))) / 1e6, 1.01, 0.005);
  int64_t mtcnn = 0;
  for (const MtcnnNetwork network : {MtcnnNetwork::kProposal, MtcnnNetwork::kRefinement, MtcnnNetwork::kOutput}) {
    mtcnn += CountLearnedParameters(BuildMtcnn({.network = network, .draw_weights = false}));
  }
  EXPECT_NEAR(static_cast<double>(mtcnn) / 1e6, 0.5, 0.005);
  EXPECT_NEAR(static_cast<double>(FoldedCount(BuildRes10Ssd({.draw_weights = false}))) / 1e6, 2.7, 0.05);
}

Shape ShapeOf(const Graph& graph, const std::string& value, const Shape& input) {
  return InferShapes(graph, {{"input", input}}).shapes.at(value);
}

TEST(Detectors, GiveTheAnchorsOfTheirGrids) {
  const Graph yolo = BuildYoloV5(Yolo(0.25f, 3));
  EXPECT_EQ(ShapeOf(yolo, "predictions", {2, 3, 96, 128}), (Shape{2, 756, 8}));
  const YoloV5Options decoded{.classes = 3, .decoded_height = 96, .decoded_width = 128, .draw_weights = false};
  EXPECT_EQ(ShapeOf(BuildYoloV5(decoded), "predictions", {2, 3, 96, 128}), (Shape{2, 756, 8}));
  EXPECT_EQ(ShapeOf(BuildRes10Ssd({.draw_weights = false}), "loc", {1, 3, 300, 300}), (Shape{1, 8892, 4}));
  EXPECT_EQ(ShapeOf(BuildAizooSsd({.draw_weights = false}), "cls", {3, 3, 260, 260}), (Shape{3, 5972, 2}));
  const auto mtcnn = [](MtcnnNetwork network) { return BuildMtcnn({.network = network, .draw_weights = false}); };
  EXPECT_EQ(ShapeOf(mtcnn(MtcnnNetwork::kProposal), "boxes", {1, 3, 47, 61}), (Shape{1, 4, 19, 26}));
  EXPECT_EQ(ShapeOf(mtcnn(MtcnnNetwork::kProposal), "scores", {1, 3, 12, 12}), (Shape{1, 2, 1, 1}));
  EXPECT_EQ(ShapeOf(mtcnn(MtcnnNetwork::kRefinement), "boxes", {7, 3, 24, 24}), (Shape{7, 4}));
  EXPECT_EQ(ShapeOf(mtcnn(MtcnnNetwork::kOutput), "landmarks", {7, 3, 48, 48}), (Shape{7, 10}));
}

TEST(RetinaFace, TakesOtherBodies) {
  for (const RetinaFaceBody body : {RetinaFaceBody::kMobileNetV2, RetinaFaceBody::kResNet50}) {
    const Graph graph = BuildRetinaFace({.body = body, .width = 1.0f, .draw_weights = false});
    // 131 x 97: maps of 17 x 13, 9 x 7, 5 x 4.
    EXPECT_EQ(ShapeOf(graph, "boxes", {2, 3, 131, 97}), (Shape{2, 2 * (17 * 13 + 9 * 7 + 5 * 4), 4}));
    for (const auto& [name, tensor] : graph.initializers) {
      EXPECT_FALSE(name.starts_with("layer") || name.starts_with("features")) << name;
    }
  }
  const Graph resnet = BuildRetinaFace({.body = RetinaFaceBody::kResNet50, .draw_weights = false});
  EXPECT_TRUE(resnet.initializers.contains("body.conv1.weight"));
  EXPECT_TRUE(resnet.initializers.contains("body.layer4.2.bn3.running_var"));
  EXPECT_FALSE(resnet.initializers.contains("body.fc.weight"));
  EXPECT_EQ(resnet.initializers.at("fpn.output3.0.weight").shape, (Shape{64, 2048, 1, 1}));
}

TEST(Detectors, NameEveryBadOption) {
  ExpectError(ErrorKind::kUsage, {"depth", "width", "classes", "decoded_height", "decoded_width"},
              [] { BuildYoloV5({.depth = 0, .width = 9, .classes = 0, .decoded_height = 33}); });
  ExpectError(ErrorKind::kUsage, {"anchors"}, [] {
    YoloV5Options options;
    options.anchors[1][2] = 0;
    BuildYoloV5(options);
  });
  ExpectError(ErrorKind::kUsage, {"classes"}, [] { BuildAizooSsd({.classes = 0}); });
}

NamedTensors WeightsOf(const Graph& graph) {
  NamedTensors weights;
  for (const auto& [name, tensor] : graph.initializers) {
    if (tensor.is_float() && !tensor.shape.empty() && name != "twice") weights.emplace(name, tensor);
  }
  return weights;
}

TEST(DetectorWeights, FoldedOnesFitAgain) {
  // What FoldBatchNorm makes of a network is what "fused" checkpoints hold.
  Graph folded = BuildYoloV5({.classes = 1, .seed = 5});
  const Graph network = BuildYoloV5({.classes = 1, .seed = 6});
  const Graph original = folded;
  FoldBatchNorm(folded);
  NamedTensors weights;
  for (const Node& node : folded.nodes) {
    if (node.op != "Conv") continue;
    const std::string module = node.name;
    weights[module + ".weight"] = folded.initializers.at(node.inputs[1]);
    weights[module + ".bias"] = folded.initializers.at(node.inputs[2]);
  }
  Graph loaded = network;
  LoadByName(UnfoldBiases(weights, network), loaded);
  EXPECT_EQ(loaded.initializers.at("model.24.m.0.weight"), original.initializers.at("model.24.m.0.weight"));
  FoldBatchNorm(loaded);
  for (const Node& node : loaded.nodes) {
    if (node.op != "Conv") continue;
    const Tensor &a = loaded.initializers.at(node.inputs[1]), &b = weights.at(node.name + ".weight");
    for (size_t i = 0; i < a.floats.size(); ++i) ASSERT_NEAR(a.floats[i], b.floats[i], 1e-6) << node.name;
  }
}

TEST(DetectorWeights, YoloV5NamesMayLackTheModel) {
  const Graph graph = BuildYoloV5(Yolo(0.25f, 2));
  NamedTensors bare;
  for (const auto& [name, tensor] : WeightsOf(graph)) bare[name.substr(6)] = tensor;
  bare["24.anchors"] = Tensor::Filled({3, 3, 2}, 2);
  Graph filled = graph;
  EXPECT_NO_THROW(LoadByName(YoloV5Names(bare), filled));
  const auto anchors = YoloV5Anchors(bare, YoloV5Options{}.anchors);
  EXPECT_EQ(anchors[0][0], 16);
  EXPECT_EQ(anchors[2][5], 64);
  bare["24.anchors"] = Tensor::Filled({3, 2}, 2);
  ExpectError(ErrorKind::kBadModel, {"24.anchors"}, [&] { YoloV5Anchors(bare, {}); });
}

TEST(DetectorWeights, ChannelVectorsAreTurnedToTheirAxis) {
  const Graph graph = BuildMtcnn({.network = MtcnnNetwork::kRefinement, .draw_weights = false});
  NamedTensors weights = WeightsOf(graph);
  for (auto& [name, tensor] : weights) {
    if (name.starts_with("prelu")) tensor.shape = {tensor.shape[0]};
  }
  Graph filled = graph;
  EXPECT_THROW(LoadByName(weights, filled), Error);
  EXPECT_NO_THROW(LoadByName(AlignChannels(weights, graph), filled));
}

TEST(DetectorWeights, PartsOfALargerStateDictAreFound) {
  NamedTensors weights{{"pnet.a", Tensor::Filled({1}, 1)}, {"rnet.a", Tensor::Filled({1}, 2)}};
  EXPECT_EQ(Within(weights, "rnet.").at("a").floats[0], 2);
  EXPECT_EQ(Within(weights, "onet."), weights);
}

TEST(DetectorWeights, Res10ComesFromCaffeToo) {
  // The blobs of a network, under Caffe's names and with its sums.
  const Graph trained = BuildRes10Ssd({.seed = 4});
  NamedTensors blobs;
  for (const auto& [name, tensor] : WeightsOf(trained)) {
    const std::string layer = name.substr(0, name.rfind('.')), part = name.substr(name.rfind('.'));
    if (part == ".running_mean" || part == ".running_var") {
      std::string bn = layer;
      bn.replace(bn.find("scale"), 5, "bn");
      Tensor sums = tensor;
      for (float& value : sums.floats) value *= 4;
      blobs[bn + (part == ".running_mean" ? ".0" : ".1")] = sums;
      blobs[bn + ".2"] = Tensor::Filled({1}, 4);
    } else {
      blobs[layer + (part == ".bias" ? ".1" : ".0")] = tensor;
    }
  }
  Graph graph = BuildRes10Ssd({.draw_weights = false});
  LoadByName(AlignChannels(Res10CaffeNames(blobs), graph), graph);
  EXPECT_EQ(WeightsOf(graph), WeightsOf(trained));
  blobs.erase("layer_64_1_bn2_h.1");
  ExpectError(ErrorKind::kBadModel, {"layer_64_1_scale2_h.running_var"},
              [&] { LoadByName(AlignChannels(Res10CaffeNames(blobs), graph), graph); });
}

TEST(DetectorWeights, Res10PartsThatAreMissingAreListed) {
  Graph graph = BuildRes10Ssd({.draw_weights = false});
  NamedTensors weights = Res10SsdNames({{"conv1_bn_h.mean", Tensor::Filled({32}, 0)}});
  ExpectError(ErrorKind::kBadModel, {"extra tensor 'conv1_bn_h.mean'", "missing tensor 'conv1_scale_h.weight'"},
              [&] { LoadByName(weights, graph); });
}

}  // namespace
}  // namespace maskscope
