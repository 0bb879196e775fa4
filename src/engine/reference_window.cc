#include <algorithm>
#include <limits>

#include "engine/reference_ops.h"
#include "graph/operators.h"

// Convolution and pooling as their definitions read, one output value at a time.
namespace maskscope {

namespace {

void RequireRank4(const ReferenceCall& call, const Tensor& tensor) {
  if (tensor.shape.size() != 4) {
    ThrowUnsupportedNode(call.node,
                         "input has shape " + ToString(tensor.shape) + ", wanted [batch, channels, height, width]");
  }
}

std::vector<Tensor> Conv(const ReferenceCall& call) {
  const Tensor& x = call.FloatIn(0);
  const Tensor& weights = call.FloatIn(1);
  RequireRank4(call, x);
  RequireRank4(call, weights);
  const Window w = ResolveWindow(call.node, x.shape, {weights.shape[2], weights.shape[3]});
  const int64_t in_h = x.shape[2], in_w = x.shape[3];
  const int64_t out_c = weights.shape[0], in_per_group = weights.shape[1];
  if (in_per_group * w.groups != x.shape[1] || out_c % w.groups != 0) {
    ThrowNodeError(call.node, "weights " + ToString(weights.shape) + " do not fit input " + ToString(x.shape));
  }
  const int64_t out_per_group = out_c / w.groups;
  Tensor y = MakeTensor(DataType::kFloat32, {x.shape[0], out_c, w.out_h, w.out_w});
  ForEachIndex(y.shape, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
    double sum = call.Has(2) ? call.FloatIn(2).floats[i[1]] : 0.0f;
    const int64_t first_channel = i[1] / out_per_group * in_per_group;
    for (int64_t c = 0; c < in_per_group; ++c) {
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const int64_t iy = i[2] * w.stride_h - w.pad_top + ky * w.dilation_h;
        if (iy < 0 || iy >= in_h) continue;
        for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
          const int64_t ix = i[3] * w.stride_w - w.pad_left + kx * w.dilation_w;
          if (ix < 0 || ix >= in_w) continue;
          sum += double{x.floats[((i[0] * x.shape[1] + first_channel + c) * in_h + iy) * in_w + ix]} *
                 weights.floats[((i[1] * in_per_group + c) * w.kernel_h + ky) * w.kernel_w + kx];
        }
      }
    }
    y.floats[at++] = static_cast<float>(sum);
  });
  return {y};
}

Window PoolWindow(const ReferenceCall& call) {
  RequireRank4(call, call.FloatIn(0));
  return ResolveWindow(call.node, call.In(0).shape, call.node.Ints("kernel_shape", {}));
}

std::vector<Tensor> MaxPool(const ReferenceCall& call) {
  const Window w = PoolWindow(call);
  const Tensor& x = call.In(0);
  Tensor y = MakeTensor(DataType::kFloat32, {x.shape[0], x.shape[1], w.out_h, w.out_w});
  ForEachIndex(y.shape, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
    float best = -std::numeric_limits<float>::infinity();
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      const int64_t iy = i[2] * w.stride_h - w.pad_top + ky * w.dilation_h;
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t ix = i[3] * w.stride_w - w.pad_left + kx * w.dilation_w;
        if (iy < 0 || iy >= x.shape[2] || ix < 0 || ix >= x.shape[3]) continue;
        best = std::max(best, x.floats[((i[0] * x.shape[1] + i[1]) * x.shape[2] + iy) * x.shape[3] + ix]);
      }
    }
    y.floats[at++] = best;
  });
  return {y};
}

// With count_include_pad the stated padding counts into the divisor; what ceil_mode adds beyond it never does.
std::vector<Tensor> AveragePool(const ReferenceCall& call) {
  const Window w = PoolWindow(call);
  const Tensor& x = call.In(0);
  const int64_t in_h = x.shape[2], in_w = x.shape[3];
  Tensor y = MakeTensor(DataType::kFloat32, {x.shape[0], x.shape[1], w.out_h, w.out_w});
  ForEachIndex(y.shape, [&, at = int64_t{0}](const std::vector<int64_t>& i) mutable {
    double sum = 0;
    int64_t inside = 0, padded = 0;
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      const int64_t iy = i[2] * w.stride_h - w.pad_top + ky * w.dilation_h;
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t ix = i[3] * w.stride_w - w.pad_left + kx * w.dilation_w;
        if (iy < in_h + w.pad_bottom && ix < in_w + w.pad_right) ++padded;
        if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w) continue;
        ++inside;
        sum += x.floats[((i[0] * x.shape[1] + i[1]) * in_h + iy) * in_w + ix];
      }
    }
    const int64_t divisor = std::max<int64_t>(1, w.count_include_pad ? padded : inside);
    y.floats[at++] = static_cast<float>(sum / static_cast<double>(divisor));
  });
  return {y};
}

template <typename Reduce>
std::vector<Tensor> GlobalPool(const ReferenceCall& call, Reduce reduce) {
  const Tensor& x = call.FloatIn(0);
  RequireRank4(call, x);
  Tensor y = MakeTensor(DataType::kFloat32, {x.shape[0], x.shape[1], 1, 1});
  const int64_t area = x.shape[2] * x.shape[3];
  for (size_t i = 0; i < y.floats.size(); ++i) {
    y.floats[i] = reduce(x.floats.data() + static_cast<int64_t>(i) * area, area);
  }
  return {y};
}

std::vector<Tensor> GlobalAveragePool(const ReferenceCall& call) {
  return GlobalPool(call, [](const float* values, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += values[i];
    return static_cast<float>(sum / static_cast<double>(count));
  });
}

std::vector<Tensor> GlobalMaxPool(const ReferenceCall& call) {
  return GlobalPool(call, [](const float* values, int64_t count) { return *std::max_element(values, values + count); });
}

}  // namespace

const ReferenceKernels& WindowKernels() {
  static const ReferenceKernels kernels = {
      {"Conv", Conv},
      {"MaxPool", MaxPool},
      {"AveragePool", AveragePool},
      {"GlobalAveragePool", GlobalAveragePool},
      {"GlobalMaxPool", GlobalMaxPool},
  };
  return kernels;
}

}  // namespace maskscope
