#include "explain/network_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "graph/operators.h"

namespace maskscope {
namespace {

const std::set<std::string>& HeavyOperators() {
  static const std::set<std::string> ops = {
      "Conv",   "Gemm",   "MatMul",     "MaxPool",   "AveragePool",  "GlobalAveragePool",
      "Concat", "Resize", "ReduceMean", "ReduceSum", "GlobalMaxPool"};
  return ops;
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string Steps(int64_t h, int64_t w) {
  if (h == 1 && w == 1) return "";
  return h == w ? fmt::format(" /{}", h) : fmt::format(" /{}×{}", h, w);
}

class UnitFinder {
 public:
  UnitFinder(const Graph& graph, const InferredShapes& inferred) : graph_(graph), inferred_(inferred) {
    for (const ValueInfo& output : graph.outputs) ++readers_[output.name];
    for (const Node& node : graph.nodes) {
      for (const std::string& input : std::set<std::string>(node.inputs.begin(), node.inputs.end())) ++readers_[input];
    }
  }

  std::vector<NetworkUnit> Find() {
    units_.push_back({{}, {}, "", BoxKind::kInput});
    for (const ValueInfo& input : graph_.inputs) maker_[input.name] = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) Add(i);
    return units_;
  }

 private:
  std::vector<size_t> InputUnits(const Node& node) const {
    std::vector<size_t> inputs;
    for (const std::string& input : node.inputs) {
      const auto found = maker_.find(input);
      if (found == maker_.end() || std::ranges::find(inputs, found->second) != inputs.end()) continue;
      inputs.push_back(found->second);
    }
    return inputs;
  }

  std::vector<std::string> DataInputs(const Node& node) const {
    std::vector<std::string> data;
    for (const std::string& input : node.inputs) {
      if (maker_.contains(input) && std::ranges::find(data, input) == data.end()) data.push_back(input);
    }
    return data;
  }

  // x times a squashed x: SiLU and the like are written as two nodes.
  bool IsGate(const Node& node, const Node& product) const {
    return (node.op == "Sigmoid" || node.op == "HardSigmoid") && product.op == "Mul" &&
           readers_.at(node.inputs[0]) == 2 &&
           std::ranges::find(product.inputs, node.inputs[0]) != product.inputs.end() &&
           std::ranges::find(product.inputs, node.outputs[0]) != product.inputs.end();
  }

  bool JoinsBefore(size_t index) const {
    const Node& node = graph_.nodes[index];
    const std::vector<std::string> data = DataInputs(node);
    if (HeavyOperators().contains(node.op) || data.empty() || maker_.at(data[0]) == 0) return false;
    if (data.size() == 1) {
      if (readers_.at(data[0]) == 1) return true;
      return index + 1 < graph_.nodes.size() && IsGate(node, graph_.nodes[index + 1]);
    }
    return data.size() == 2 && index > 0 && IsGate(graph_.nodes[index - 1], node);
  }

  void Add(size_t index) {
    const Node& node = graph_.nodes[index];
    const std::vector<size_t> inputs = InputUnits(node);
    if (inputs.empty()) return;  // a constant
    size_t unit = inputs[0];
    if (JoinsBefore(index)) {
      AddActivation(node, units_[unit]);
    } else {
      unit = units_.size();
      units_.push_back({{}, inputs, "", BoxKind::kOther});
      Describe(node, units_.back());
    }
    units_[unit].nodes.push_back(index);
    for (const std::string& output : node.outputs) maker_[output] = unit;
  }

  void AddActivation(const Node& node, NetworkUnit& unit) const {
    static const std::map<std::string, std::string> names = {{"Relu", "ReLU"},
                                                             {"LeakyRelu", "leaky ReLU"},
                                                             {"PRelu", "PReLU"},
                                                             {"Elu", "ELU"},
                                                             {"HardSwish", "hard swish"},
                                                             {"Sigmoid", "sigmoid"},
                                                             {"HardSigmoid", "hard sigmoid"},
                                                             {"Tanh", "tanh"},
                                                             {"Softmax", "softmax"}};
    std::string name;
    if (const auto found = names.find(node.op); found != names.end()) name = found->second;
    if (node.op == "Clip") name = ClipName(node);
    if (node.op == "Mul" && unit.text.ends_with("sigmoid") && DataInputs(node).size() == 2) {
      const bool hard = unit.text.ends_with("hard sigmoid");
      unit.text.resize(unit.text.rfind(", "));
      name = hard ? "hard swish" : "SiLU";
    }
    if (!name.empty()) unit.text += ", " + name;
  }

  std::string ClipName(const Node& node) const {
    const ClipBounds bounds = ResolveClip(graph_, node);
    return bounds.min == 0 && bounds.max == 6 ? "ReLU6" : fmt::format("clip {:g}…{:g}", bounds.min, bounds.max);
  }

  const Shape& ShapeOf(const std::string& value) const { return inferred_.shapes.at(value); }

  void Describe(const Node& node, NetworkUnit& unit) const {
    if (node.op == "Conv") {
      const Shape& weights = ShapeOf(node.inputs[1]);
      const Window w = ResolveWindow(node, ShapeOf(node.inputs[0]), {weights[2], weights[3]});
      const std::string size = fmt::format("{}×{}{}", w.kernel_h, w.kernel_w, Steps(w.stride_h, w.stride_w));
      const bool depthwise = w.groups > 1 && weights[1] == 1;
      unit.kind = BoxKind::kConvolution;
      unit.text =
          depthwise ? fmt::format("depthwise {}, {}", size, weights[0]) : fmt::format("conv {}, {}", size, weights[0]);
      if (w.groups > 1 && !depthwise) unit.text += fmt::format(" in {} groups", w.groups);
      if (w.dilation_h > 1) unit.text += fmt::format(", dilated {}", w.dilation_h);
    } else if (node.op == "Gemm" || node.op == "MatMul") {
      unit.kind = BoxKind::kDense;
      unit.text = fmt::format("dense, {}", ShapeOf(node.outputs[0]).empty() ? 1 : ShapeOf(node.outputs[0]).back());
    } else if (node.op == "MaxPool" || node.op == "AveragePool") {
      const Window w = ResolveWindow(node, ShapeOf(node.inputs[0]), node.Ints("kernel_shape", {}));
      unit.kind = BoxKind::kPool;
      unit.text = fmt::format("{} pool {}×{}{}", node.op == "MaxPool" ? "max" : "average", w.kernel_h, w.kernel_w,
                              Steps(w.stride_h, w.stride_w));
    } else if (node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool" || node.op == "ReduceMean") {
      unit.kind = BoxKind::kPool;
      unit.text = node.op == "GlobalAveragePool" ? "global average pool"
                  : node.op == "ReduceMean"      ? "mean"
                                                 : "global max pool";
    } else if (node.op == "Resize") {
      const Shape &in = ShapeOf(node.inputs[0]), &out = ShapeOf(node.outputs[0]);
      unit.text =
          in.size() == 4 && in[2] > 0 ? fmt::format("resize ×{:.3g}", double(out[2]) / double(in[2])) : "resize";
    } else {
      const bool joins = DataInputs(node).size() > 1;
      if (joins) unit.kind = BoxKind::kMerge;
      unit.text = node.op == "Add" && joins ? "sum" : node.op == "Mul" && joins ? "product" : Lower(node.op);
      if (node.op == "Clip") unit.text = ClipName(node);
    }
  }

  const Graph& graph_;
  const InferredShapes& inferred_;
  std::map<std::string, int> readers_;
  std::map<std::string, size_t> maker_;  // value -> unit
  std::vector<NetworkUnit> units_;
};

}  // namespace

std::vector<NetworkUnit> FindUnits(const Graph& graph, const InferredShapes& inferred) {
  return UnitFinder(graph, inferred).Find();
}

}  // namespace maskscope
