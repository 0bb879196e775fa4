#include "explain/network_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "explain/network_drawing.h"
#include "graph/cost.h"
#include "zoo/registry.h"

namespace maskscope {
namespace {

struct Planned {
  Graph graph;
  NetworkPlan plan;
};

Planned PlanOf(const std::string& architecture, const Shape& shape) {
  Planned planned;
  const Graph graph = BuildArchitecture(architecture, {.draw_weights = false});
  const InputShapes shapes = {{graph.inputs[0].name, shape}};
  planned.graph = Specialize(graph, shapes);
  planned.plan = PlanNetwork(planned.graph, InferShapes(planned.graph, shapes));
  return planned;
}

TEST(NetworkPlanTest, BlockNames) {
  EXPECT_EQ(BlockName("layer1.0.conv1"), "layer1.0");
  EXPECT_EQ(BlockName("block3.expand"), "block3");
  EXPECT_EQ(BlockName("features.2.conv.0.0"), "features.2");
  EXPECT_EQ(BlockName("body.stage1.0.0"), "body.stage1.0");
  EXPECT_EQ(BlockName("/layer1/layer1.0/conv1/Conv"), "/layer1");
  EXPECT_EQ(BlockName("conv1"), "");
  EXPECT_EQ(BlockName("fc"), "");
}

// ResNet-50 as its paper's table has it: a stem, stages of 3, 4, 6 and 3 blocks of which the first differs, a head.
TEST(NetworkPlanTest, ResNet50InAFewBoxes) {
  const Planned planned = PlanOf("resnet50", {1, 3, 224, 224});
  std::vector<int> repeats;
  for (const NetworkBox& box : planned.plan.boxes) {
    if (box.kind == BoxKind::kBlock) repeats.push_back(box.repeats);
  }
  EXPECT_EQ(repeats, (std::vector<int>{1, 2, 1, 3, 1, 5, 1, 2}));
  const auto first = std::ranges::find(planned.plan.boxes, BoxKind::kBlock, &NetworkBox::kind);
  EXPECT_EQ(first->title, "layer1.0");
  EXPECT_EQ(first->output, "256 × 56 × 56");
  EXPECT_EQ(first->lines.size(), 5u);
  EXPECT_TRUE(std::ranges::any_of(first->lines, [](const std::string& l) { return l == "shortcut: conv 1×1, 256"; }))
      << first->lines[0] << "; " << first->lines[3];
  EXPECT_EQ(planned.plan.boxes[0].output, "3 × 224 × 224");
  EXPECT_EQ(planned.plan.boxes[1].lines[0], "conv 7×7 /2, 64, ReLU");
}

TEST(NetworkPlanTest, NothingIsLostOnTheWay) {
  for (const char* architecture :
       {"resnet18", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "resnest50", "retinaface", "yolov5n"}) {
    const Planned planned = PlanOf(architecture, {1, 3, 128, 128});
    int64_t parameters = 0, multiply_adds = 0;
    for (size_t i = 0; i < planned.plan.boxes.size(); ++i) {
      const NetworkBox& box = planned.plan.boxes[i];
      parameters += box.parameters;
      multiply_adds += box.multiply_adds;
      EXPECT_EQ(box.inputs.empty(), i == 0) << architecture << ": " << box.title;
      for (const size_t input : box.inputs) EXPECT_LT(input, i) << architecture << ": " << box.title;
      EXPECT_FALSE(box.title.empty());
    }
    EXPECT_EQ(parameters, CountLearnedParameters(planned.graph)) << architecture;
    EXPECT_EQ(multiply_adds,
              CountMultiplyAdds(planned.graph,
                                InferShapes(planned.graph, {{planned.graph.inputs[0].name, {1, 3, 128, 128}}})))
        << architecture;
    // What fits a page.
    EXPECT_LT(planned.plan.boxes.size(), 60u) << architecture;
  }
}

TEST(NetworkPlanTest, ActivationsOfTwoNodes) {
  const Planned planned = PlanOf("yolov5n", {1, 3, 128, 128});
  bool found = false;
  for (const NetworkBox& box : planned.plan.boxes) {
    for (const std::string& line : box.lines) found = found || line.ends_with(", SiLU");
  }
  EXPECT_TRUE(found);
}

TEST(NetworkDrawingTest, SaysWhatThePlanSays) {
  const Planned planned = PlanOf("resnet18", {1, 3, 64, 64});
  const std::string svg = DrawNetwork(planned.plan, "ResNet <18>");
  for (const char* text :
       {"ResNet &lt;18&gt;", "layer4.1", "conv 7×7 /2", "11.69 M parameters", "prefers-color-scheme"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace maskscope
