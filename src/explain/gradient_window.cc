#include <algorithm>
#include <cstddef>

#include "engine/reference_ops.h"
#include "explain/gradient_ops.h"
#include "graph/operators.h"

// Convolution and pooling, back to their input.
namespace maskscope {
namespace {

// Rows and columns of a gradient outside which it is zero in all channels. What comes from one cell of a detector's
// head touches a few cells of the layers before it: all else need not be computed.
struct Extent {
  int64_t top, bottom, left, right;  // bottom and right exclusive
};

Extent FindExtent(const Tensor& gradient) {
  const int64_t height = gradient.shape[2], width = gradient.shape[3];
  const int64_t planes = gradient.shape[0] * gradient.shape[1];
  Extent extent{height, 0, width, 0};
  const float* row = gradient.floats.data();
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t y = 0; y < height; ++y, row += width) {
      int64_t first = 0, last = width;
      while (first < width && row[first] == 0) ++first;
      if (first == width) continue;
      while (row[last - 1] == 0) --last;
      extent.top = std::min(extent.top, y);
      extent.bottom = std::max(extent.bottom, y + 1);
      extent.left = std::min(extent.left, first);
      extent.right = std::max(extent.right, last);
    }
  }
  return extent;
}

// Outputs [first, last) along one axis whose input, at * stride + offset, lies inside.
struct Span {
  int64_t first, last;
};
Span Inside(int64_t offset, int64_t stride, int64_t in_size, Span wanted) {
  int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  int64_t last = in_size - offset <= 0 ? 0 : (in_size - offset - 1) / stride + 1;
  return {std::max(first, wanted.first), std::min(last, wanted.last)};
}

// A 1 x 1 convolution is a product of matrices: four outputs at a time are added to an input's plane.
void AddPointwise(const float* gradient, const float* weights, int64_t out_c, int64_t in_c, int64_t area, float* into) {
  for (int64_t c = 0; c < in_c; ++c) {
    float* target = into + c * area;
    int64_t o = 0;
    for (; o + 4 <= out_c; o += 4) {
      const float w0 = weights[o * in_c + c], w1 = weights[(o + 1) * in_c + c];
      const float w2 = weights[(o + 2) * in_c + c], w3 = weights[(o + 3) * in_c + c];
      const float *g0 = gradient + o * area, *g1 = g0 + area, *g2 = g1 + area, *g3 = g2 + area;
      for (int64_t i = 0; i < area; ++i) target[i] += w0 * g0[i] + w1 * g1[i] + w2 * g2[i] + w3 * g3[i];
    }
    for (; o < out_c; ++o) {
      const float w = weights[o * in_c + c];
      for (int64_t i = 0; i < area; ++i) target[i] += w * gradient[o * area + i];
    }
  }
}

// One output channel's gradient through one kernel, into one input channel.
void AddPlane(const Window& w, const Extent& extent, const float* gradient, const float* kernel, int64_t in_h,
              int64_t in_w, float* into) {
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y_offset = ky * w.dilation_h - w.pad_top;
    const Span rows = Inside(y_offset, w.stride_h, in_h, {extent.top, extent.bottom});
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const float weight = kernel[ky * w.kernel_w + kx];
      const int64_t x_offset = kx * w.dilation_w - w.pad_left;
      const Span columns = Inside(x_offset, w.stride_w, in_w, {extent.left, extent.right});
      for (int64_t y = rows.first; y < rows.last; ++y) {
        const float* from = gradient + y * w.out_w;
        float* to = into + (y * w.stride_h + y_offset) * in_w + x_offset;
        if (w.stride_w == 1) {
          for (int64_t x = columns.first; x < columns.last; ++x) to[x] += weight * from[x];
        } else {
          for (int64_t x = columns.first; x < columns.last; ++x) to[x * w.stride_w] += weight * from[x];
        }
      }
    }
  }
}

std::vector<Tensor> Conv(const GradientCall& call) {
  const Tensor& gradient = call.Gradient();
  const Tensor& weights = call.In(1);
  const Shape& in = call.input_shapes[0];
  const Window w = ResolveWindow(call.node, in, {weights.shape[2], weights.shape[3]});
  const int64_t out_c = weights.shape[0], in_per_group = weights.shape[1], out_per_group = out_c / w.groups;
  const int64_t in_area = in[2] * in[3], out_area = w.out_h * w.out_w, kernel_area = w.kernel_h * w.kernel_w;
  const bool pointwise = kernel_area == 1 && in_area == out_area && w.stride_h == 1 && w.stride_w == 1;
  const Extent extent = FindExtent(gradient);
  const bool narrow = (extent.bottom - extent.top) * (extent.right - extent.left) * 2 < out_area;
  std::vector<Tensor> result(call.inputs.size());
  result[0] = Tensor::Filled(in, 0);
  for (int64_t n = 0; n < in[0]; ++n) {
    for (int64_t g = 0; g < w.groups; ++g) {
      const int64_t first_out = n * out_c + g * out_per_group, first_in = n * in[1] + g * in_per_group;
      const float* from = gradient.floats.data() + first_out * out_area;
      const float* kernels = weights.floats.data() + g * out_per_group * in_per_group * kernel_area;
      float* into = result[0].floats.data() + first_in * in_area;
      if (pointwise && !narrow) {
        AddPointwise(from, kernels, out_per_group, in_per_group, in_area, into);
        continue;
      }
      for (int64_t o = 0; o < out_per_group; ++o) {
        for (int64_t c = 0; c < in_per_group; ++c) {
          AddPlane(w, extent, from + o * out_area, kernels + (o * in_per_group + c) * kernel_area, in[2], in[3],
                   into + c * in_area);
        }
      }
    }
  }
  return result;
}

// Calls visit(plane, output place, rows, columns of the window inside the input) for every output of a pool.
template <typename Visit>
void ForEachWindow(const GradientCall& call, const Window& w, Visit visit) {
  const Shape& in = call.input_shapes[0];
  int64_t at = 0;
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    for (int64_t y = 0; y < w.out_h; ++y) {
      for (int64_t x = 0; x < w.out_w; ++x) {
        visit(plane, at++, y * w.stride_h - w.pad_top, x * w.stride_w - w.pad_left);
      }
    }
  }
}

Window PoolWindow(const GradientCall& call) {
  return ResolveWindow(call.node, call.input_shapes[0], call.node.Ints("kernel_shape", {}));
}

// To the first of the greatest values.
std::vector<Tensor> MaxPool(const GradientCall& call) {
  const Window w = PoolWindow(call);
  const Tensor& x = call.In(0);
  const int64_t in_h = x.shape[2], in_w = x.shape[3];
  Tensor result = Tensor::Filled(x.shape, 0);
  ForEachWindow(call, w, [&](int64_t plane, int64_t at, int64_t top, int64_t left) {
    int64_t best = -1;
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t iy = top + ky * w.dilation_h, ix = left + kx * w.dilation_w;
        if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w) continue;
        const int64_t place = (plane * in_h + iy) * in_w + ix;
        if (best < 0 || x.floats[place] > x.floats[best]) best = place;
      }
    }
    if (best >= 0) result.floats[best] += call.Gradient().floats[at];
  });
  return {result};
}

std::vector<Tensor> AveragePool(const GradientCall& call) {
  const Window w = PoolWindow(call);
  const Shape& in = call.input_shapes[0];
  Tensor result = Tensor::Filled(in, 0);
  const auto inside = [](int64_t at, int64_t low, int64_t high) { return at >= low && at < high; };
  ForEachWindow(call, w, [&](int64_t plane, int64_t at, int64_t top, int64_t left) {
    int64_t counted = 0;
    std::vector<int64_t> places;
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t iy = top + ky * w.dilation_h, ix = left + kx * w.dilation_w;
        const bool real = inside(iy, 0, in[2]) && inside(ix, 0, in[3]);
        if (real) places.push_back((plane * in[2] + iy) * in[3] + ix);
        counted += w.count_include_pad ? iy < in[2] + w.pad_bottom && ix < in[3] + w.pad_right : real;
      }
    }
    const float share = call.Gradient().floats[at] / static_cast<float>(std::max<int64_t>(1, counted));
    for (const int64_t place : places) result.floats[place] += share;
  });
  return {result};
}

std::vector<Tensor> GlobalAveragePool(const GradientCall& call) {
  const Shape& in = call.input_shapes[0];
  Tensor result = MakeTensor(DataType::kFloat32, in);
  const auto area = static_cast<size_t>(in[2] * in[3]);
  for (size_t i = 0; i < result.floats.size(); ++i) {
    result.floats[i] = call.Gradient().floats[i / area] / static_cast<float>(area);
  }
  return {result};
}

std::vector<Tensor> GlobalMaxPool(const GradientCall& call) {
  const Tensor& x = call.In(0);
  Tensor result = Tensor::Filled(x.shape, 0);
  const int64_t area = x.shape[2] * x.shape[3];
  for (size_t i = 0; i < call.Gradient().floats.size(); ++i) {
    const float* plane = x.floats.data() + static_cast<int64_t>(i) * area;
    const auto best = std::max_element(plane, plane + area) - x.floats.data();
    result.floats[static_cast<size_t>(best)] = call.Gradient().floats[i];
  }
  return {result};
}

}  // namespace

const GradientRules& WindowGradients() {
  using enum GradientReads;
  static const GradientRules rules = {
      {"Conv", {kNothing, Conv}},
      {"MaxPool", {kInput, MaxPool}},
      {"AveragePool", {kNothing, AveragePool}},
      {"GlobalAveragePool", {kNothing, GlobalAveragePool}},
      {"GlobalMaxPool", {kInput, GlobalMaxPool}},
  };
  return rules;
}

}  // namespace maskscope
