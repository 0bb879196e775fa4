#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "train/torch_ops.h"

namespace maskscope {

namespace {

// Where output pixel `i` lies in the source, by the ONNX definition of coordinate_transformation_mode.
double SourceCoordinate(const Node& node, const std::string& mode, int64_t i, double scale, int64_t in, int64_t out) {
  const double x = static_cast<double>(i);
  if (mode == "asymmetric") return x / scale;
  if (mode == "half_pixel") return (x + 0.5) / scale - 0.5;
  if (mode == "pytorch_half_pixel") return out > 1 ? (x + 0.5) / scale - 0.5 : 0;
  if (mode == "align_corners") return out > 1 ? x * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
  Unsupported(node, "coordinate_transformation_mode '" + mode + "' is not supported");
}

int64_t Nearest(const Node& node, const std::string& mode, double x) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(x));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(x));
  if (mode == "round_prefer_floor") return static_cast<int64_t>(std::ceil(x - 0.5));
  if (mode == "round_prefer_ceil") return static_cast<int64_t>(std::floor(x + 0.5));
  Unsupported(node, "nearest_mode '" + mode + "' is not supported");
}

at::Tensor ResizeAxis(const Node& node, const at::Tensor& x, int64_t axis, int64_t out, double scale) {
  const int64_t in = x.size(axis);
  if (in == out) return x;
  const std::string coordinates = node.String("coordinate_transformation_mode", "half_pixel");
  const bool linear = node.String("mode", "nearest") == "linear";
  const std::string nearest = node.String("nearest_mode", "round_prefer_floor");
  at::Tensor low = at::empty({out}, at::kLong), high = at::empty({out}, at::kLong),
             share = at::empty({out}, at::kFloat);
  for (int64_t i = 0; i < out; ++i) {
    const double position = SourceCoordinate(node, coordinates, i, scale, in, out);
    const double floor = std::floor(position);
    const int64_t first = linear ? static_cast<int64_t>(floor) : Nearest(node, nearest, position);
    low.data_ptr<int64_t>()[i] = std::clamp<int64_t>(first, 0, in - 1);
    high.data_ptr<int64_t>()[i] = std::clamp<int64_t>(first + 1, 0, in - 1);
    share.data_ptr<float>()[i] = static_cast<float>(position - floor);
  }
  const at::Tensor near = x.index_select(axis, low.to(x.device()));
  if (!linear) return near;
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[static_cast<size_t>(axis)] = out;
  return at::lerp(near, x.index_select(axis, high.to(x.device())),
                  share.reshape(shape).to(x.options()).expand_as(near));
}

// libtorch's own nearest kernel where it computes the same thing: whole factors, floor of the asymmetric coordinate.
bool IsPlainNearest(const Node& node) {
  return node.String("mode", "nearest") == "nearest" &&
         node.String("coordinate_transformation_mode", "half_pixel") == "asymmetric" &&
         node.String("nearest_mode", "round_prefer_floor") == "floor";
}

std::vector<at::Tensor> Resize(const OpCall& call) {
  const at::Tensor& x = call.In(0);
  const std::string mode = call.node.String("mode", "nearest");
  if (mode != "nearest" && mode != "linear") Unsupported(call.node, "mode '" + mode + "' is not supported");
  const auto rank = static_cast<size_t>(x.dim());
  std::vector<int64_t> sizes;
  std::vector<double> scales;
  if (call.Has(3) && call.In(3).numel() > 0) {
    sizes = call.Ints(3);
  } else {
    const at::Tensor given = call.In(2).to(at::kCPU, at::kDouble).contiguous();
    scales.assign(given.data_ptr<double>(), given.data_ptr<double>() + given.numel());
  }
  if (sizes.size() != rank && scales.size() != rank) BadNode(call.node, "wanted one size or scale for every axis");
  for (size_t i = 0; i < rank; ++i) {
    const double in = static_cast<double>(x.size(static_cast<int64_t>(i)));
    if (scales.size() < rank) scales.push_back(static_cast<double>(sizes[i]) / in);
    if (sizes.size() < rank) sizes.push_back(static_cast<int64_t>(std::floor(in * scales[i])));
    if (sizes[i] < 1) BadNode(call.node, "resizes an axis to " + std::to_string(sizes[i]));
  }
  if (rank == 4 && IsPlainNearest(call.node) && sizes[0] == x.size(0) && sizes[1] == x.size(1) &&
      sizes[2] % x.size(2) == 0 && sizes[3] % x.size(3) == 0) {
    return {at::upsample_nearest2d(x, {sizes[2], sizes[3]})};
  }
  at::Tensor y = x;
  for (size_t i = 0; i < rank; ++i) y = ResizeAxis(call.node, y, static_cast<int64_t>(i), sizes[i], scales[i]);
  return {y};
}

}  // namespace

void AddResizeOps(OpTable& table) { table["Resize"] = Resize; }

}  // namespace maskscope
