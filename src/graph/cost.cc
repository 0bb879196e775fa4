#include "graph/cost.h"

#include <set>

namespace maskscope {
namespace {

bool IsWeightInput(const std::string& op, size_t position) {
  if (op == "Conv" || op == "Gemm") return position == 1 || position == 2;
  if (op == "BatchNormalization") return position == 1 || position == 2;
  if (op == "PRelu") return position == 1;
  return op == "MatMul" || op == "Add" || op == "Mul";
}

// Terms of the sum each output element is.
int64_t TermsOfProduct(const Node& node, const InferredShapes& inferred) {
  const auto shape = [&inferred, &node](size_t input) -> const Shape& {
    return inferred.shapes.at(node.inputs[input]);
  };
  if (node.op == "Conv") {
    const Shape& weights = shape(1);  // [out, in / groups, kernel...]
    return weights.empty() || weights[0] == 0 ? 0 : ElementCount(weights) / weights[0];
  }
  const Shape& left = shape(0);
  if (node.op == "MatMul") return left.empty() ? 0 : left.back();
  return left.size() != 2 ? 0 : left[node.Int("transA", 0) != 0 ? 0 : 1];  // Gemm
}

int64_t MultiplyAdds(const Node& node, const InferredShapes& inferred) {
  if (node.op != "Conv" && node.op != "Gemm" && node.op != "MatMul") return 0;
  return ElementCount(inferred.shapes.at(node.outputs[0])) * TermsOfProduct(node, inferred);
}

// Learned values of the node's initializers that are not yet among `counted`, which they join.
int64_t CountParameters(const Graph& graph, const Node& node, std::set<std::string>& counted) {
  int64_t count = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* tensor = graph.FindInitializer(node.inputs[i]);
    if (tensor == nullptr || !IsLearned(node, i, *tensor) || !counted.insert(node.inputs[i]).second) continue;
    count += ElementCount(tensor->shape);
  }
  return count;
}

}  // namespace

bool IsLearned(const Node& node, size_t position, const Tensor& tensor) {
  if (!tensor.is_float() || !IsWeightInput(node.op, position)) return false;
  return (node.op != "Add" && node.op != "Mul") || ElementCount(tensor.shape) > 1;
}

int64_t CountLearnedParameters(const Graph& graph) {
  std::set<std::string> counted;
  int64_t count = 0;
  for (const Node& node : graph.nodes) count += CountParameters(graph, node, counted);
  return count;
}

int64_t CountMultiplyAdds(const Graph& graph, const InferredShapes& inferred) {
  int64_t total = 0;
  for (const Node& node : graph.nodes) total += MultiplyAdds(node, inferred);
  return total;
}

std::vector<NodeCost> CountNodeCosts(const Graph& graph, const InferredShapes& inferred) {
  std::set<std::string> counted;
  std::vector<NodeCost> costs;
  for (const Node& node : graph.nodes) {
    costs.push_back({CountParameters(graph, node, counted), MultiplyAdds(node, inferred)});
  }
  return costs;
}

}  // namespace maskscope
