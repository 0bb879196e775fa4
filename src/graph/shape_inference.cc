#include "graph/shape_inference.h"

#include <algorithm>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/passes.h"
#include "graph/shape_rules.h"

namespace maskscope {
namespace {

using shape_rules::Call;
using shape_rules::Fact;

class Inference {
 public:
  Inference(const Graph& graph, int64_t max_elements)
      : graph_(graph), max_elements_(max_elements), budget_(ConstantBudget(graph)) {
    for (const auto& [name, tensor] : graph.initializers) {
      // The graph outlives this walk: its tensors are looked at, not owned.
      facts_[name] = {tensor.shape, tensor.type,
                      std::shared_ptr<const Tensor>(std::shared_ptr<const Tensor>(), &tensor)};
    }
  }

  void AddInput(const ValueInfo& info, const InputShapes& given) {
    const auto found = given.find(info.name);
    if (found == given.end()) throw Error{ErrorKind::kBadModel, "no shape is given for input '" + info.name + "'"};
    const Shape& shape = found->second;
    bool fits = shape.size() == info.shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i) {
      fits = shape[i] >= 0 && (info.shape[i].value < 0 || info.shape[i].value == shape[i]);
    }
    if (!fits) {
      throw Error{ErrorKind::kBadModel,
                  "input '" + info.name + "': found shape " + ToString(shape) + ", wanted " + Declared(info)};
    }
    shape_rules::CheckedCount(Node{info.name, "graph input", {}, {}, {}}, shape, max_elements_);
    facts_[info.name] = {shape, info.type, nullptr};
  }

  void Visit(const Node& node) {
    Call call{node, {}};
    for (const std::string& input : node.inputs) call.inputs.push_back(input.empty() ? nullptr : &facts_.at(input));
    std::vector<Fact> outs = RuleOf(node)(call);
    for (const Fact& out : outs) shape_rules::CheckedCount(node, out.shape, max_elements_);
    if (node.outputs.size() > outs.size())
      shape_rules::Fail(node, "it has " + std::to_string(outs.size()) + " outputs at most");
    Know(call, outs);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (!node.outputs[i].empty()) facts_[node.outputs[i]] = std::move(outs[i]);
    }
  }

  InferredShapes Result() const {
    InferredShapes result;
    for (const auto& [name, fact] : facts_) {
      result.shapes[name] = fact.shape;
      result.types[name] = fact.type;
      if (fact.constant != nullptr && graph_.FindInitializer(name) == nullptr) result.constants[name] = *fact.constant;
    }
    return result;
  }

 private:
  static std::string Declared(const ValueInfo& info) {
    std::string text = "[";
    for (size_t i = 0; i < info.shape.size(); ++i) {
      const Dim& dim = info.shape[i];
      const std::string symbol = dim.symbol.empty() ? "?" : dim.symbol;
      text += (i == 0 ? "" : ", ") + (dim.value < 0 ? symbol : std::to_string(dim.value));
    }
    return text + "]";
  }

  static shape_rules::Rule RuleOf(const Node& node) {
    const auto& rules = shape_rules::AllRules();
    const auto rule = rules.find(node.op);
    if (rule == rules.end()) shape_rules::Refuse(node, "the operator is not supported");
    return rule->second;
  }

  // Works out the values of outputs that depend on constants alone.
  void Know(const Call& call, std::vector<Fact>& outs) {
    const bool known =
        std::ranges::all_of(call.inputs, [](const Fact* fact) { return fact == nullptr || fact->constant != nullptr; });
    if (!known || !CanEvaluate(call.node.op)) return;
    int64_t count = 0;
    for (const Fact& out : outs) count += ElementCount(out.shape);
    if (count > budget_) return;
    budget_ -= count;
    std::vector<Tensor> values = Evaluate(call, outs);
    for (size_t i = 0; i < outs.size(); ++i) outs[i].constant = std::make_shared<Tensor>(std::move(values[i]));
  }

  const Graph& graph_;
  const int64_t max_elements_;
  int64_t budget_;
  std::map<std::string, Fact> facts_;
};

Inference Walk(const Graph& graph, const InputShapes& inputs, int64_t max_elements) {
  Inference inference(graph, max_elements);
  for (const auto& [name, shape] : inputs) {
    const bool known = std::ranges::any_of(graph.inputs, [&](const ValueInfo& info) { return info.name == name; });
    if (!known) throw Error{ErrorKind::kBadModel, "the graph has no input '" + name + "'"};
  }
  for (const ValueInfo& input : graph.inputs) inference.AddInput(input, inputs);
  for (const Node& node : graph.nodes) inference.Visit(node);
  return inference;
}

}  // namespace

InferredShapes InferShapes(const Graph& graph, const InputShapes& inputs, int64_t max_elements) {
  return Walk(graph, inputs, max_elements).Result();
}

Graph Specialize(const Graph& graph, const InputShapes& inputs) {
  InferredShapes inferred = InferShapes(graph, inputs);
  Graph special = graph;
  const auto fix = [&](ValueInfo& info) {
    info.type = inferred.types.at(info.name);
    info.shape.clear();
    for (const int64_t side : inferred.shapes.at(info.name)) info.shape.push_back(Dim::Fixed(side));
  };
  std::ranges::for_each(special.inputs, fix);
  std::ranges::for_each(special.outputs, fix);
  for (Node& node : special.nodes) {
    for (std::string& output : node.outputs) {
      const auto constant = inferred.constants.find(output);
      if (constant == inferred.constants.end()) continue;
      special.initializers[output] = std::move(constant->second);
      output.clear();
    }
  }
  std::erase_if(special.nodes, [](const Node& node) {
    return std::ranges::all_of(node.outputs, [](const std::string& output) { return output.empty(); });
  });
  RemoveDead(special);
  return special;
}

}  // namespace maskscope
