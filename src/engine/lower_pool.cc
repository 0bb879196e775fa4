#include "engine/lowering.h"
#include "engine/pool.h"

namespace maskscope {

namespace {

bool LowerWindowPool(PlanBuilder& builder, const Node& node) {
  const Shape& in = builder.ShapeOf(node.inputs[0]);
  if (!IsRank4(in) || (node.outputs.size() > 1 && !node.outputs[1].empty())) return false;
  const Window window = ResolveWindow(node, in, node.Ints("kernel_shape", {}));
  const auto pool = node.op == "MaxPool" ? MaxPoolBlocked : AveragePoolBlocked;
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kBlocked});
  Step step{node.name, node.op, "pool", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return
        [=, src = bases.At(from), dst = bases.At(to)] { pool(from, src.floats(), to, dst.floats(), window, threads); };
  };
  builder.Emit(std::move(step));
  return true;
}

// The mean over height and width, whatever the operator is called.
bool IsGlobalMean(const PlanBuilder& builder, const Node& node) {
  const Shape& in = builder.ShapeOf(node.inputs[0]);
  if (!IsRank4(in) || in[2] * in[3] == 0) return false;
  if (node.op == "GlobalAveragePool") return true;
  const std::vector<int64_t> axes = node.Ints("axes", {});
  return node.op == "ReduceMean" && (axes == std::vector<int64_t>{2, 3} || axes == std::vector<int64_t>{-2, -1});
}

bool LowerGlobalMean(PlanBuilder& builder, const Node& node) {
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kPlain}, ElementType::kF32, false);
  Step step{node.name, node.op, "global_average", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      GlobalAverageBlocked(from, src.floats(), dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

}  // namespace

bool LowerPool(PlanBuilder& builder, const Node& node) {
  if (node.op == "MaxPool" || node.op == "AveragePool") return LowerWindowPool(builder, node);
  if (node.op == "GlobalAveragePool" || node.op == "ReduceMean") {
    return IsGlobalMean(builder, node) && LowerGlobalMean(builder, node);
  }
  return false;
}

}  // namespace maskscope
