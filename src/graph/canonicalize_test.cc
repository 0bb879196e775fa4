#include "graph/canonicalize.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/graph_testing.h"
#include "graph/shape_inference.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::Ints;
using testing::MakeNode;
using testing::SmallGraph;
using testing::Value;

using Attributes = std::map<std::string, Attribute>;
using List = std::vector<int64_t>;

// The rewritten form of one node over input "x" of shape [2, 3, 4, 5].
Graph Rewritten(int opset, Node node, std::map<std::string, Tensor> initializers = {}) {
  Graph graph = SmallGraph({2, 3, 4, 5}, {std::move(node)}, std::move(initializers));
  Canonicalize(graph, opset);
  SortAndCheck(graph, "rewritten");
  return graph;
}

List IntsOf(const Graph& graph, size_t input) { return graph.initializers.at(graph.nodes.at(0).inputs.at(input)).ints; }
float FloatOf(const Graph& graph, size_t input) {
  return graph.initializers.at(graph.nodes.at(0).inputs.at(input)).floats.at(0);
}

TEST(Canonicalize, ClipAttributesBecomeInputs) {
  Graph graph = Rewritten(9, MakeNode("Clip", {"x"}, {"y"}, {{"min", 0.0f}, {"max", 6.0f}}));
  EXPECT_TRUE(graph.nodes[0].attributes.empty());
  EXPECT_EQ(FloatOf(graph, 1), 0);
  EXPECT_EQ(FloatOf(graph, 2), 6);
  EXPECT_TRUE(graph.initializers.at(graph.nodes[0].inputs[1]).shape.empty());

  graph = Rewritten(9, MakeNode("Clip", {"x"}, {"y"}, {{"max", 6.0f}}));
  EXPECT_EQ(graph.nodes[0].inputs[1], "");
  EXPECT_EQ(FloatOf(graph, 2), 6);

  const float most = std::numeric_limits<float>::max();
  graph = Rewritten(9, MakeNode("Clip", {"x"}, {"y"}, {{"min", 1.0f}, {"max", most}}));
  EXPECT_EQ(graph.nodes[0].inputs.size(), 2u);
  EXPECT_EQ(FloatOf(graph, 1), 1);
}

TEST(Canonicalize, NewNamesDoNotCollide) {
  Graph graph = SmallGraph({1}, {MakeNode("Clip", {"x"}, {"Clip_y.min"}, {{"min", 2.0f}})});
  graph.nodes[0].name = "Clip_y";
  graph.outputs[0].name = "Clip_y.min";
  Canonicalize(graph, 9);
  SortAndCheck(graph, "rewritten");
  EXPECT_NE(graph.nodes[0].inputs[1], "Clip_y.min");
  EXPECT_EQ(FloatOf(graph, 1), 2);
}

TEST(Canonicalize, ListsBecomeInputs) {
  Graph graph = Rewritten(11, MakeNode("Squeeze", {"x"}, {"y"}, {{"axes", List{0}}}));
  EXPECT_EQ(IntsOf(graph, 1), List{0});
  graph = Rewritten(11, MakeNode("Unsqueeze", {"x"}, {"y"}, {{"axes", List{0, -1}}}));
  EXPECT_EQ(IntsOf(graph, 1), (List{0, -1}));
  graph = Rewritten(11, MakeNode("ReduceSum", {"x"}, {"y"}, {{"axes", List{2}}, {"keepdims", int64_t{0}}}));
  EXPECT_EQ(IntsOf(graph, 1), List{2});
  EXPECT_EQ(graph.nodes[0].Int("keepdims", 1), 0);
  graph = Rewritten(11, MakeNode("Split", {"x"}, {"y", "z"}, {{"split", List{1, 2}}, {"axis", int64_t{1}}}));
  EXPECT_EQ(IntsOf(graph, 1), (List{1, 2}));
  graph = Rewritten(9, MakeNode("Slice", {"x"}, {"y"}, {{"starts", List{1}}, {"ends", List{3}}, {"axes", List{2}}}));
  EXPECT_EQ(IntsOf(graph, 1), List{1});
  EXPECT_EQ(IntsOf(graph, 2), List{3});
  EXPECT_EQ(IntsOf(graph, 3), List{2});
  graph = Rewritten(9, MakeNode("Pad", {"x"}, {"y"}, {{"pads", List{0, 0, 1, 1, 0, 0, 1, 1}}, {"value", 2.0f}}));
  EXPECT_EQ(IntsOf(graph, 1).size(), 8u);
  EXPECT_EQ(FloatOf(graph, 2), 2);
  graph = Rewritten(9, MakeNode("ReduceMean", {"x"}, {"y"}, {{"axes", List{2, 3}}}));
  EXPECT_EQ(graph.nodes[0].Ints("axes", {}), (List{2, 3}));  // stays an attribute in the canonical opset
}

TEST(Canonicalize, DropoutRatioBecomesAnInput) {
  const Graph graph = Rewritten(9, MakeNode("Dropout", {"x"}, {"y"}, {{"ratio", 0.25f}}));
  EXPECT_EQ(FloatOf(graph, 1), 0.25f);
}

TEST(Canonicalize, UpsampleBecomesResize) {
  const Graph graph = Rewritten(9, MakeNode("Upsample", {"x", "s"}, {"y"}, {{"mode", std::string("nearest")}}),
                                {{"s", Tensor::Floats({4}, {1, 1, 2, 2})}});
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.op, "Resize");
  EXPECT_EQ(node.inputs, (std::vector<std::string>{"x", "", "s"}));
  EXPECT_EQ(node.String("coordinate_transformation_mode", ""), "asymmetric");
  EXPECT_EQ(node.String("nearest_mode", ""), "floor");
}

TEST(Canonicalize, ResizeOfOpset10) {
  const Graph graph = Rewritten(10, MakeNode("Resize", {"x", "s"}, {"y"}, {{"mode", std::string("linear")}}),
                                {{"s", Tensor::Floats({4}, {1, 1, 2, 2})}});
  EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string>{"x", "", "s"}));
  EXPECT_EQ(graph.nodes[0].String("coordinate_transformation_mode", ""), "asymmetric");
}

TEST(Canonicalize, ResizeDropsEmptyInputs) {
  const std::map<std::string, Tensor> inputs{
      {"roi", Tensor::Floats({0}, {})}, {"none", Tensor::Floats({0}, {})}, {"s", Ints({2, 3, 8, 8})}};
  const Graph graph = Rewritten(11, MakeNode("Resize", {"x", "roi", "none", "s"}, {"y"}), inputs);
  EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string>{"x", "", "", "s"}));
  EXPECT_FALSE(graph.nodes[0].has("coordinate_transformation_mode"));
  ExpectError(ErrorKind::kUnsupported, {"Resize_y", "cubic"}, [&] {
    Rewritten(11, MakeNode("Resize", {"x", "roi", "none", "s"}, {"y"}, {{"mode", std::string("cubic")}}), inputs);
  });
}

TEST(Canonicalize, ConstantsBecomeInitializers) {
  Graph graph = SmallGraph({2}, {MakeNode("Constant", {}, {"a"}, {{"value_float", 2.0f}}),
                                 MakeNode("Constant", {}, {"b"}, {{"value_floats", std::vector<float>{1, 2}}}),
                                 MakeNode("Constant", {}, {"c"}, {{"value_int", int64_t{3}}}),
                                 MakeNode("Constant", {}, {"d"}, {{"value_ints", List{4, 5}}}),
                                 MakeNode("Constant", {}, {"e"}, {{"value", Tensor::Floats({1}, {9})}}),
                                 MakeNode("Add", {"x", "a"}, {"y"})});
  Canonicalize(graph, 13);
  EXPECT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.initializers.at("a"), Tensor::Floats({}, {2}));
  EXPECT_EQ(graph.initializers.at("b"), Tensor::Floats({2}, {1, 2}));
  EXPECT_EQ(graph.initializers.at("c"), Tensor::Ints({}, {3}));
  EXPECT_EQ(graph.initializers.at("d"), Ints({4, 5}));
  EXPECT_EQ(graph.initializers.at("e"), Tensor::Floats({1}, {9}));
  Graph bare = SmallGraph({2}, {MakeNode("Constant", {}, {"y"})});
  ExpectError(ErrorKind::kBadModel, {"Constant_y"}, [&] { Canonicalize(bare, 13); });
}

TEST(Canonicalize, SoftmaxOverTheLastAxisStays) {
  for (const int64_t axis : {3, -1}) {
    const Graph graph = Rewritten(11, MakeNode("Softmax", {"x"}, {"y"}, {{"axis", axis}}));
    ASSERT_EQ(graph.nodes.size(), 1u);
    EXPECT_EQ(graph.nodes[0].Int("axis", 1), -1);
  }
  const Graph later = Rewritten(13, MakeNode("Softmax", {"x"}, {"y"}, {{"axis", int64_t{1}}}));
  ASSERT_EQ(later.nodes.size(), 1u);
  EXPECT_EQ(later.nodes[0].Int("axis", -1), 1);
}

TEST(Canonicalize, OldSoftmaxRunsOverAllFollowingAxes) {
  const Graph graph = Rewritten(11, MakeNode("Softmax", {"x"}, {"y"}));  // axis 1 by default
  ASSERT_EQ(graph.nodes.size(), 4u);
  const InferredShapes inferred = InferShapes(graph, {{"x", {2, 3, 4, 5}}});
  const Node* softmax = graph.FindNode("Softmax_y");
  ASSERT_NE(softmax, nullptr);
  EXPECT_EQ(inferred.shapes.at(softmax->inputs[0]), (Shape{2, 60}));
  EXPECT_EQ(softmax->Int("axis", 1), -1);
  EXPECT_EQ(inferred.shapes.at("y"), (Shape{2, 3, 4, 5}));
}

TEST(Canonicalize, OldSoftmaxFindsTheRankBehindOtherNodes) {
  Graph graph = SmallGraph({-1, 3, -1, -1}, {MakeNode("Transpose", {"x"}, {"t"}, {{"perm", List{0, 2, 3, 1}}}),
                                             MakeNode("Softmax", {"t"}, {"y"}, {{"axis", int64_t{3}}})});
  Canonicalize(graph, 11);
  EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(Canonicalize, CastToHalfIsCastToFloat) {
  for (const int64_t to : {1, 10, 11, 16}) {
    const Graph graph = Rewritten(13, MakeNode("Cast", {"x"}, {"y"}, {{"to", to}}));
    EXPECT_EQ(graph.nodes[0].Int("to", 0), 1);
  }
  ExpectError(ErrorKind::kUnsupported, {"Cast_y"}, [] {
    Rewritten(13, MakeNode("Cast", {"x"}, {"y"}, {{"to", int64_t{8}}}));
  });
}

TEST(Canonicalize, RefusesTrainingModeAndWrongAttributes) {
  const std::vector<std::string> five{"x", "a", "a", "a", "a"};
  const std::map<std::string, Tensor> a{{"a", Tensor::Filled({3}, 1)}};
  ExpectError(ErrorKind::kUnsupported, {"training_mode"}, [&] {
    Rewritten(15, MakeNode("BatchNormalization", five, {"y"}, {{"training_mode", int64_t{1}}}), a);
  });
  const Graph norm = Rewritten(15, MakeNode("BatchNormalization", five, {"y"}, {{"momentum", 0.9f}}), a);
  EXPECT_EQ(norm.nodes[0].op, "BatchNormalization");
  EXPECT_EQ(norm.nodes[0].Float("momentum", 0), 0.9f);
  ExpectError(ErrorKind::kBadModel, {"Softmax_y", "'axis'", "a float", "an integer"}, [] {
    Rewritten(13, MakeNode("Softmax", {"x"}, {"y"}, {{"axis", 1.0f}}));
  });
  ExpectError(ErrorKind::kBadModel, {"Softmax_y", "'axs'", "did you mean 'axis'?"}, [] {
    Rewritten(13, MakeNode("Softmax", {"x"}, {"y"}, {{"axs", int64_t{1}}}));
  });
  ExpectError(ErrorKind::kBadModel, {"Concat_y", "'axis' is missing"},
              [] { Rewritten(13, MakeNode("Concat", {"x"}, {"y"})); });
}

}  // namespace
}  // namespace maskscope
