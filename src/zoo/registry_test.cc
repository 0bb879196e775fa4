#include "zoo/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "graph/cost.h"
#include "graph/graph_testing.h"
#include "zoo/classifiers.h"

namespace maskscope {
namespace {

using testing::ExpectError;

struct Published {
  double parameters = 0;     // millions, 1000 classes
  double multiply_adds = 0;  // thousands of millions, one picture; 0: none found
  int64_t size = 224;        // of that picture
};

// From the papers and the model tables of torchvision 0.14 and Keras 2.
const std::map<std::string, Published> kPublished{
    {"mobilenet_v1", {4.23, 0.569}},
    {"mobilenet_v2", {3.50, 0.300}},
    {"mobilenet_v2_torchvision", {3.50, 0.301}},
    {"mobilenet_v3_small", {2.54, 0.057}},
    {"mobilenet_v3_large", {5.48, 0.217}},
    {"resnet18", {11.69, 1.814}},
    {"resnet34", {21.80, 3.664}},
    {"resnet50", {25.56, 4.089}},
    {"resnet101", {44.55, 7.801}},
    {"resnet152", {60.19, 11.514}},
    {"resnet50v2", {25.57}},
    {"resnet101v2", {44.58}},
    {"resnet152v2", {60.24}},
    {"resnest50", {27.48, 5.39}},
    {"resnest101", {48.28, 10.2}},
    {"resnest200", {70.20}},
    {"efficientnet_b0", {5.29, 0.386}},
    {"efficientnet_b1", {7.79, 0.687, 240}},
    {"efficientnet_b2", {9.11, 1.088, 288}},
    {"efficientnet_b3", {12.23, 1.827, 300}},
    {"efficientnet_b4", {19.34, 4.394, 380}},
    {"efficientnet_b5", {30.39, 10.266, 456}},
    {"efficientnet_b6", {43.04, 19.068, 528}},
    {"efficientnet_b7", {66.35, 37.746, 600}},
};

InferredShapes ShapesAt(const Graph& graph, int64_t height, int64_t width) {
  return InferShapes(graph, {{"input", {2, 3, height, width}}});
}

TEST(Registry, ClassifiersCostWhatWasPublished) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.task != ArchitectureTask::kClassifier) continue;
    SCOPED_TRACE(architecture.name);
    const auto found = kPublished.find(architecture.name);
    ASSERT_NE(found, kPublished.end());
    const Published& published = found->second;
    const Graph graph = BuildArchitecture(architecture.name, {.draw_weights = false});
    EXPECT_NEAR(static_cast<double>(CountLearnedParameters(graph)) / 1e6, published.parameters, 0.0051);
    if (published.multiply_adds == 0) continue;
    const double count = static_cast<double>(CountMultiplyAdds(graph, ShapesAt(graph, published.size, published.size)));
    EXPECT_NEAR(count / 2e9, published.multiply_adds, 0.0005 + 0.005 * published.multiply_adds);
  }
}

TEST(Registry, ClassifiersTakeWhatTheySay) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.task != ArchitectureTask::kClassifier) continue;
    SCOPED_TRACE(architecture.name);
    ASSERT_TRUE(architecture.takes_classes && architecture.takes_dropout);
    ArchitectureOptions options{.classes = 5, .dropout = 0.25f, .draw_weights = false};
    if (architecture.takes_width) options.width = 0.5f;
    const Graph graph = BuildArchitecture(architecture.name, options);
    // Any size, also one that no stride divides.
    const InferredShapes inferred = ShapesAt(graph, 67, 96);
    EXPECT_EQ(inferred.shapes.at("logits"), (Shape{2, 5}));
    ASSERT_EQ(inferred.shapes.at("features").size(), 2u);
    EXPECT_EQ(graph.initializers.at("dropout.ratio").floats, std::vector<float>{0.25f});
    EXPECT_EQ(graph.FindProducer("features")->op, "Flatten");
    if (!architecture.takes_width) continue;
    options.width.reset();
    EXPECT_LT(CountLearnedParameters(graph), CountLearnedParameters(BuildArchitecture(architecture.name, options)));
  }
}

TEST(Registry, NamesTheNearest) {
  ExpectError(ErrorKind::kUsage, {"resnet51", "resnet50"}, [] { FindArchitecture("resnet51"); });
  ExpectError(ErrorKind::kUsage, {"vision_transformer", "mobilenet_v1", "efficientnet_b7", "retinaface"},
              [] { FindArchitecture("vision_transformer"); });
}

TEST(Registry, RefusesWhatAnArchitectureDoesNotTake) {
  ExpectError(ErrorKind::kUsage, {"resnet18", "width"}, [] { BuildArchitecture("resnet18", {.width = 0.5f}); });
  ExpectError(ErrorKind::kUsage, {"retinaface", "classes", "dropout"},
              [] { BuildArchitecture("retinaface", {.classes = 3, .dropout = 0.1f}); });
  ExpectError(ErrorKind::kUsage, {"classes", "dropout"},
              [] { BuildArchitecture("resnet18", {.classes = 0, .dropout = 1.0f}); });
}

TEST(Registry, NamesAreUniqueAndRowsComplete) {
  std::map<std::string, int> names;
  for (const Architecture& architecture : Architectures()) {
    EXPECT_EQ(++names[architecture.name], 1) << architecture.name;
    EXPECT_FALSE(architecture.description.empty() || architecture.source.empty()) << architecture.name;
    EXPECT_TRUE(architecture.build) << architecture.name;
  }
  EXPECT_EQ(ArchitectureTaskName(FindArchitecture("retinaface").task), "detector");
}

TEST(Classifiers, DrawFromTheSeedOrNotAtAll) {
  const Graph a = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .seed = 3});
  const Graph b = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .seed = 3});
  const Graph c = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .seed = 4});
  const Graph none = BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .draw_weights = false});
  EXPECT_EQ(a.initializers, b.initializers);
  EXPECT_NE(a.initializers, c.initializers);
  EXPECT_EQ(CountLearnedParameters(a), CountLearnedParameters(none));
  const Tensor& weight = none.initializers.at("classifier.0.weight");
  EXPECT_EQ(weight, Tensor::Filled({1024, 576}, 0));
  EXPECT_EQ(none.initializers.at("features.0.1.weight"), Tensor::Filled({16}, 1));
}

TEST(Classifiers, NameEveryBadOption) {
  ExpectError(ErrorKind::kUsage, {"width", "input_size", "classes", "dropout"},
              [] { BuildMobileNetV1({.width = 0, .classes = 0, .input_size = 16, .dropout = 1}); });
  ExpectError(ErrorKind::kUsage, {"width", "classes"}, [] { BuildMobileNetV3({.width = 9, .classes = 0}); });
  ExpectError(ErrorKind::kUsage, {"depth", "classes"}, [] { BuildResNet({.depth = 19, .classes = 0}); });
  ExpectError(ErrorKind::kUsage, {"depth"}, [] { BuildResNetV2({.depth = 18}); });
  ExpectError(ErrorKind::kUsage, {"depth"}, [] { BuildResNeSt({.depth = 18}); });
  ExpectError(ErrorKind::kUsage, {"variant", "dropout"}, [] { BuildEfficientNet({.variant = 8, .dropout = -1.0f}); });
}

TEST(Classifiers, MobileNetV1PadsAsTensorFlowDoes) {
  const auto pads = [](int input_size, const std::string& node) {
    return BuildMobileNetV1({.input_size = input_size, .draw_weights = false}).FindNode(node)->Ints("pads", {});
  };
  const std::vector<int64_t> behind{0, 0, 1, 1}, around{1, 1, 1, 1};
  EXPECT_EQ(pads(224, "stem"), behind);
  EXPECT_EQ(pads(224, "block1.dw"), around);
  EXPECT_EQ(pads(224, "block12.dw"), behind);
  // 98: 49 after the stem, 25 after block2.
  EXPECT_EQ(pads(98, "stem"), behind);
  EXPECT_EQ(pads(98, "block2.dw"), around);
}

TEST(Classifiers, MobileNetV2OfTorchvisionPadsOnAllSides) {
  const Graph graph = BuildMobileNetV2({.draw_weights = false, .layout = MobileNetV2Layout::kTorchvision});
  for (const Node& node : graph.nodes) {
    if (node.op != "Conv") continue;
    const int64_t side = node.Ints("kernel_shape", {}).at(0) / 2;
    EXPECT_EQ(node.Ints("pads", {}), std::vector<int64_t>(4, side)) << node.name;
  }
  EXPECT_TRUE(graph.initializers.contains("features.1.conv.1.weight"));
  EXPECT_TRUE(graph.initializers.contains("features.18.1.running_var"));
}

}  // namespace
}  // namespace maskscope
