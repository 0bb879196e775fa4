#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "graph/cost.h"
#include "graph/shape_inference.h"

namespace maskscope {
namespace {

TEST(RetinaFace, HasThePublishedNumberOfParameters) { EXPECT_EQ(CountLearnedParameters(BuildRetinaFace({})), 426608); }

TEST(RetinaFace, HasFewerWithANarrowNeckAndWithoutLandmarks) {
  const int64_t whole = CountLearnedParameters(BuildRetinaFace({}));
  EXPECT_LT(CountLearnedParameters(BuildRetinaFace({.neck_channels = 32})), whole / 2 + whole / 4);
  const Graph without = BuildRetinaFace({.landmarks = false});
  EXPECT_EQ(CountLearnedParameters(without), whole - 3 * (64 * 20 + 20));
  EXPECT_EQ(without.outputs.size(), 2u);
}

TEST(RetinaFace, GivesTwoAnchorsACellAtAnySize) {
  const Graph graph = BuildRetinaFace({});
  // 131 x 97: maps of 17 x 13, 9 x 7, 5 x 4.
  const InferredShapes inferred = InferShapes(graph, {{"input", {2, 3, 131, 97}}});
  const int64_t anchors = 2 * (17 * 13 + 9 * 7 + 5 * 4);
  EXPECT_EQ(inferred.shapes.at("boxes"), (Shape{2, anchors, 4}));
  EXPECT_EQ(inferred.shapes.at("scores"), (Shape{2, anchors, 2}));
  EXPECT_EQ(inferred.shapes.at("score_logits"), (Shape{2, anchors, 2}));
  EXPECT_EQ(inferred.shapes.at("landmarks"), (Shape{2, anchors, 10}));
}

TEST(RetinaFace, UsesTheActivationThatWasAskedFor) {
  const auto count = [](const Graph& graph, const std::string& op) {
    return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op == op; });
  };
  const Graph plain = BuildRetinaFace({}), leaky = BuildRetinaFace({.leaky_slope = 0.1f});
  EXPECT_EQ(count(plain, "LeakyRelu"), 0);
  EXPECT_EQ(count(leaky, "Relu"), 0);
  EXPECT_EQ(count(plain, "Relu"), count(leaky, "LeakyRelu"));
  EXPECT_FLOAT_EQ(leaky.FindNode("ssh1")->Float("alpha", 0), 0.1f);
}

TEST(MobileNetV2, HasThePublishedNumberOfParameters) {
  // 2,223,872 in the backbone (Sandler et al. 2018 as implemented by torchvision), 1280 x 3 + 3 in the classifier.
  EXPECT_EQ(CountLearnedParameters(BuildMobileNetV2({})), 2223872 + 3843);
}

TEST(MobileNetV2, GivesFeaturesAndLogits) {
  const Graph graph = BuildMobileNetV2({.classes = 5});
  const InferredShapes inferred = InferShapes(graph, {{"input", {4, 3, 96, 96}}});
  EXPECT_EQ(inferred.shapes.at("features"), (Shape{4, 1280}));
  EXPECT_EQ(inferred.shapes.at("logits"), (Shape{4, 5}));
  EXPECT_EQ(inferred.shapes.at("block17.project.bn"), (Shape{4, 320, 3, 3}));
}

TEST(MobileNetV2, RoundsChannelsToMultiplesOfEight) {
  const Graph graph = BuildMobileNetV2({.width = 0.35f});
  EXPECT_EQ(graph.initializers.at("stem.weight").shape[0], 16);           // 11.2 would lose more than a tenth at 8
  EXPECT_EQ(graph.initializers.at("block2.project.weight").shape[0], 8);  // 8.4
  EXPECT_EQ(graph.initializers.at("block17.project.weight").shape[0], 112);
  EXPECT_EQ(graph.initializers.at("head.weight").shape[0], 1280);  // never below the paper's width
}

TEST(MobileNetV2, PadsStridedLayersAtBottomAndRight) {
  const Graph graph = BuildMobileNetV2({});
  EXPECT_EQ(graph.FindNode("stem")->Ints("pads", {}), (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(graph.FindNode("block2.dw")->Ints("pads", {}), (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(graph.FindNode("block3.dw")->Ints("pads", {}), (std::vector<int64_t>{1, 1, 1, 1}));
}

TEST(Zoo, DrawsTheSameWeightsFromTheSameSeed) {
  const Graph a = BuildRetinaFace({.seed = 3}), b = BuildRetinaFace({.seed = 3}), c = BuildRetinaFace({.seed = 4});
  EXPECT_EQ(a.initializers, b.initializers);
  EXPECT_NE(a.initializers, c.initializers);
}

TEST(Zoo, DrawsConvolutionsByFanOut) {
  const Tensor weight = BuildMobileNetV2({}).initializers.at("head.weight");  // 1x1, 1280 outputs
  double sum = 0, squares = 0;
  for (const float value : weight.floats) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double count = static_cast<double>(weight.floats.size());
  EXPECT_NEAR(sum / count, 0.0, 1e-3);
  EXPECT_NEAR(squares / count, 2.0 / 1280, 2e-5);
}

TEST(Zoo, NamesEveryBadOption) {
  try {
    BuildMobileNetV2({.width = 0, .classes = 0, .input_size = 16, .dropout = 1});
    FAIL() << "bad options were taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    for (const char* field : {"width", "classes", "input_size", "dropout"}) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << field << " in: " << error.what();
    }
  }
  EXPECT_THROW(BuildRetinaFace({.neck_channels = 30}), Error);
  EXPECT_THROW(BuildRetinaFace({.leaky_slope = -0.1f}), Error);
}

}  // namespace
}  // namespace maskscope
