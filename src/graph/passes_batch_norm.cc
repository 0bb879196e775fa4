#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "graph/passes.h"

namespace maskscope {
namespace {

// y = factor * x + term, per channel.
struct Affine {
  std::vector<double> factor, term;
};

const Tensor* FloatInitializer(const Graph& graph, const Node& node, size_t input) {
  const Tensor* tensor = node.HasInput(input) ? graph.FindInitializer(node.inputs[input]) : nullptr;
  return tensor != nullptr && tensor->is_float() ? tensor : nullptr;
}

std::optional<Affine> AffineOf(const Graph& graph, const Node& norm, size_t channels) {
  const Tensor* parameters[4];
  for (size_t i = 0; i < 4; ++i) {
    parameters[i] = FloatInitializer(graph, norm, i + 1);
    if (parameters[i] == nullptr || parameters[i]->floats.size() != channels) return std::nullopt;
  }
  const auto& [scale, shift, mean, variance] = parameters;
  const double epsilon = norm.Float("epsilon", 1e-5f);
  Affine affine;
  for (size_t c = 0; c < channels; ++c) {
    const double factor = scale->floats[c] / std::sqrt(variance->floats[c] + epsilon);
    affine.factor.push_back(factor);
    affine.term.push_back(shift->floats[c] - mean->floats[c] * factor);
  }
  return affine;
}

// Output channel of weight number `i`.
struct WeightLayout {
  size_t channels = 0, inner = 1;
  size_t ChannelOf(size_t i) const { return i / inner % channels; }
};

std::optional<WeightLayout> LayoutOf(const Node& node, const Tensor& weights) {
  if (node.op == "Conv" && weights.shape.size() >= 2 && weights.shape[0] > 0) {
    const auto channels = static_cast<size_t>(weights.shape[0]);
    return WeightLayout{channels, weights.floats.size() / channels};
  }
  if (node.op == "Gemm" && weights.shape.size() == 2) {
    const bool transposed = node.Int("transB", 0) != 0;
    const auto rows = static_cast<size_t>(weights.shape[0]), columns = static_cast<size_t>(weights.shape[1]);
    return transposed ? WeightLayout{rows, columns} : WeightLayout{columns, 1};
  }
  return std::nullopt;
}

// The bias of every channel; nullopt where it is not a plain constant vector.
std::optional<std::vector<float>> BiasOf(const Graph& graph, const Node& node, size_t channels) {
  if (!node.HasInput(2)) return std::vector<float>(channels, 0.0f);
  const Tensor* bias = FloatInitializer(graph, node, 2);
  if (bias == nullptr) return std::nullopt;
  std::vector<float> values = bias->floats;
  const bool is_row = bias->shape.empty() || bias->shape.back() == static_cast<int64_t>(values.size());
  if (values.size() == 1 && is_row) values.assign(channels, values[0]);
  if (values.size() != channels || !is_row) return std::nullopt;
  const float beta = node.op == "Gemm" ? node.Float("beta", 1) : 1;
  for (float& value : values) value *= beta;
  return values;
}

class BatchNormFolder {
 public:
  explicit BatchNormFolder(Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes) {
      for (const std::string& input : node.inputs) ++readers_[input];
    }
    for (const ValueInfo& output : graph.outputs) ++readers_[output.name];
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const std::string& output : graph.nodes[i].outputs) producer_[output] = i;
    }
  }

  // True when `norm` is now part of the node before it and must go.
  bool Fold(const Node& norm) {
    if (norm.op != "BatchNormalization" || norm.inputs.empty() || norm.outputs.empty()) return false;
    for (size_t i = 1; i < norm.outputs.size(); ++i) {
      if (!norm.outputs[i].empty()) return false;
    }
    const auto found = producer_.find(norm.inputs[0]);
    if (found == producer_.end() || readers_[norm.inputs[0]] != 1) return false;
    Node& before = graph_.nodes[found->second];
    const Tensor* weights = FloatInitializer(graph_, before, 1);
    const auto layout = weights == nullptr ? std::nullopt : LayoutOf(before, *weights);
    if (!layout) return false;
    const auto affine = AffineOf(graph_, norm, layout->channels);
    const auto bias = BiasOf(graph_, before, layout->channels);
    if (!affine || !bias) return false;
    Store(before, ScaledWeights(*weights, *layout, *affine), ShiftedBias(*bias, *affine));
    before.outputs[0] = norm.outputs[0];
    producer_[norm.outputs[0]] = found->second;  // a second BatchNormalization may follow
    return true;
  }

 private:
  static Tensor ScaledWeights(Tensor weights, const WeightLayout& layout, const Affine& affine) {
    for (size_t i = 0; i < weights.floats.size(); ++i) {
      weights.floats[i] = static_cast<float>(weights.floats[i] * affine.factor[layout.ChannelOf(i)]);
    }
    return weights;
  }

  static Tensor ShiftedBias(const std::vector<float>& bias, const Affine& affine) {
    Tensor shifted = Tensor::Filled({static_cast<int64_t>(bias.size())}, 0);
    for (size_t c = 0; c < bias.size(); ++c) {
      shifted.floats[c] = static_cast<float>(bias[c] * affine.factor[c] + affine.term[c]);
    }
    return shifted;
  }

  void Store(Node& node, Tensor weights, Tensor bias) {
    node.inputs.resize(3);
    if (readers_[node.inputs[1]] > 1) Rename(node.inputs[1], node.name + ".folded_weight");
    if (node.inputs[2].empty() || readers_[node.inputs[2]] > 1) Rename(node.inputs[2], node.name + ".folded_bias");
    graph_.initializers[node.inputs[1]] = std::move(weights);
    graph_.initializers[node.inputs[2]] = std::move(bias);
    if (node.op == "Gemm") node.attributes["beta"] = 1.0f;  // already in the bias
  }

  // Gives an input a name of its own, leaving the tensor of the old one to its other readers.
  void Rename(std::string& input, const std::string& wish) {
    std::string name = wish;
    for (int i = 2; graph_.initializers.contains(name) || producer_.contains(name) || readers_.contains(name); ++i) {
      name = wish + "_" + std::to_string(i);
    }
    --readers_[input];
    readers_[name] = 1;
    input = name;
  }

  Graph& graph_;
  std::unordered_map<std::string, int> readers_;
  std::unordered_map<std::string, size_t> producer_;
};

void EraseUnread(Graph& graph, std::set<std::string> initializers) {
  for (const Node& node : graph.nodes) {
    for (const std::string& input : node.inputs) initializers.erase(input);
  }
  for (const ValueInfo& output : graph.outputs) initializers.erase(output.name);
  for (const std::string& name : initializers) graph.initializers.erase(name);
}

}  // namespace

void FoldBatchNorm(Graph& graph) {
  SortAndCheck(graph, "graph");
  BatchNormFolder folder(graph);
  std::vector<bool> gone;
  for (size_t i = 0; i < graph.nodes.size(); ++i) gone.push_back(folder.Fold(graph.nodes[i]));
  std::vector<Node> kept;
  std::set<std::string> parameters;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!gone[i]) {
      kept.push_back(std::move(graph.nodes[i]));
      continue;
    }
    for (size_t p = 1; p < 5; ++p) parameters.insert(graph.nodes[i].inputs[p]);
  }
  graph.nodes = std::move(kept);
  EraseUnread(graph, std::move(parameters));
  SortAndCheck(graph, "graph");
}

void UnfoldBatchNorm(Graph& graph, float epsilon) {
  if (!(epsilon > 0 && epsilon < 1)) {
    throw Error{ErrorKind::kUsage, "epsilon: found " + std::to_string(epsilon) + ", wanted 0 < epsilon < 1"};
  }
  SortAndCheck(graph, "graph");
  std::vector<Node> nodes;
  std::set<std::string> biases;
  for (Node& node : graph.nodes) {
    const Tensor* bias = node.op == "Conv" ? FloatInitializer(graph, node, 2) : nullptr;
    if (bias == nullptr) {
      nodes.push_back(std::move(node));
      continue;
    }
    const Shape shape = bias->shape;
    const std::string prefix = node.name + ".bn";
    Node norm{prefix, "BatchNormalization", {}, {node.outputs[0]}, {{"epsilon", epsilon}}};
    graph.initializers[prefix + ".scale"] = Tensor::Filled(shape, 1);
    graph.initializers[prefix + ".shift"] = *bias;
    graph.initializers[prefix + ".mean"] = Tensor::Filled(shape, 0);
    graph.initializers[prefix + ".variance"] = Tensor::Filled(shape, 1 - epsilon);
    norm.inputs = {prefix + ".input", prefix + ".scale", prefix + ".shift", prefix + ".mean", prefix + ".variance"};
    biases.insert(node.inputs[2]);
    node.inputs.resize(2);
    node.outputs[0] = prefix + ".input";
    nodes.push_back(std::move(node));
    nodes.push_back(std::move(norm));
  }
  graph.nodes = std::move(nodes);
  EraseUnread(graph, std::move(biases));
  SortAndCheck(graph, "graph");
}

}  // namespace maskscope
