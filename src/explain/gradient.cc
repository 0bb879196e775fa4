#include "explain/gradient.h"

#include <algorithm>

#include "base/error.h"
#include "explain/gradient_ops.h"

namespace maskscope {
namespace {

using Names = std::set<std::string>;

// `wanted` and all that is computed from it.
Names DependentsOf(const Graph& graph, const Names& wanted) {
  Names dependents = wanted;
  for (const Node& node : graph.nodes) {
    const bool reads = std::ranges::any_of(node.inputs, [&](const std::string& in) { return dependents.contains(in); });
    if (reads) dependents.insert(node.outputs.begin(), node.outputs.end());
  }
  return dependents;
}

bool EndsSquashed(const Node& node) { return node.op == "Softmax" || node.op == "Sigmoid"; }

// The way back: gradients of values not yet passed on, and whether a value is seen by the score through moves alone.
class BackwardPass {
 public:
  BackwardPass(const Graph& graph, const InferredShapes& inferred, const std::map<std::string, Tensor>& values,
               const Names& wanted)
      : graph_(graph), inferred_(inferred), values_(values), dependents_(DependentsOf(graph, wanted)) {}

  void Seed(const Score& score) {
    for (const ScoreTerm& term : score) {
      const auto shape = inferred_.shapes.find(term.output);
      if (shape == inferred_.shapes.end() || term.index < 0 || term.index >= ElementCount(shape->second)) {
        throw Error(ErrorKind::kInternal,
                    "no value " + std::to_string(term.index) + " in output '" + term.output + "'");
      }
      auto [entry, is_new] = gradients_.try_emplace(term.output, Tensor::Filled(shape->second, 0));
      entry->second.floats[static_cast<size_t>(term.index)] += term.weight;
      final_.insert(term.output);
    }
  }

  void Run() {
    for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) Pass(*node);
  }

  std::map<std::string, Tensor> Take(const Names& wanted) {
    std::map<std::string, Tensor> taken;
    for (const std::string& name : wanted) {
      if (const auto found = gradients_.find(name); found != gradients_.end()) taken.insert(std::move(*found));
    }
    return taken;
  }

 private:
  bool IsZero(const Tensor& tensor) const {
    return std::ranges::all_of(tensor.floats, [](float value) { return value == 0; });
  }

  const Tensor* Known(const std::string& name) const {
    if (const Tensor* constant = graph_.FindInitializer(name)) return constant;
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }

  void Pass(const Node& node) {
    GradientCall call{node, {}, {}, {}, nullptr, {}, {}};
    bool reached = false, is_final = true;
    for (const std::string& output : node.outputs) {
      const auto found = gradients_.find(output);
      const bool carries = found != gradients_.end() && !IsZero(found->second);
      call.output_gradients.push_back(carries ? &found->second : nullptr);
      call.output_shapes.push_back(output.empty() ? Shape{} : inferred_.shapes.at(output));
      reached = reached || carries;
      is_final = is_final && (!carries || final_.contains(output));
    }
    bool leads_on = false;
    for (const std::string& input : node.inputs) {
      const bool wanted = !input.empty() && dependents_.contains(input);
      call.wanted.push_back(wanted);
      call.input_shapes.push_back(input.empty() ? Shape{} : inferred_.shapes.at(input));
      call.inputs.push_back(input.empty() ? nullptr : Known(input));
      leads_on = leads_on || wanted;
    }
    if (!reached || !leads_on) return;
    const bool as_logits = is_final && EndsSquashed(node);
    if (as_logits) {
      Collect(node, {*call.output_gradients[0]}, false);
      return;
    }
    const GradientRule& rule = FindGradientRule(node);
    call.output = Known(node.outputs[0]);
    if (rule.reads == GradientReads::kOutput && call.output == nullptr) {
      throw Error(ErrorKind::kInternal, "the value '" + node.outputs[0] + "' was not read");
    }
    Collect(node, rule.kernel(call), is_final && IsMoving(node.op));
  }

  void Collect(const Node& node, std::vector<Tensor> gradients, bool is_final) {
    for (size_t i = 0; i < gradients.size() && i < node.inputs.size(); ++i) {
      const std::string& input = node.inputs[i];
      if (gradients[i].floats.empty() || !dependents_.contains(input)) continue;
      const auto [entry, is_new] = gradients_.try_emplace(input, Tensor{});
      if (is_new) {
        entry->second = std::move(gradients[i]);
        if (is_final) final_.insert(input);
        continue;
      }
      if (!is_final && !IsZero(gradients[i])) final_.erase(input);
      for (size_t k = 0; k < entry->second.floats.size(); ++k) entry->second.floats[k] += gradients[i].floats[k];
    }
  }

  const Graph& graph_;
  const InferredShapes& inferred_;
  const std::map<std::string, Tensor>& values_;
  const Names dependents_;
  std::map<std::string, Tensor> gradients_;
  Names final_;
};

// Values that the score is computed from.
Names SourcesOf(const Graph& graph, const Score& score) {
  Names sources;
  for (const ScoreTerm& term : score) sources.insert(term.output);
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool used = std::ranges::any_of(node->outputs, [&](const std::string& out) { return sources.contains(out); });
    if (used) sources.insert(node->inputs.begin(), node->inputs.end());
  }
  return sources;
}

}  // namespace

std::vector<std::string> ValuesToRead(const Graph& graph, const Score& score, const Names& wanted) {
  const Names dependents = DependentsOf(graph, wanted), sources = SourcesOf(graph, score);
  Names read;
  for (const Node& node : graph.nodes) {
    const bool used = std::ranges::any_of(node.outputs, [&](const std::string& out) { return sources.contains(out); });
    const bool leads = std::ranges::any_of(node.inputs, [&](const std::string& in) { return dependents.contains(in); });
    const bool is_maker =
        std::ranges::all_of(node.outputs, [&](const std::string& out) { return wanted.contains(out); });
    if (!used || !leads || (is_maker && !node.outputs.empty() && wanted.size() == 1)) continue;
    const GradientReads reads = FindGradientRule(node).reads;
    if (reads == GradientReads::kOutput) read.insert(node.outputs[0]);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      bool needed = reads == GradientReads::kAll || (reads == GradientReads::kInput && i == 0);
      if (reads == GradientReads::kOthers) {
        for (size_t k = 0; k < node.inputs.size(); ++k)
          needed = needed || (k != i && dependents.contains(node.inputs[k]));
      }
      const bool constant = node.inputs[i].empty() || graph.FindInitializer(node.inputs[i]) != nullptr;
      if (needed && !constant) read.insert(node.inputs[i]);
    }
  }
  return {read.begin(), read.end()};
}

std::map<std::string, Tensor> Backpropagate(const Graph& graph, const InferredShapes& inferred,
                                            const std::map<std::string, Tensor>& values, const Score& score,
                                            const Names& wanted) {
  BackwardPass pass(graph, inferred, values, wanted);
  pass.Seed(score);
  pass.Run();
  return pass.Take(wanted);
}

}  // namespace maskscope
