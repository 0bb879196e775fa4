#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/reference_ops.h"

// Matrix products, and operators that reduce along axes.
namespace maskscope {

namespace {

std::vector<Tensor> Gemm(const ReferenceCall& call) {
  const Tensor& a = call.FloatIn(0);
  const Tensor& b = call.FloatIn(1);
  if (a.shape.size() != 2 || b.shape.size() != 2) ThrowNodeError(call.node, "Gemm takes two matrices");
  const bool trans_a = call.node.Int("transA", 0) != 0, trans_b = call.node.Int("transB", 0) != 0;
  const int64_t m = a.shape[trans_a ? 1 : 0], k = a.shape[trans_a ? 0 : 1], n = b.shape[trans_b ? 0 : 1];
  if (b.shape[trans_b ? 1 : 0] != k) {
    ThrowNodeError(call.node, "matrices " + ToString(a.shape) + " and " + ToString(b.shape) + " do not fit");
  }
  const double alpha = call.node.Float("alpha", 1), beta = call.node.Float("beta", 1);
  Tensor y = MakeTensor(DataType::kFloat32, {m, n});
  std::vector<int64_t> c_strides = {0, 0};
  if (call.Has(2)) {
    if (BroadcastShapes(call.node, call.FloatIn(2).shape, y.shape) != y.shape)
      ThrowNodeError(call.node, "C does not fit");
    c_strides = BroadcastStrides(call.In(2).shape, y.shape);
  }
  ForEachIndex(y.shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    double sum = 0;
    for (int64_t l = 0; l < k; ++l) {
      sum += double{a.floats[trans_a ? l * m + i[0] : i[0] * k + l]} * b.floats[trans_b ? i[1] * k + l : l * n + i[1]];
    }
    y.floats[at++] = static_cast<float>(alpha * sum + (call.Has(2) ? beta * call.In(2).floats[Dot(i, c_strides)] : 0));
  });
  return {y};
}

// Vectors become matrices of one row (left) or column (right); leading axes broadcast.
std::vector<Tensor> MatMul(const ReferenceCall& call) {
  const Tensor& a = call.FloatIn(0);
  const Tensor& b = call.FloatIn(1);
  if (a.shape.empty() || b.shape.empty()) ThrowNodeError(call.node, "MatMul does not take scalars");
  Shape a_shape = a.shape, b_shape = b.shape;
  if (a_shape.size() == 1) a_shape.insert(a_shape.begin(), 1);
  if (b_shape.size() == 1) b_shape.push_back(1);
  const int64_t m = a_shape[a_shape.size() - 2], k = a_shape.back(), n = b_shape.back();
  if (b_shape[b_shape.size() - 2] != k) {
    ThrowNodeError(call.node, "matrices " + ToString(a.shape) + " and " + ToString(b.shape) + " do not fit");
  }
  const Shape a_batch(a_shape.begin(), a_shape.end() - 2), b_batch(b_shape.begin(), b_shape.end() - 2);
  const Shape batch = BroadcastShapes(call.node, a_batch, b_batch);
  const auto a_strides = BroadcastStrides(a_batch, batch), b_strides = BroadcastStrides(b_batch, batch);
  Shape out = batch;
  if (a.shape.size() > 1) out.push_back(m);
  if (b.shape.size() > 1) out.push_back(n);
  Tensor y = MakeTensor(DataType::kFloat32, out);
  ForEachIndex(batch, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const float* left = a.floats.data() + Dot(i, a_strides) * m * k;
    const float* right = b.floats.data() + Dot(i, b_strides) * k * n;
    for (int64_t row = 0; row < m; ++row) {
      for (int64_t column = 0; column < n; ++column) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l) sum += double{left[row * k + l]} * right[l * n + column];
        y.floats[at++] = static_cast<float>(sum);
      }
    }
  });
  return {y};
}

std::vector<bool> ReducedAxes(const ReferenceCall& call, int64_t rank) {
  std::vector<int64_t> axes = call.node.Ints("axes", {});
  if (call.Has(1)) axes = call.IntIn(1).ints;
  std::vector<bool> reduced(rank, axes.empty());
  for (const int64_t axis : axes) reduced[NormalizeAxis(call.node, axis, rank)] = true;
  return reduced;
}

std::vector<Tensor> Reduce(const ReferenceCall& call, bool mean) {
  const Tensor& x = call.FloatIn(0);
  const auto rank = static_cast<int64_t>(x.shape.size());
  const std::vector<bool> reduced = ReducedAxes(call, rank);
  Shape kept = x.shape, out;
  const bool keep_dims = call.node.Int("keepdims", 1) != 0;
  for (int64_t i = 0; i < rank; ++i) {
    if (reduced[i]) kept[i] = 1;
    if (!reduced[i] || keep_dims) out.push_back(kept[i]);
  }
  std::vector<double> sums(ElementCount(kept), 0.0);
  const auto strides = BroadcastStrides(kept, x.shape);
  ForEachIndex(x.shape,
               [&, at = size_t{0}](const std::vector<int64_t>& i) mutable { sums[Dot(i, strides)] += x.floats[at++]; });
  Tensor y = MakeTensor(DataType::kFloat32, out);
  const double divisor = mean && !sums.empty() ? double(ElementCount(x.shape)) / double(sums.size()) : 1;
  for (size_t i = 0; i < sums.size(); ++i) y.floats[i] = static_cast<float>(sums[i] / divisor);
  return {y};
}

std::vector<Tensor> ReduceMean(const ReferenceCall& call) { return Reduce(call, true); }
std::vector<Tensor> ReduceSum(const ReferenceCall& call) { return Reduce(call, false); }

std::vector<Tensor> Softmax(const ReferenceCall& call) {
  Tensor y = call.FloatIn(0);
  const int64_t axis = NormalizeAxis(call.node, call.node.Int("axis", -1), static_cast<int64_t>(y.shape.size()));
  const int64_t inner = ElementCount({y.shape.begin() + axis + 1, y.shape.end()});
  const int64_t length = y.shape[axis], outer = length * inner == 0 ? 0 : ElementCount(y.shape) / (length * inner);
  for (int64_t line = 0; line < outer * inner; ++line) {
    float* first = y.floats.data() + line / inner * length * inner + line % inner;
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i < length; ++i) largest = std::max(largest, double{first[i * inner]});
    for (int64_t i = 0; i < length; ++i) sum += std::exp(first[i * inner] - largest);
    for (int64_t i = 0; i < length; ++i) {
      first[i * inner] = static_cast<float>(std::exp(first[i * inner] - largest) / sum);
    }
  }
  return {y};
}

}  // namespace

const ReferenceKernels& MatrixKernels() {
  static const ReferenceKernels kernels = {
      {"Gemm", Gemm}, {"MatMul", MatMul}, {"ReduceMean", ReduceMean}, {"ReduceSum", ReduceSum}, {"Softmax", Softmax},
  };
  return kernels;
}

}  // namespace maskscope
