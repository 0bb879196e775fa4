#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/operators.h"
#include "train/torch_ops.h"

namespace maskscope {

namespace {

// [top, bottom, left, right] -> the (last axis first) order of constant_pad_nd.
at::Tensor PadPlane(const at::Tensor& x, int64_t top, int64_t bottom, int64_t left, int64_t right, double value) {
  if (top == 0 && bottom == 0 && left == 0 && right == 0) return x;
  return at::constant_pad_nd(x, {left, right, top, bottom}, value);
}

Shape Sizes(const at::Tensor& tensor) { return tensor.sizes().vec(); }

std::vector<at::Tensor> Conv(const OpCall& call) {
  const at::Tensor& weight = call.In(1);
  if (call.In(0).dim() != 4 || weight.dim() != 4) {
    Unsupported(call.node,
                "only convolutions over two axes are supported, found weights of rank " + std::to_string(weight.dim()));
  }
  const Window w = ResolveWindow(call.node, Sizes(call.In(0)), {weight.size(2), weight.size(3)});
  const bool symmetric = w.pad_top == w.pad_bottom && w.pad_left == w.pad_right;
  const at::Tensor x =
      symmetric ? call.In(0) : PadPlane(call.In(0), w.pad_top, w.pad_bottom, w.pad_left, w.pad_right, 0);
  const std::vector<int64_t> padding = symmetric ? Shape{w.pad_top, w.pad_left} : Shape{0, 0};
  const at::Tensor bias = call.Has(2) ? call.In(2) : at::Tensor();
  return {at::conv2d(x, weight, bias, {w.stride_h, w.stride_w}, padding, {w.dilation_h, w.dilation_w}, w.groups)};
}

// Batch statistics over several processes' shares of a batch, differentiable through `sum`; what torch's SyncBatchNorm
// computes. Running statistics get the unbiased variance, as in the plain one.
at::Tensor JoinedBatchNorm(const OpCall& call, double epsilon) {
  const at::Tensor x = call.In(0).to(at::kFloat);  // [batch, channels, height, width]
  const auto& sum = *call.sum_over_peers;
  const auto per_channel = [](const at::Tensor& t) { return t.reshape({1, -1, 1, 1}); };
  const double count =
      sum(at::full({1}, static_cast<double>(x.numel() / x.size(1)), at::kFloat)).item<double>();  // of each channel
  const at::Tensor mean = sum(x.sum({0, 2, 3})) / count;
  const at::Tensor centred = x - per_channel(mean);
  const at::Tensor variance = sum(centred.square().sum({0, 2, 3})) / count;
  {
    const at::NoGradGuard no_grad;
    at::Tensor running_mean = call.In(3), running_variance = call.In(4);
    running_mean.lerp_(mean.detach(), call.batch_norm_momentum);
    running_variance.lerp_(variance.detach() * (count / std::max(count - 1, 1.0)), call.batch_norm_momentum);
  }
  return centred * per_channel(call.In(1) * (variance + epsilon).rsqrt()) + per_channel(call.In(2));
}

std::vector<at::Tensor> BatchNormalization(const OpCall& call) {
  const double epsilon = call.node.Float("epsilon", 1e-5f);
  if (call.batch_statistics && call.sum_over_peers != nullptr && call.In(0).dim() == 4) {
    return {JoinedBatchNorm(call, epsilon)};
  }
  return {at::batch_norm(call.In(0), call.In(1), call.In(2), call.In(3), call.In(4), call.batch_statistics,
                         call.batch_norm_momentum, epsilon, false)};
}

Window PoolWindow(const OpCall& call) {
  if (call.In(0).dim() != 4) Unsupported(call.node, "only pooling over two axes is supported");
  const std::vector<int64_t> kernel = call.node.Ints("kernel_shape", {});
  if (kernel.size() != 2) Unsupported(call.node, "kernel_shape must name two sides");
  return ResolveWindow(call.node, Sizes(call.In(0)), kernel);
}

// What must follow the last row for `out` windows to fit; negative where the last rows are not reached.
int64_t TailPad(int64_t out, int64_t stride, int64_t dilation, int64_t kernel, int64_t in, int64_t before) {
  return (out - 1) * stride + dilation * (kernel - 1) + 1 - in - before;
}

// Pads so that a floor-mode pool without padding of its own gives exactly out_h x out_w.
at::Tensor PadForPool(const at::Tensor& x, const Window& w, double value) {
  const int64_t bottom = TailPad(w.out_h, w.stride_h, w.dilation_h, w.kernel_h, x.size(2), w.pad_top);
  const int64_t right = TailPad(w.out_w, w.stride_w, w.dilation_w, w.kernel_w, x.size(3), w.pad_left);
  return PadPlane(x, w.pad_top, bottom, w.pad_left, right, value);
}

std::vector<at::Tensor> MaxPool(const OpCall& call) {
  if (call.node.outputs.size() > 1 && !call.node.outputs[1].empty()) {
    Unsupported(call.node, "the second output (indices) is not supported");
  }
  const Window w = PoolWindow(call);
  const at::Tensor x = PadForPool(call.In(0), w, -std::numeric_limits<double>::infinity());
  return {at::max_pool2d(x, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w}, {0, 0}, {w.dilation_h, w.dilation_w})};
}

std::vector<at::Tensor> AveragePool(const OpCall& call) {
  const Window w = PoolWindow(call);
  if (w.dilation_h != 1 || w.dilation_w != 1) Unsupported(call.node, "dilated average pooling is not supported");
  const at::Tensor& x = call.In(0);
  const auto pool = [&](const at::Tensor& t) {
    return at::avg_pool2d(t, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w}, {0, 0});
  };
  const at::Tensor sums = pool(PadForPool(x, w, 0));
  // The share of each window that counts: the picture alone, or with the explicit padding. What ceil_mode adds never
  // counts.
  at::Tensor counted = at::ones({1, 1, x.size(2), x.size(3)}, x.options());
  counted = PadPlane(counted, w.pad_top, w.pad_bottom, w.pad_left, w.pad_right, w.count_include_pad ? 1 : 0);
  Window rest = w;
  rest.pad_top = rest.pad_left = 0;
  return {sums / pool(PadForPool(counted, rest, 0))};
}

std::vector<at::Tensor> GlobalAveragePool(const OpCall& call) { return {call.In(0).mean({2, 3}, true)}; }

std::vector<at::Tensor> GlobalMaxPool(const OpCall& call) { return {call.In(0).amax({2, 3}, true)}; }

std::vector<at::Tensor> Gemm(const OpCall& call) {
  const float alpha = call.node.Float("alpha", 1), beta = call.node.Float("beta", 1);
  const at::Tensor a = call.node.Int("transA", 0) ? call.In(0).t() : call.In(0);
  const at::Tensor b = call.node.Int("transB", 0) ? call.In(1).t() : call.In(1);
  if (!call.Has(2)) return {alpha == 1 ? at::mm(a, b) : at::mm(a, b) * alpha};
  return {at::addmm(call.In(2), a, b, beta, alpha)};
}

std::vector<at::Tensor> MatMul(const OpCall& call) { return {at::matmul(call.In(0), call.In(1))}; }

std::vector<at::Tensor> Dropout(const OpCall& call) {
  if (!call.training) return {call.In(0)};
  const double ratio = call.Has(1) ? call.In(1).item<double>() : 0.5;
  return {at::dropout(call.In(0), ratio, true)};
}

}  // namespace

void AddLayerOps(OpTable& table) {
  table["Conv"] = Conv;
  table["BatchNormalization"] = BatchNormalization;
  table["MaxPool"] = MaxPool;
  table["AveragePool"] = AveragePool;
  table["GlobalAveragePool"] = GlobalAveragePool;
  table["GlobalMaxPool"] = GlobalMaxPool;
  table["Gemm"] = Gemm;
  table["MatMul"] = MatMul;
  table["Dropout"] = Dropout;
}

}  // namespace maskscope
