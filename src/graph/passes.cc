#include "graph/passes.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/shape_rules.h"

namespace maskscope {
namespace {

using NameSet = std::unordered_set<std::string>;

NameSet OutputNames(const Graph& graph) {
  NameSet names;
  for (const ValueInfo& output : graph.outputs) names.insert(output.name);
  return names;
}

// Nodes and initializers that no output depends on. The nodes are sorted, so one walk from the end finds them.
void Sweep(Graph& graph) {
  NameSet needed = OutputNames(graph);
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool is_read = std::ranges::any_of(node->outputs, [&](const std::string& o) { return needed.contains(o); });
    if (!is_read) continue;
    needed.insert(node->inputs.begin(), node->inputs.end());
    kept.push_back(std::move(*node));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);
  std::erase_if(graph.initializers, [&](const auto& entry) { return !needed.contains(entry.first); });
}

bool IsPassThrough(const Node& node, const NameSet& read) {
  if (node.inputs.empty() || node.inputs[0].empty() || node.outputs.empty()) return false;
  const bool mask_is_read = node.outputs.size() > 1 && read.contains(node.outputs[1]);
  return node.op == "Identity" || (node.op == "Dropout" && !mask_is_read);
}

NameSet ReadNames(const Graph& graph) {
  NameSet read = OutputNames(graph);
  for (const Node& node : graph.nodes) read.insert(node.inputs.begin(), node.inputs.end());
  return read;
}

// Readers of a passed-through value read its source instead.
void BypassInside(Graph& graph, const NameSet& read) {
  std::unordered_map<std::string, std::string> source;
  for (Node& node : graph.nodes) {
    for (std::string& input : node.inputs) {
      if (const auto found = source.find(input); found != source.end()) input = found->second;
    }
    if (IsPassThrough(node, read)) source[node.outputs[0]] = node.inputs[0];
  }
}

// A pass-through that makes a graph output goes when its source can take the output's name instead.
void BypassOutputs(Graph& graph, const NameSet& read) {
  const NameSet outputs = OutputNames(graph);
  std::unordered_map<std::string, std::string> renamed;
  std::unordered_set<std::string> made;
  for (const Node& node : graph.nodes) made.insert(node.outputs.begin(), node.outputs.end());
  for (const Node& node : graph.nodes) {
    if (!IsPassThrough(node, read) || !outputs.contains(node.outputs[0])) continue;
    const std::string& from = node.inputs[0];
    if (made.contains(from) && !outputs.contains(from)) renamed.emplace(from, node.outputs[0]);
  }
  std::erase_if(graph.nodes, [&](const Node& node) {
    if (!IsPassThrough(node, read)) return false;
    const auto found = renamed.find(node.inputs[0]);
    return found != renamed.end() && found->second == node.outputs[0];
  });
  const auto rename = [&](std::vector<std::string>& names) {
    for (std::string& name : names) {
      if (const auto found = renamed.find(name); found != renamed.end()) name = found->second;
    }
  };
  for (Node& node : graph.nodes) {
    rename(node.inputs);
    rename(node.outputs);
  }
}

// Values known without any input data, for FoldConstants.
class Folding {
 public:
  explicit Folding(Graph& graph) : graph_(graph), budget_(ConstantBudget(graph)) {
    for (const auto& [name, tensor] : graph.initializers) Learn(name, tensor);
    for (const ValueInfo& input : graph.inputs) {
      shape_rules::Fact fact{{}, input.type, nullptr};
      for (const Dim& dim : input.shape) fact.shape.push_back(dim.value);
      const bool is_fixed = std::ranges::all_of(fact.shape, [](int64_t side) { return side >= 0; });
      if (is_fixed) facts_[input.name] = std::move(fact);
    }
  }

  // True when the node's outputs are now initializers.
  bool Fold(const Node& node) {
    shape_rules::Call call{node, {}};
    bool known = true;
    for (const std::string& input : node.inputs) {
      const auto found = facts_.find(input);
      call.inputs.push_back(found == facts_.end() ? nullptr : &found->second);
      if (input.empty()) continue;
      const bool has_value = found != facts_.end() && (found->second.constant != nullptr || node.op == "Shape");
      known = known && has_value;
    }
    const bool makes_value = node.op == "Constant" || node.op == "Shape";
    if (!known || !(makes_value || CanEvaluate(node.op))) return false;
    std::vector<shape_rules::Fact> outs = shape_rules::AllRules().at(node.op)(call);
    int64_t count = 0;
    for (const shape_rules::Fact& out : outs) count += shape_rules::CheckedCount(node, out.shape, int64_t{1} << 40);
    if (node.outputs.size() > outs.size() || count > budget_) return false;
    budget_ -= count;
    std::vector<Tensor> values;
    if (makes_value) {
      values.push_back(*outs[0].constant);
    } else {
      values = Evaluate(call, outs);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      Learn(node.outputs[i], graph_.initializers[node.outputs[i]] = std::move(values[i]));
    }
    return true;
  }

 private:
  void Learn(const std::string& name, const Tensor& tensor) {
    // Tensors of graph_.initializers stay where they are in memory while this object lives.
    facts_[name] = {tensor.shape, tensor.type, std::shared_ptr<const Tensor>(std::shared_ptr<const Tensor>(), &tensor)};
  }

  Graph& graph_;
  int64_t budget_;
  std::map<std::string, shape_rules::Fact> facts_;
};

}  // namespace

void RemoveDead(Graph& graph) {
  SortAndCheck(graph, "graph");
  const NameSet read = ReadNames(graph);
  BypassInside(graph, read);
  BypassOutputs(graph, read);
  Sweep(graph);
  SortAndCheck(graph, "graph");
}

void FoldConstants(Graph& graph) {
  SortAndCheck(graph, "graph");
  Folding folding(graph);
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    if (!folding.Fold(node)) kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  Sweep(graph);
  SortAndCheck(graph, "graph");
}

}  // namespace maskscope
