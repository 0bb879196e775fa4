#include "train/classifier_head.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {

namespace {

constexpr const char* kFeatures = "features";
constexpr const char* kLogits = "logits";

auto NodeThatMakes(std::vector<Node>& nodes, const std::string& value) {
  return std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
    return std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end();
  });
}

// [out, in], uniform within 1 / sqrt(in), as PyTorch starts its dense layers.
Tensor DrawDense(int64_t out, int64_t in, Random& random) {
  Tensor tensor = Tensor::Filled({out, in}, 0);
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  for (float& value : tensor.floats) value = static_cast<float>(random.Uniform(-bound, bound));
  return tensor;
}

}  // namespace

std::set<std::string> BodyNodes(const Graph& graph) {
  std::set<std::string> wanted{kFeatures}, names;
  // Nodes stand in an order in which they can run: from the end, every node that is wanted wants its inputs.
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool needed = std::any_of(node->outputs.begin(), node->outputs.end(),
                                    [&](const std::string& output) { return wanted.contains(output); });
    if (!needed) continue;
    names.insert(node->name);
    wanted.insert(node->inputs.begin(), node->inputs.end());
  }
  if (names.empty()) {
    throw Error{ErrorKind::kBadModel, "the network has no value 'features' that parts its body from its head"};
  }
  return names;
}

void AddToLogits(const std::vector<double>& values, Graph& graph) {
  const auto last = NodeThatMakes(graph.nodes, kLogits);
  const bool dense = last != graph.nodes.end() && last->op == "Gemm" && last->inputs.size() == 3;
  const auto bias = dense ? graph.initializers.find(last->inputs[2]) : graph.initializers.end();
  if (bias == graph.initializers.end() || bias->second.floats.size() != values.size()) {
    throw Error{ErrorKind::kBadModel, "'logits' does not come from a dense layer with a bias for each class"};
  }
  for (size_t i = 0; i < values.size(); ++i) bias->second.floats[i] += static_cast<float>(values[i]);
}

void AddHiddenLayer(int width, float dropout, uint64_t seed, Graph& graph) {
  const auto last = NodeThatMakes(graph.nodes, kLogits);
  const Tensor* weight =
      last != graph.nodes.end() && last->op == "Gemm" ? graph.FindInitializer(last->inputs.at(1)) : nullptr;
  if (weight == nullptr) throw Error{ErrorKind::kBadModel, "'logits' does not come from a dense layer"};
  const int64_t classes = weight->shape.at(0), in = weight->shape.at(1);
  Random random(seed);
  graph.initializers["hidden.weight"] = DrawDense(width, in, random);
  graph.initializers["hidden.bias"] = Tensor::Filled({width}, 0);
  graph.initializers["hidden.dropout"] = Tensor::Filled({}, dropout);
  graph.initializers[last->inputs.at(1)] = DrawDense(classes, width, random);
  const std::string before = last->inputs.at(0);
  last->inputs.at(0) = "hidden_dropped";
  graph.nodes.insert(
      last,
      {Node{"hidden", "Gemm", {before, "hidden.weight", "hidden.bias"}, {"hidden_dense"}, {{"transB", int64_t{1}}}},
       Node{"hidden_act", "Relu", {"hidden_dense"}, {"hidden_relu"}, {}},
       Node{"hidden_drop", "Dropout", {"hidden_relu", "hidden.dropout"}, {"hidden_dropped"}, {}}});
}

}  // namespace maskscope
