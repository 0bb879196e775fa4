#include <map>
#include <set>

#include "engine/lowering.h"
#include "graph/passes.h"
#include "graph/shape_inference.h"

namespace maskscope {

namespace {

constexpr Activation kSwish{Activation::Kind::kSwish, 0, 0};

// Where nobody else reads the value.
bool TakeSwish(const PlanBuilder& builder, Epilogue& epilogue, std::optional<Activation>& slot) {
  const std::optional<Swish> swish = FindSwish(builder, epilogue.value);
  if (!swish || builder.IsOutput(epilogue.value) || builder.Readers(epilogue.value).size() != 2) return false;
  slot = kSwish;
  epilogue.value = swish->product->outputs[0];
  epilogue.nodes.insert(epilogue.nodes.end(), {swish->gate, swish->product});
  epilogue.op += "+Swish";
  return true;
}

void TakeActivation(const PlanBuilder& builder, Epilogue& epilogue, std::optional<Activation>& slot) {
  if (TakeSwish(builder, epilogue, slot)) return;
  const Node* reader = builder.OnlyReader(epilogue.value);
  if (reader == nullptr || builder.IsDone(*reader) || reader->inputs[0] != epilogue.value) return;
  slot = ActivationOf(builder.graph(), *reader);
  if (!slot) return;
  epilogue.value = reader->outputs[0];
  epilogue.nodes.push_back(reader);
  epilogue.op += "+" + reader->op;
}

void TakeResidual(const PlanBuilder& builder, Epilogue& epilogue) {
  const Node* reader = builder.OnlyReader(epilogue.value);
  if (reader == nullptr || reader->op != "Add") return;
  const std::string& other = reader->inputs[reader->inputs[0] == epilogue.value ? 1 : 0];
  const bool ready = builder.IsReady(other) && builder.ConstantOf(other) == nullptr;
  if (!ready || builder.ShapeOf(other) != builder.ShapeOf(epilogue.value)) return;
  epilogue.residual = other;
  epilogue.value = reader->outputs[0];
  epilogue.nodes.push_back(reader);
  epilogue.op += "+Add";
}

// Who makes and who reads each value: Graph's own look-ups walk all nodes.
struct Links {
  std::map<std::string, const Node*> producer;
  std::map<std::string, int> readers;

  explicit Links(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      // A shape is known before anything runs.
      for (const std::string& input : node.inputs) readers[input] += node.op == "Shape" ? 0 : 1;
      for (const std::string& output : node.outputs) producer[output] = &node;
    }
    for (const ValueInfo& output : graph.outputs) ++readers[output.name];
  }
  const Node* Producer(const std::string& value) const {
    const auto found = producer.find(value);
    return found == producer.end() ? nullptr : found->second;
  }
};

// The activation `node` in front of every input of `concat`.
void AppendMoved(const Node& node, Node concat, std::vector<Node>& nodes) {
  for (size_t i = 0; i < concat.inputs.size(); ++i) {
    Node part = node;
    part.name += ":" + std::to_string(i);
    part.inputs[0] = concat.inputs[i];
    part.outputs = {node.outputs[0] + ":" + std::to_string(i)};
    concat.inputs[i] = part.outputs[0];
    nodes.push_back(std::move(part));
  }
  concat.outputs = node.outputs;
  nodes.push_back(std::move(concat));
}

// Concat then activation: the activation goes before, where it is fused into what makes each input.
void PushActivationThroughConcat(Graph& graph) {
  Links links(graph);
  std::map<const Node*, const Node*> concat_of;  // by the activation
  std::set<const Node*> moved;
  for (const Node& node : graph.nodes) {
    if (!ActivationOf(graph, node)) continue;
    const Node* concat = links.Producer(node.inputs[0]);
    if (concat == nullptr || concat->op != "Concat" || links.readers[node.inputs[0]] != 1) continue;
    concat_of[&node] = concat;
    moved.insert(concat);
  }
  std::vector<Node> rewritten;
  for (const Node& node : graph.nodes) {
    if (moved.contains(&node)) continue;
    if (const auto found = concat_of.find(&node); found != concat_of.end()) {
      AppendMoved(node, *found->second, rewritten);
    } else {
      rewritten.push_back(node);
    }
  }
  graph.nodes = std::move(rewritten);
}

}  // namespace

std::optional<Swish> FindSwish(const PlanBuilder& builder, const std::string& value) {
  for (const Node* gate : builder.Readers(value)) {
    if (gate->op != "Sigmoid" || builder.IsDone(*gate)) continue;
    const Node* product = builder.OnlyReader(gate->outputs[0]);
    if (product == nullptr || product->op != "Mul" || builder.IsDone(*product)) continue;
    const size_t other = product->inputs[0] == gate->outputs[0] ? 1 : 0;
    if (product->inputs[other] == value) return Swish{gate, product};
  }
  return std::nullopt;
}

std::vector<const Node*> LoweringOrder(const Graph& graph) {
  Links links(graph);
  std::map<const Node*, std::vector<const Node*>> before;  // what moves, last first, by the Add
  std::set<const Node*> moved;
  for (const Node& add : graph.nodes) {
    if (add.op != "Add") continue;
    for (size_t side = 0; side < 2; ++side) {
      const Node* resize = links.Producer(add.inputs[side]);
      if (resize == nullptr || resize->op != "Resize") continue;
      const Node* node = links.Producer(add.inputs[1 - side]);
      while (node != nullptr && links.readers[node->outputs[0]] == 1 &&
             (node->op == "Conv" || ActivationOf(graph, *node))) {
        if (moved.insert(node).second) before[&add].push_back(node);
        node = node->op == "Conv" ? nullptr : links.Producer(node->inputs[0]);
      }
    }
  }
  std::vector<const Node*> order;
  for (const Node& node : graph.nodes) {
    if (moved.contains(&node)) continue;
    if (const auto found = before.find(&node); found != before.end()) {
      order.insert(order.end(), found->second.rbegin(), found->second.rend());
    }
    order.push_back(&node);
  }
  return order;
}

Epilogue FindEpilogue(const PlanBuilder& builder, const Node& node, bool residuals) {
  Epilogue epilogue;
  epilogue.value = node.outputs[0];
  epilogue.op = node.op;
  TakeActivation(builder, epilogue, epilogue.activation);
  if (!residuals) return epilogue;
  TakeResidual(builder, epilogue);
  if (!epilogue.residual.empty()) TakeActivation(builder, epilogue, epilogue.activation_of_sum);
  return epilogue;
}

void DropLast(Epilogue& epilogue, const Node& node) {
  std::optional<Activation> dropped;
  if (epilogue.activation_of_sum) {
    dropped.swap(epilogue.activation_of_sum);
  } else if (!epilogue.residual.empty()) {
    epilogue.residual.clear();
  } else {
    dropped.swap(epilogue.activation);
  }
  if (dropped == kSwish) epilogue.nodes.pop_back();  // of two nodes
  epilogue.nodes.pop_back();
  epilogue.value = epilogue.nodes.empty() ? node.outputs[0] : epilogue.nodes.back()->outputs[0];
  epilogue.op.erase(epilogue.op.rfind('+'));
}

Graph PrepareForPlans(Graph taken) {
  FoldConstants(taken);
  RemoveDead(taken);
  FoldBatchNorm(taken);
  PushActivationThroughConcat(taken);
  RemoveDead(taken);
  return taken;
}

}  // namespace maskscope
