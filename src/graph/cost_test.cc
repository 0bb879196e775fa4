#include "graph/cost.h"

#include <gtest/gtest.h>

#include "graph/graph_testing.h"

namespace maskscope {
namespace {

using testing::MakeNode;
using testing::Value;

// Conv (4 groups' worth of weights), BatchNormalization, a scale of one number, an offset a channel, Gemm.
Graph SmallNetwork() {
  Graph graph;
  graph.inputs = {Value("x", {1, 8, 6, 5})};
  graph.initializers = {{"w", Tensor::Filled({16, 4, 3, 3}, 0)},   {"scale", Tensor::Filled({16}, 1)},
                        {"shift", Tensor::Filled({16}, 0)},        {"mean", Tensor::Filled({16}, 0)},
                        {"var", Tensor::Filled({16}, 1)},          {"half", Tensor::Filled({1}, 0.5f)},
                        {"offset", Tensor::Filled({16, 1, 1}, 0)}, {"fc", Tensor::Filled({16, 10}, 0)},
                        {"fc_bias", Tensor::Filled({10}, 0)}};
  graph.nodes = {MakeNode("Conv", {"x", "w"}, {"c"}, {{"group", int64_t{2}}}),
                 MakeNode("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"b"}),
                 MakeNode("Mul", {"b", "half"}, {"h"}),
                 MakeNode("Add", {"h", "offset"}, {"o"}),
                 MakeNode("GlobalAveragePool", {"o"}, {"p"}),
                 MakeNode("Flatten", {"p"}, {"f"}),
                 MakeNode("Gemm", {"f", "fc", "fc_bias"}, {"g"}),
                 MakeNode("Add", {"g", "fc_bias"}, {"y"})};
  graph.outputs = {Value("y", {1, 10})};
  return graph;
}

TEST(Cost, CountsLearnedParametersOnceAndNoStatistics) {
  EXPECT_EQ(CountLearnedParameters(SmallNetwork()), 16 * 4 * 9 + 16 + 16 + 16 + 16 * 10 + 10);
}

TEST(Cost, OfEachNode) {
  const Graph graph = SmallNetwork();
  const std::vector<NodeCost> costs = CountNodeCosts(graph, InferShapes(graph, {{"x", {1, 8, 6, 5}}}));
  ASSERT_EQ(costs.size(), graph.nodes.size());
  EXPECT_EQ(costs[0].parameters, 16 * 4 * 9);
  EXPECT_EQ(costs[0].multiply_adds, 16 * 4 * 3 * (4 * 9));
  EXPECT_EQ(costs[1].parameters, 32) << "running statistics are not learned";
  EXPECT_EQ(costs[6].parameters, 160 + 10);
  EXPECT_EQ(costs[7].parameters, 0) << "the bias was counted with the Gemm";
}

TEST(Cost, CountsMultiplyAdds) {
  const Graph graph = SmallNetwork();
  EXPECT_EQ(CountMultiplyAdds(graph, InferShapes(graph, {{"x", {1, 8, 6, 5}}})), 16 * 4 * 3 * (4 * 9) + 16 * 10);
}

}  // namespace
}  // namespace maskscope
