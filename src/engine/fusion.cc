#include "engine/lowering.h"
#include "graph/passes.h"
#include "graph/shape_inference.h"

namespace maskscope {

namespace {

void TakeActivation(const PlanBuilder& builder, Epilogue& epilogue, std::optional<Activation>& slot) {
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

// Concat then activation: the activation goes before, where it is fused into what makes each input.
void PushActivationThroughConcat(Graph& graph) {
  std::map<std::string, int> readers;
  for (const Node& node : graph.nodes) {
    for (const std::string& input : node.inputs) ++readers[input];
  }
  for (const ValueInfo& output : graph.outputs) ++readers[output.name];
  std::vector<Node> rewritten;
  for (Node& node : graph.nodes) {
    const Node* concat = ActivationOf(graph, node) ? graph.FindProducer(node.inputs[0]) : nullptr;
    if (concat == nullptr || concat->op != "Concat" || readers[node.inputs[0]] != 1) {
      rewritten.push_back(node);
      continue;
    }
    Node moved = *concat;
    std::erase_if(rewritten, [&](const Node& other) { return other.name == concat->name; });
    for (size_t i = 0; i < moved.inputs.size(); ++i) {
      Node part = node;
      part.name += ":" + std::to_string(i);
      part.inputs[0] = moved.inputs[i];
      part.outputs = {node.outputs[0] + ":" + std::to_string(i)};
      moved.inputs[i] = part.outputs[0];
      rewritten.push_back(std::move(part));
    }
    moved.outputs = node.outputs;
    rewritten.push_back(std::move(moved));
  }
  graph.nodes = std::move(rewritten);
}

}  // namespace

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

Graph PrepareForPlans(Graph taken) {
  FoldConstants(taken);
  RemoveDead(taken);
  FoldBatchNorm(taken);
  PushActivationThroughConcat(taken);
  RemoveDead(taken);
  return taken;
}

}  // namespace maskscope
