#include "graph/average_weights.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"

namespace maskscope {
namespace {

Graph Small(std::vector<float> weights, int64_t axis = 1) {
  Graph graph;
  graph.inputs = {{"x", DataType::kFloat32, {Dim::Fixed(2)}}};
  graph.outputs = {{"y", DataType::kFloat32, {Dim::Fixed(2)}}};
  const auto count = static_cast<int64_t>(weights.size());
  graph.initializers["w"] = Tensor::Floats({count}, std::move(weights));
  graph.initializers["k"] = Tensor::Ints({1}, {axis});
  graph.nodes = {{"sum", "Add", {"x", "w"}, {"z"}, {}}, {"moved", "Unsqueeze", {"z", "k"}, {"y"}, {}}};
  return graph;
}

TEST(AverageWeights, IsTheMeanOfTheFloats) {
  const Graph average = AverageWeights({{"a", Small({1, 2})}, {"b", Small({2, 4})}, {"c", Small({6, -3})}});
  EXPECT_EQ(average.initializers.at("w").floats, (std::vector<float>{3, 1}));
  EXPECT_EQ(average.initializers.at("k").ints, std::vector<int64_t>{1});
}

TEST(AverageWeights, RefusesOtherNetworks) {
  const auto with = [](Graph other) { AverageWeights({{"a.onnx", Small({1, 2})}, {"b.onnx", std::move(other)}}); };
  ExpectError(ErrorKind::kBadModel, {"b.onnx", "a.onnx", "initializer 'w'"}, [&] { with(Small({1, 2, 3})); });
  ExpectError(ErrorKind::kBadModel, {"initializer 'k'"}, [&] { with(Small({1, 2}, 0)); });
  Graph other = Small({1, 2});
  other.nodes[0].op = "Mul";
  ExpectError(ErrorKind::kBadModel, {"node 'sum' (Mul)"}, [&] { with(other); });
  other = Small({1, 2});
  other.nodes.pop_back();
  ExpectError(ErrorKind::kBadModel, {"1 nodes, not 2"}, [&] { with(other); });
  ExpectError(ErrorKind::kUsage, {"two"}, [] { AverageWeights({{"a", Small({1})}}); });
}

}  // namespace
}  // namespace maskscope
