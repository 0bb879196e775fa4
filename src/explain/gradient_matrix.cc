#include <algorithm>

#include "engine/reference_ops.h"
#include "explain/gradient_ops.h"

// Matrix products, means and softmax.
namespace maskscope {
namespace {

Tensor Transposed(const Tensor& matrix) {
  const int64_t rows = matrix.shape[0], columns = matrix.shape[1];
  Tensor result = MakeTensor(DataType::kFloat32, {columns, rows});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) result.floats[j * rows + i] = matrix.floats[i * columns + j];
  }
  return result;
}

// [rows, inner] times [inner, columns] is added to `into` [rows, columns].
void AddProduct(const float* a, const float* b, int64_t rows, int64_t inner, int64_t columns, float factor,
                float* into) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < inner; ++k) {
      const float scale = factor * a[i * inner + k];
      if (scale == 0) continue;
      for (int64_t j = 0; j < columns; ++j) into[i * columns + j] += scale * b[k * columns + j];
    }
  }
}

// y = alpha a' b' + beta c with a' [m, k], b' [k, n]: the gradient of a' is alpha g b'^T, that of b' alpha a'^T g.
std::vector<Tensor> Gemm(const GradientCall& call) {
  const Tensor& gradient = call.Gradient();
  std::vector<Tensor> result(call.inputs.size());
  const bool trans_a = call.node.Int("transA", 0) != 0, trans_b = call.node.Int("transB", 0) != 0;
  const float alpha = call.node.Float("alpha", 1);
  const int64_t m = gradient.shape[0], n = gradient.shape[1], k = call.input_shapes[1][trans_b ? 1 : 0];
  if (call.Wants(0)) {
    const Tensor& b = call.In(1);
    const Tensor rows_of_n = trans_b ? b : Transposed(b);  // [n, k]
    Tensor of_a = Tensor::Filled({m, k}, 0);
    AddProduct(gradient.floats.data(), rows_of_n.floats.data(), m, n, k, alpha, of_a.floats.data());
    result[0] = trans_a ? Transposed(of_a) : std::move(of_a);
  }
  if (call.Wants(1)) {
    const Tensor& a = call.In(0);
    const Tensor rows_of_k = trans_a ? a : Transposed(a);  // [k, m]
    Tensor of_b = Tensor::Filled({k, n}, 0);
    AddProduct(rows_of_k.floats.data(), gradient.floats.data(), k, m, n, alpha, of_b.floats.data());
    result[1] = trans_b ? Transposed(of_b) : std::move(of_b);
  }
  if (call.Wants(2)) {
    result[2] = SumTo(gradient, call.input_shapes[2]);
    for (float& value : result[2].floats) value *= call.node.Float("beta", 1);
  }
  return result;
}

// Matrices as [batch..., rows, columns] whatever their rank.
struct Matrices {
  Shape batch;
  int64_t rows, columns;
};
Matrices Parts(Shape shape, bool left) {
  if (shape.size() == 1) shape.insert(left ? shape.begin() : shape.end(), 1);
  return {{shape.begin(), shape.end() - 2}, shape[shape.size() - 2], shape.back()};
}

std::vector<Tensor> MatMul(const GradientCall& call) {
  const Tensor& gradient = call.Gradient();
  const Matrices a = Parts(call.input_shapes[0], true), b = Parts(call.input_shapes[1], false);
  const Shape batch = BroadcastShapes(call.node, a.batch, b.batch);
  const auto a_strides = BroadcastStrides(a.batch, batch), b_strides = BroadcastStrides(b.batch, batch);
  const int64_t m = a.rows, k = a.columns, n = b.columns;
  std::vector<Tensor> result(2);
  for (size_t i = 0; i < 2; ++i) {
    if (call.Wants(i)) result[i] = Tensor::Filled(call.input_shapes[i], 0);
  }
  ForEachIndex(batch, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
    const float* g = gradient.floats.data() + at++ * m * n;
    const int64_t a_at = Dot(i, a_strides) * m * k, b_at = Dot(i, b_strides) * k * n;
    if (call.Wants(0)) {
      const float* other = call.In(1).floats.data() + b_at;
      const Tensor turned = Transposed(Tensor::Floats({k, n}, {other, other + k * n}));
      AddProduct(g, turned.floats.data(), m, n, k, 1, result[0].floats.data() + a_at);
    }
    if (call.Wants(1)) {
      const float* other = call.In(0).floats.data() + a_at;
      const Tensor turned = Transposed(Tensor::Floats({m, k}, {other, other + m * k}));
      AddProduct(turned.floats.data(), g, k, m, n, 1, result[1].floats.data() + b_at);
    }
  });
  return result;
}

std::vector<Tensor> Reduce(const GradientCall& call, bool mean) {
  const Shape& in = call.input_shapes[0];
  const auto rank = static_cast<int64_t>(in.size());
  std::vector<int64_t> axes = call.node.Ints("axes", {});
  if (call.Has(1)) axes = call.In(1).ints;
  Shape kept = in;
  if (axes.empty()) kept.assign(in.size(), 1);
  for (const int64_t axis : axes) kept[static_cast<size_t>(NormalizeAxis(call.node, axis, rank))] = 1;
  const auto strides = BroadcastStrides(kept, in);
  const int64_t count = ElementCount(in) / std::max<int64_t>(1, ElementCount(kept));
  const float factor = mean ? 1.0f / static_cast<float>(count) : 1.0f;
  std::vector<Tensor> result(call.inputs.size());
  result[0] = MakeTensor(DataType::kFloat32, in);
  ForEachIndex(in, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    result[0].floats[at++] = factor * call.Gradient().floats[static_cast<size_t>(Dot(i, strides))];
  });
  return result;
}
std::vector<Tensor> ReduceMean(const GradientCall& call) { return Reduce(call, true); }
std::vector<Tensor> ReduceSum(const GradientCall& call) { return Reduce(call, false); }

// dx = y (g - sum of g y along the axis).
std::vector<Tensor> Softmax(const GradientCall& call) {
  const Tensor& y = *call.output;
  Tensor result = call.Gradient();
  const int64_t axis = NormalizeAxis(call.node, call.node.Int("axis", -1), static_cast<int64_t>(y.shape.size()));
  const int64_t inner = ElementCount({y.shape.begin() + axis + 1, y.shape.end()}), length = y.shape[axis];
  const int64_t lines = length == 0 ? 0 : ElementCount(y.shape) / length;
  for (int64_t line = 0; line < lines; ++line) {
    const int64_t first = line / inner * length * inner + line % inner;
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += double{result.floats[first + i * inner]} * y.floats[first + i * inner];
    for (int64_t i = 0; i < length; ++i) {
      float& value = result.floats[first + i * inner];
      value = static_cast<float>(y.floats[first + i * inner] * (value - sum));
    }
  }
  return {result};
}

}  // namespace

const GradientRules& MatrixGradients() {
  using enum GradientReads;
  static const GradientRules rules = {
      {"Gemm", {kOthers, Gemm}},
      {"MatMul", {kOthers, MatMul}},
      {"ReduceMean", {kNothing, ReduceMean}},
      {"ReduceSum", {kNothing, ReduceSum}},
      {"Softmax", {kOutput, Softmax}},
  };
  return rules;
}

}  // namespace maskscope
