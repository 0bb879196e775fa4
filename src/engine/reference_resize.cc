#include "engine/reference_ops.h"
#include "engine/resize_axis.h"

namespace maskscope {

namespace {

// Linear interpolation is separable: each axis is done in turn.
Tensor AlongAxis(const Tensor& x, size_t axis, const ResizeAxis& places, bool linear) {
  Shape shape = x.shape;
  shape[axis] = static_cast<int64_t>(places.low.size());
  const auto strides = RowMajorStrides(x.shape);
  Tensor y = MakeTensor(DataType::kFloat32, shape);
  ForEachIndex(shape, [&, at = size_t{0}](const std::vector<int64_t>& i) mutable {
    const int64_t line = Dot(i, strides) - i[axis] * strides[axis];
    const double low = x.floats[line + places.low[i[axis]] * strides[axis]];
    if (!linear) {
      y.floats[at++] = static_cast<float>(low);
      return;
    }
    const double high = x.floats[line + places.high[i[axis]] * strides[axis]];
    y.floats[at++] = static_cast<float>(low + (high - low) * places.weight[i[axis]]);
  });
  return y;
}

std::vector<Tensor> Resize(const ReferenceCall& call) {
  Tensor y = call.FloatIn(0);
  const Tensor* scales = call.Has(2) ? &call.FloatIn(2) : nullptr;
  const Tensor* sizes = call.Has(3) ? &call.IntIn(3) : nullptr;
  const ResizeGeometry geometry = ResolveResize(call.node, y.shape, scales, sizes);
  for (size_t axis = 0; axis < geometry.axes.size(); ++axis) {
    if (y.shape[axis] != geometry.out[axis]) y = AlongAxis(y, axis, geometry.axes[axis], geometry.linear);
  }
  return {y};
}

}  // namespace

const ReferenceKernels& ResizeKernels() {
  static const ReferenceKernels kernels = {{"Resize", Resize}};
  return kernels;
}

}  // namespace maskscope
