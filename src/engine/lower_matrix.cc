#include "engine/lowering.h"
#include "engine/reference_ops.h"

namespace maskscope {

namespace {

struct MatMul {
  DnnlMatMulSpec spec;
  Epilogue epilogue;
};

void EmitMatMul(PlanBuilder& builder, const Node& node, const MatMul& product, const std::shared_ptr<DnnlOp>& op) {
  const DnnlMatMulSpec& spec = product.spec;
  const Place src = builder.Read(node.inputs[0], {Format::kPlain}, spec.src_type);
  std::optional<Place> other;
  if (spec.other == nullptr) other = builder.Read(node.inputs[1], {Format::kPlain}, spec.src_type);
  for (const Node* along : product.epilogue.nodes) builder.MarkDone(*along);
  const Place dst = builder.Write(product.epilogue.value, {Format::kPlain}, ElementType::kF32, false);
  const int scratch = builder.Scratch(op->ScratchBytes());
  Step step{node.name, product.epilogue.op, op->KernelName(), {src.buffer}, {dst.buffer, scratch}, nullptr};
  if (other) step.reads.push_back(other->buffer);
  step.bind = [op, src, other, dst, scratch](const Bases& bases) -> Work {
    const auto call = std::make_shared<DnnlOp::Call>(op->NewCall());
    const Pointer right = other ? bases.At(*other) : Pointer();
    return [op, call, right, from = bases.At(src), to = bases.At(dst), spare = bases.At(scratch)] {
      call->Execute({from.As<void>(), right.As<void>(), to.As<void>(), spare.As<void>()});
    };
  };
  builder.Emit(std::move(step));
}

bool LowerGemm(PlanBuilder& builder, const Node& node) {
  const Tensor* right = builder.ConstantOf(node.inputs[1]);
  const Tensor* bias = node.HasInput(2) ? builder.ConstantOf(node.inputs[2]) : nullptr;
  const Shape& out = builder.ShapeOf(node.outputs[0]);
  const bool plain_bias = !node.HasInput(2) || (bias != nullptr && ElementCount(bias->shape) == out[1]);
  const bool scaled = node.Float("alpha", 1) != 1 || (node.HasInput(2) && node.Float("beta", 1) != 1);
  if (right == nullptr || !plain_bias || scaled || node.Int("transA", 0) != 0) return false;
  // A bias of one column per row looks alike when the matrix is square.
  if (bias != nullptr && bias->shape.back() != out[1]) return false;
  MatMul product;
  DnnlMatMulSpec& spec = product.spec;
  spec.m = out[0];
  spec.n = out[1];
  spec.k = builder.ShapeOf(node.inputs[0])[1];
  if (spec.m * spec.n * spec.k == 0) return false;
  spec.other = right->floats.data();
  spec.other_transposed = node.Int("transB", 0) != 0;
  spec.bias = bias != nullptr ? bias->floats.data() : nullptr;
  spec.weights_key = node.name;
  product.epilogue = FindEpilogue(builder, node, false);
  spec.activation = product.epilogue.activation;
  const std::shared_ptr<DnnlOp> op = MakeDnnlMatMul(spec, builder.packed());
  if (!op) return false;
  EmitMatMul(builder, node, product, op);
  return true;
}

// Leading axes as one batch where one side has none or both have the same.
bool LowerMatMul(PlanBuilder& builder, const Node& node) {
  const Shape &left = builder.ShapeOf(node.inputs[0]), &right = builder.ShapeOf(node.inputs[1]);
  if (left.size() < 2 || right.size() < 2) return false;
  const Shape left_batch(left.begin(), left.end() - 2), right_batch(right.begin(), right.end() - 2);
  const int64_t left_count = ElementCount(left_batch), right_count = ElementCount(right_batch);
  if (left_batch != right_batch && right_count != 1) return false;
  MatMul product;
  DnnlMatMulSpec& spec = product.spec;
  spec.m = left[left.size() - 2];
  spec.k = left.back();
  spec.n = right.back();
  spec.batch = left_count;
  if (right_count == 1) {
    // All rows of the left side meet the same matrix.
    spec.m *= left_count;
    spec.batch = 1;
  }
  if (spec.batch * spec.m * spec.n * spec.k == 0) return false;
  const Tensor* constant = builder.ConstantOf(node.inputs[1]);
  if (constant != nullptr && spec.batch == 1) spec.other = constant->floats.data();
  spec.weights_key = node.name;
  product.epilogue = FindEpilogue(builder, node, false);
  spec.activation = product.epilogue.activation;
  const std::shared_ptr<DnnlOp> op = MakeDnnlMatMul(spec, builder.packed());
  if (!op) return false;
  EmitMatMul(builder, node, product, op);
  return true;
}

}  // namespace

bool LowerMatrix(PlanBuilder& builder, const Node& node) {
  if (node.op == "Gemm") return LowerGemm(builder, node);
  if (node.op == "MatMul") return LowerMatMul(builder, node);
  return false;
}

}  // namespace maskscope
