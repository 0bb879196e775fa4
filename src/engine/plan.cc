#include "engine/plan.h"

#include <new>

#include "base/error.h"
#include "engine/lowering.h"
#include "engine/plan_builder.h"

namespace maskscope {

namespace {

void LowerNode(PlanBuilder& builder, const Node& node) {
  if (builder.IsDone(node) || builder.IsKnown(node)) {
    builder.MarkDone(node);
    return;
  }
  for (const auto lower : {LowerKernelBlock, LowerKernelConv, LowerConv, LowerMatrix, LowerPool, LowerPRelu,
                           LowerElementwise, LowerShape, LowerPixels, LowerPad, LowerResize}) {
    if (lower(builder, node)) {
      builder.MarkDone(node);
      return;
    }
  }
  LowerReference(builder, node);
  builder.MarkDone(node);
}

void CheckInputs(const Graph& graph, const InputShapes& inputs) {
  for (const ValueInfo& input : graph.inputs) {
    if (!inputs.contains(input.name)) throw Error{ErrorKind::kBadModel, "input '" + input.name + "' was not given"};
    if (input.type != DataType::kFloat32) {
      throw Error{ErrorKind::kUnsupported, "input '" + input.name + "' is of type " +
                                               std::string(DataTypeName(input.type)) + "; the engine takes float32"};
    }
  }
}

}  // namespace

std::shared_ptr<const Plan> CompilePlan(const Graph& graph, const InputShapes& inputs, const PlanOptions& options,
                                        PackedWeights& packed) {
  CheckInputs(graph, inputs);
  const ThreadCount threads(options.threads);
  try {
    PlanBuilder builder(graph, InferShapes(graph, inputs), options, packed);
    for (const Node* node : LoweringOrder(graph)) LowerNode(builder, *node);
    return std::make_shared<const Plan>(builder.Finish());
  } catch (const std::bad_alloc&) {
    throw Error{ErrorKind::kResource, "no memory to compile the graph '" + graph.name + "'"};
  }
}

}  // namespace maskscope
