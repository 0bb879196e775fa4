#include "engine/resize_axis.h"

#include <algorithm>
#include <cmath>

#include "engine/reference_ops.h"

namespace maskscope {

namespace {

// The coordinate_transformation_mode formulas of the operator's specification.
double SourceCoordinate(const Node& node, const std::string& mode, int64_t at, double scale, int64_t in, int64_t out) {
  const auto x = static_cast<double>(at);
  if (mode == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode == "asymmetric") return x / scale;
  if (mode == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
  if (mode == "align_corners") return out > 1 ? x * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
  ThrowUnsupportedNode(node, "coordinate_transformation_mode '" + mode + "'");
}

double Nearest(const Node& node, const std::string& mode, double x) {
  if (mode == "round_prefer_floor") return std::ceil(x - 0.5);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  ThrowUnsupportedNode(node, "nearest_mode '" + mode + "'");
}

ResizeAxis ResolveAxis(const Node& node, bool linear, int64_t in, int64_t out, double scale) {
  const std::string mode = node.String("coordinate_transformation_mode", "half_pixel");
  const std::string nearest_mode = node.String("nearest_mode", "round_prefer_floor");
  ResizeAxis axis;
  for (int64_t i = 0; i < out; ++i) {
    const double x = in == out && scale == 1 ? static_cast<double>(i) : SourceCoordinate(node, mode, i, scale, in, out);
    if (!linear) {
      axis.low.push_back(std::clamp(static_cast<int64_t>(Nearest(node, nearest_mode, x)), int64_t{0}, in - 1));
      continue;
    }
    const double inside = std::clamp(x, 0.0, static_cast<double>(in - 1));
    const auto low = static_cast<int64_t>(std::floor(inside));
    axis.low.push_back(low);
    axis.high.push_back(std::min(low + 1, in - 1));
    axis.weight.push_back(inside - static_cast<double>(low));
  }
  return axis;
}

}  // namespace

ResizeGeometry ResolveResize(const Node& node, const Shape& in, const Tensor* scales, const Tensor* sizes) {
  const std::string mode = node.String("mode", "nearest");
  if (mode != "nearest" && mode != "linear") ThrowUnsupportedNode(node, "mode '" + mode + "'");
  const bool by_size = sizes != nullptr && !sizes->ints.empty();
  const bool by_scale = !by_size && scales != nullptr && !scales->floats.empty();
  if (!by_size && !by_scale) ThrowNodeError(node, "neither scales nor sizes are given");
  if ((by_size ? sizes->ints.size() : scales->floats.size()) != in.size()) {
    ThrowNodeError(node, "scales or sizes do not have one number an axis of " + ToString(in));
  }
  ResizeGeometry geometry;
  geometry.linear = mode == "linear";
  for (size_t i = 0; i < in.size(); ++i) {
    if (by_scale && !(scales->floats[i] > 0 && scales->floats[i] < 1e6f))
      ThrowNodeError(node, "a scale is out of range");
    const double scale = by_size
                             ? static_cast<double>(sizes->ints[i]) / static_cast<double>(std::max<int64_t>(1, in[i]))
                             : double{scales->floats[i]};
    const int64_t out = by_size ? sizes->ints[i] : static_cast<int64_t>(std::floor(static_cast<double>(in[i]) * scale));
    if (out < 0 || (out > 0 && in[i] == 0)) ThrowNodeError(node, "cannot resize " + ToString(in));
    geometry.out.push_back(out);
    geometry.axes.push_back(ResolveAxis(node, geometry.linear, in[i], out, scale));
  }
  return geometry;
}

}  // namespace maskscope
