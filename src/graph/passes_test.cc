#include "graph/passes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
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

// The value of "y" when every input of its node is constant.
Tensor Folded(const std::string& op, const std::vector<Tensor>& inputs, const Attributes& attributes = {}) {
  std::vector<std::string> names;
  std::map<std::string, Tensor> initializers;
  for (const Tensor& tensor : inputs) {
    names.push_back("c" + std::to_string(names.size()));
    initializers[names.back()] = tensor;
  }
  Graph graph = SmallGraph({1}, {MakeNode(op, names, {"y"}, attributes)}, initializers);
  FoldConstants(graph);
  EXPECT_TRUE(graph.nodes.empty()) << op;
  return graph.initializers.at("y");
}

TEST(FoldConstants, Arithmetic) {
  EXPECT_EQ(Folded("Add", {Ints({1, 2}), Ints({10, 20})}), Ints({11, 22}));
  EXPECT_EQ(Folded("Sub", {Tensor::Floats({2, 1}, {1, 2}), Tensor::Floats({2}, {10, 20})}),
            Tensor::Floats({2, 2}, {-9, -19, -8, -18}));
  EXPECT_EQ(Folded("Mul", {Tensor::Floats({}, {2}), Tensor::Floats({}, {3})}), Tensor::Floats({}, {6}));
  EXPECT_EQ(Folded("Div", {Ints({7, -7}), Ints({2})}), Ints({3, -3}));
  EXPECT_EQ(Folded("Max", {Ints({1, 5}), Ints({3}), Ints({4, 4})}), Ints({4, 5}));
  EXPECT_EQ(Folded("Min", {Ints({1, 5})}), Ints({1, 5}));
  EXPECT_EQ(Folded("Neg", {Ints({1, -5})}), Ints({-1, 5}));
  EXPECT_EQ(Folded("Floor", {Tensor::Floats({2}, {1.5f, -1.5f})}), Tensor::Floats({2}, {1, -2}));
  EXPECT_EQ(Folded("Ceil", {Tensor::Floats({2}, {1.5f, -1.5f})}), Tensor::Floats({2}, {2, -1}));
  EXPECT_EQ(Folded("Sqrt", {Tensor::Floats({1}, {9})}), Tensor::Floats({1}, {3}));
}

TEST(FoldConstants, ArithmeticThatWouldOverflowWraps) {
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Folded("Add", {Ints({most}), Ints({1})}), Ints({least}));
  EXPECT_EQ(Folded("Mul", {Ints({most}), Ints({2})}), Ints({-2}));
  EXPECT_EQ(Folded("Div", {Ints({least}), Ints({-1})}), Ints({least}));
  EXPECT_EQ(Folded("Neg", {Ints({least})}), Ints({least}));
  ExpectError(ErrorKind::kBadModel, {"Div_y", "zero"}, [] { Folded("Div", {Ints({1}), Ints({0})}); });
}

TEST(FoldConstants, Casts) {
  const Tensor floats = Tensor::Floats({5}, {1.9f, -1.9f, 1e30f, std::nanf(""), 0.5f});
  const Tensor as_int = Folded("Cast", {floats}, {{"to", int64_t{7}}});
  EXPECT_EQ(as_int.ints[0], 1);
  EXPECT_EQ(as_int.ints[1], -1);
  EXPECT_EQ(as_int.ints[3], 0);
  EXPECT_EQ(Folded("Cast", {floats}, {{"to", int64_t{9}}}).ints[4], 1);
  EXPECT_EQ(Folded("Cast", {Ints({300})}, {{"to", int64_t{2}}}).ints[0], 44);
  EXPECT_EQ(Folded("Cast", {Ints({300})}, {{"to", int64_t{1}}}), Tensor::Floats({1}, {300}));
}

TEST(FoldConstants, MovesValues) {
  const Tensor x = Tensor::Floats({2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(Folded("Transpose", {x}), Tensor::Floats({3, 2}, {0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(Folded("Reshape", {x, Ints({3, -1})}), Tensor::Floats({3, 2}, {0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Folded("Unsqueeze", {x, Ints({1})}).shape, (Shape{2, 1, 3}));
  EXPECT_EQ(Folded("Slice", {x, Ints({2}), Ints({-4}), Ints({1}), Ints({-1})}),
            Tensor::Floats({2, 3}, {2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(Folded("Slice", {x, Ints({1}), Ints({3}), Ints({1})}), Tensor::Floats({2, 2}, {1, 2, 4, 5}));
  EXPECT_EQ(Folded("Concat", {x, x}, {{"axis", int64_t{1}}}),
            Tensor::Floats({2, 6}, {0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(Folded("Gather", {x, Ints({-1, 0})}, {{"axis", int64_t{1}}}), Tensor::Floats({2, 2}, {2, 0, 5, 3}));
  EXPECT_EQ(Folded("Gather", {Ints({7, 8, 9}), Tensor::Ints({}, {1})}), Tensor::Ints({}, {8}));
  EXPECT_EQ(Folded("Expand", {Ints({7, 8}), Ints({2, 1})}), Tensor::Ints({2, 2}, {7, 8, 7, 8}));
  EXPECT_EQ(Folded("ConstantOfShape", {Ints({2})}), Tensor::Floats({2}, {0, 0}));
  EXPECT_EQ(Folded("ConstantOfShape", {Ints({2})}, {{"value", Ints({5})}}), Ints({5, 5}));
  EXPECT_EQ(Folded("Shape", {x}), Ints({2, 3}));
  ExpectError(ErrorKind::kBadModel, {"Gather_y", "index 3"}, [] { Folded("Gather", {Ints({7, 8, 9}), Ints({3})}); });
}

TEST(FoldConstants, KeepsWhatDependsOnInputs) {
  Graph graph = SmallGraph({-1, 3},
                           {MakeNode("Shape", {"x"}, {"s"}), MakeNode("Neg", {"c"}, {"d"}),
                            MakeNode("Add", {"x", "d"}, {"e"}), MakeNode("Reshape", {"e", "s"}, {"y"})},
                           {{"c", Tensor::Filled({3}, 2)}});
  FoldConstants(graph);
  ASSERT_EQ(graph.nodes.size(), 3u);  // the batch is not known, so neither is the shape
  EXPECT_EQ(graph.initializers.at("d"), Tensor::Filled({3}, -2));
  EXPECT_FALSE(graph.initializers.contains("c"));
  graph.inputs[0].shape[0] = Dim::Fixed(4);
  FoldConstants(graph);
  EXPECT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.initializers.at("s"), Ints({4, 3}));
}

TEST(FoldConstants, LargeConstantsStayNodes) {
  Graph graph = SmallGraph({1}, {MakeNode("ConstantOfShape", {"s"}, {"big"}), MakeNode("Add", {"x", "big"}, {"y"})},
                           {{"s", Ints({1 << 15, 1 << 15})}});
  FoldConstants(graph);
  EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(RemoveDead, RemovesWhatNobodyReads) {
  Graph graph = SmallGraph(
      {1}, {MakeNode("Neg", {"x"}, {"a"}), MakeNode("Abs", {"a"}, {"unused"}), MakeNode("Add", {"a", "w"}, {"y"})},
      {{"w", Tensor::Filled({1}, 1)}, {"v", Tensor::Filled({1}, 1)}});
  RemoveDead(graph);
  EXPECT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.initializers.size(), 1u);
}

TEST(RemoveDead, PassesThroughIdentityAndDropout) {
  Graph graph = SmallGraph({1}, {MakeNode("Identity", {"x"}, {"a"}), MakeNode("Neg", {"a"}, {"b"}),
                                 MakeNode("Dropout", {"b"}, {"c", "mask"}), MakeNode("Identity", {"c"}, {"d"}),
                                 MakeNode("Abs", {"d"}, {"e"}), MakeNode("Identity", {"e"}, {"y"})});
  RemoveDead(graph);
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[0].inputs[0], "x");
  EXPECT_EQ(graph.nodes[1].inputs[0], "b");
  EXPECT_EQ(graph.nodes[1].outputs[0], "y");
}

TEST(RemoveDead, KeepsOutputNames) {
  // Straight from input to output, and one value under two output names: an Identity is the only way to say it.
  Graph graph = SmallGraph({1}, {MakeNode("Identity", {"x"}, {"y"})});
  RemoveDead(graph);
  EXPECT_EQ(graph.nodes.size(), 1u);

  graph = SmallGraph({1}, {MakeNode("Neg", {"x"}, {"a"}), MakeNode("Identity", {"a"}, {"y"}),
                           MakeNode("Identity", {"a"}, {"z"}), MakeNode("Abs", {"a"}, {"v"})});
  graph.outputs.push_back(Value("z", {}));
  graph.outputs.push_back(Value("v", {}));
  RemoveDead(graph);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.FindProducer("y")->op, "Neg");
  EXPECT_EQ(graph.FindProducer("z")->inputs[0], "y");
  EXPECT_EQ(graph.FindProducer("v")->inputs[0], "y");

  graph = SmallGraph(
      {1}, {MakeNode("Neg", {"x"}, {"a"}), MakeNode("Identity", {"a"}, {"b"}), MakeNode("Identity", {"b"}, {"y"})});
  RemoveDead(graph);
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].outputs[0], "y");
}

TEST(RemoveDead, KeepsADropoutWhoseMaskIsRead) {
  Graph graph = SmallGraph({1}, {MakeNode("Dropout", {"x"}, {"y", "mask"})});
  graph.outputs.push_back(Value("mask", {}, DataType::kBool));
  RemoveDead(graph);
  EXPECT_EQ(graph.nodes.size(), 1u);
}

Tensor Random4(Shape shape, Random& random, double low, double high) {
  Tensor tensor = Tensor::Filled(std::move(shape), 0);
  for (float& value : tensor.floats) value = static_cast<float>(random.Uniform(low, high));
  return tensor;
}

// Conv (or Gemm) and BatchNormalization with drawn weights.
Graph LayerAndNorm(const std::string& op, bool bias, int64_t trans_b) {
  Random random(3);
  const bool is_conv = op == "Conv";
  Graph graph = SmallGraph(is_conv ? List{1, 4, 1, 1} : List{1, 4}, {});
  Attributes attributes;
  if (!is_conv) attributes = {{"transB", trans_b}, {"beta", 0.5f}};
  const Shape weights = is_conv ? Shape{3, 4, 1, 1} : trans_b != 0 ? Shape{3, 4} : Shape{4, 3};
  graph.initializers = {{"w", Random4(weights, random, -1, 1)},
                        {"scale", Random4({3}, random, 0.5, 2)},
                        {"shift", Random4({3}, random, -1, 1)},
                        {"mean", Random4({3}, random, -1, 1)},
                        {"variance", Random4({3}, random, 0.1, 2)}};
  std::vector<std::string> inputs{"x", "w"};
  if (bias) {
    graph.initializers["b"] = Random4({3}, random, -1, 1);
    inputs.emplace_back("b");
  }
  graph.nodes = {
      MakeNode(op, inputs, {"a"}, attributes),
      MakeNode("BatchNormalization", {"a", "scale", "shift", "mean", "variance"}, {"y"}, {{"epsilon", 1e-3f}})};
  return graph;
}

// The layer's output for x = 1, 2, 3, 4, written out.
std::vector<double> LayerOutput(const Graph& graph, const Node& node) {
  const Tensor& weights = graph.initializers.at(node.inputs[1]);
  const bool by_row = node.op == "Conv" || node.Int("transB", 0) != 0;
  const double beta = node.op == "Gemm" ? node.Float("beta", 1) : 1;
  std::vector<double> y;
  for (size_t c = 0; c < 3; ++c) {
    double sum = node.HasInput(2) ? beta * graph.initializers.at(node.inputs[2]).floats[c] : 0;
    for (size_t k = 0; k < 4; ++k) sum += double(k + 1) * weights.floats[by_row ? c * 4 + k : k * 3 + c];
    y.push_back(sum);
  }
  return y;
}

std::vector<double> NormOutput(const Graph& graph, const Node& norm, std::vector<double> x) {
  const auto parameter = [&](size_t input, size_t c) {
    return double{graph.initializers.at(norm.inputs[input]).floats[c]};
  };
  for (size_t c = 0; c < x.size(); ++c) {
    const double deviation = std::sqrt(parameter(4, c) + norm.Float("epsilon", 1e-5f));
    x[c] = (x[c] - parameter(3, c)) / deviation * parameter(1, c) + parameter(2, c);
  }
  return x;
}

TEST(FoldBatchNorm, KeepsTheFunction) {
  for (const std::string op : {"Conv", "Gemm"}) {
    for (const bool bias : {false, true}) {
      for (const int64_t trans_b : {0, 1}) {
        Graph graph = LayerAndNorm(op, bias, trans_b);
        const auto wanted = NormOutput(graph, graph.nodes[1], LayerOutput(graph, graph.nodes[0]));
        FoldBatchNorm(graph);
        ASSERT_EQ(graph.nodes.size(), 1u);
        EXPECT_EQ(graph.nodes[0].outputs[0], "y");
        EXPECT_EQ(graph.initializers.size(), 2u);
        const auto found = LayerOutput(graph, graph.nodes[0]);
        for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], wanted[c], 1e-5) << op << bias << trans_b;
      }
    }
  }
}

TEST(FoldBatchNorm, LeavesWhatOthersRead) {
  Graph graph = LayerAndNorm("Conv", false, 0);
  graph.outputs.push_back(Value("a", {}));
  FoldBatchNorm(graph);
  EXPECT_EQ(graph.nodes.size(), 2u);

  graph = LayerAndNorm("Conv", false, 0);
  graph.nodes.push_back(MakeNode("Abs", {"a"}, {"z"}));
  graph.outputs.push_back(Value("z", {}));
  FoldBatchNorm(graph);
  EXPECT_EQ(graph.nodes.size(), 3u);
}

TEST(FoldBatchNorm, SharedWeightsAreCopied) {
  Graph graph = LayerAndNorm("Conv", true, 0);
  const Tensor weights = graph.initializers.at("w");
  graph.nodes.push_back(MakeNode("Conv", {"x", "w", "b"}, {"z"}));
  graph.outputs.push_back(Value("z", {}));
  const auto wanted = NormOutput(graph, graph.nodes[1], LayerOutput(graph, graph.nodes[0]));
  FoldBatchNorm(graph);
  EXPECT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.initializers.at("w"), weights);
  EXPECT_EQ(graph.FindProducer("z")->inputs[1], "w");
  const auto found = LayerOutput(graph, *graph.FindProducer("y"));
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], wanted[c], 1e-5);
}

TEST(FoldBatchNorm, FoldsTwoInARow) {
  Graph graph = LayerAndNorm("Conv", true, 0);
  graph.nodes[1].outputs[0] = "m";
  graph.nodes[1].name = "first";
  graph.nodes.push_back(MakeNode("BatchNormalization", {"m", "shift", "scale", "mean", "variance"}, {"y"}));
  const auto wanted =
      NormOutput(graph, graph.nodes[2], NormOutput(graph, graph.nodes[1], LayerOutput(graph, graph.nodes[0])));
  FoldBatchNorm(graph);
  ASSERT_EQ(graph.nodes.size(), 1u);
  const auto found = LayerOutput(graph, graph.nodes[0]);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], wanted[c], 1e-5);
}

TEST(UnfoldBatchNorm, KeepsTheFunctionAndFoldsBack) {
  Graph graph = LayerAndNorm("Conv", true, 0);
  FoldBatchNorm(graph);
  const auto wanted = LayerOutput(graph, graph.nodes[0]);
  UnfoldBatchNorm(graph, 1e-3f);
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_FALSE(graph.nodes[0].HasInput(2));
  EXPECT_EQ(graph.nodes[1].op, "BatchNormalization");
  EXPECT_EQ(graph.initializers.at("Conv_a.bn.mean"), Tensor::Filled({3}, 0));
  auto found = NormOutput(graph, graph.nodes[1], LayerOutput(graph, graph.nodes[0]));
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], wanted[c], 1e-6);
  FoldBatchNorm(graph);
  ASSERT_EQ(graph.nodes.size(), 1u);
  found = LayerOutput(graph, graph.nodes[0]);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c], wanted[c], 1e-6);
}

TEST(UnfoldBatchNorm, LeavesConvsWithoutBiasAndDropout) {
  Graph graph = LayerAndNorm("Conv", false, 0);
  graph.nodes[1].outputs[0] = "m";
  graph.nodes.push_back(MakeNode("Dropout", {"m"}, {"y"}));
  UnfoldBatchNorm(graph);
  EXPECT_EQ(graph.nodes.size(), 3u);
  ExpectError(ErrorKind::kUsage, {"epsilon"}, [&] { UnfoldBatchNorm(graph, 0); });
}

}  // namespace
}  // namespace maskscope
