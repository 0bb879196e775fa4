#include "graph/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/shape_rules.h"

namespace maskscope {
namespace {

using shape_rules::Fail;
using shape_rules::Refuse;

// Far beyond any real layer, and small enough that products of two such numbers do not overflow.
constexpr int64_t kLargestSide = int64_t{1} << 30;

// `count` numbers of an attribute, each in [least, kLargestSide].
std::vector<int64_t> Sides(const Node& node, const char* key, size_t count, int64_t fallback, int64_t least) {
  std::vector<int64_t> sides = node.Ints(key, {});
  if (sides.empty()) sides.assign(count, fallback);
  const bool in_range = std::ranges::all_of(sides, [=](int64_t s) { return s >= least && s <= kLargestSide; });
  if (sides.size() != count || !in_range) {
    Fail(node, std::string("attribute '") + key + "' is " + ToString(sides) + ", wanted " + std::to_string(count) +
                   " numbers of at least " + std::to_string(least));
  }
  return sides;
}

struct Axis {
  int64_t in, kernel, stride, dilation;
  int64_t pad_before, pad_after, out;
};

void PadToSame(Axis& axis, bool more_after) {
  const int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  axis.out = (axis.in + axis.stride - 1) / axis.stride;
  const int64_t total = std::max<int64_t>(0, (axis.out - 1) * axis.stride + reach - axis.in);
  axis.pad_before = more_after ? total / 2 : total - total / 2;
  axis.pad_after = total - axis.pad_before;
}

void CountWindows(const Node& node, Axis& axis, bool ceil_mode) {
  const int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t span = axis.in + axis.pad_before + axis.pad_after - reach;
  if (span < 0) {
    Fail(node, "a kernel that spans " + std::to_string(reach) + " does not fit an input side of " +
                   std::to_string(axis.in) + " with padding " + std::to_string(axis.pad_before) + " and " +
                   std::to_string(axis.pad_after));
  }
  axis.out = span / axis.stride + 1;
  if (!ceil_mode || span % axis.stride == 0) return;
  // A last window that would begin beyond the input and the padding before it sees nothing and is left out, as in
  // PyTorch and ONNX Runtime.
  if (axis.out * axis.stride < axis.in + axis.pad_before) ++axis.out;
}

float BoundOf(const Graph& graph, const Node& node, size_t index, float absent) {
  if (!node.HasInput(index)) return absent;
  const std::string& value = node.inputs[index];
  const Tensor* bound = graph.FindInitializer(value);
  if (bound == nullptr) {
    const Node* producer = graph.FindProducer(value);
    const auto constant =
        producer == nullptr ? decltype(node.attributes)::const_iterator() : producer->attributes.find("value");
    if (producer != nullptr && producer->op == "Constant" && constant != producer->attributes.end()) {
      bound = std::get_if<Tensor>(&constant->second);
    }
  }
  if (bound == nullptr) Refuse(node, "the bound '" + value + "' is computed at run time");
  if (!bound->is_float() || bound->floats.size() != 1 || std::isnan(bound->floats[0])) {
    Fail(node, "the bound '" + value + "' is " + std::string(DataTypeName(bound->type)) + " of shape " +
                   ToString(bound->shape) + ", wanted one float");
  }
  return bound->floats[0];
}

}  // namespace

const std::vector<std::string>& SupportedOperators() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> sorted;
    for (const auto& [op, rule] : shape_rules::AllRules()) sorted.push_back(op);
    return sorted;
  }();
  return names;
}

Window ResolveWindow(const Node& node, const Shape& input, const Shape& kernel) {
  if (input.size() != 4) {
    Refuse(node, "input of shape " + ToString(input) + ", wanted [batch, channels, height, width]");
  }
  if (kernel.size() != 2) Refuse(node, "kernel of shape " + ToString(kernel) + ", wanted [height, width]");
  const auto stated = node.Ints("kernel_shape", kernel);
  const bool positive = std::ranges::all_of(kernel, [](int64_t k) { return k >= 1 && k <= kLargestSide; });
  if (stated != kernel || !positive) {
    Fail(node, "kernel " + ToString(kernel) + ", with kernel_shape " + ToString(stated));
  }
  if (input[2] < 1 || input[3] < 1 || input[2] > kLargestSide || input[3] > kLargestSide) {
    Fail(node, "input of shape " + ToString(input) + " has no usable height and width");
  }
  const auto strides = Sides(node, "strides", 2, 1, 1);
  const auto dilations = Sides(node, "dilations", 2, 1, 1);
  const std::string auto_pad = node.String("auto_pad", "NOTSET");
  const auto pads = auto_pad == "NOTSET" ? Sides(node, "pads", 4, 0, 0) : std::vector<int64_t>(4, 0);
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    Fail(node, "attribute 'auto_pad' is '" + auto_pad + "', wanted NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  Window w;
  w.ceil_mode = node.Int("ceil_mode", 0) != 0;
  w.count_include_pad = node.Int("count_include_pad", 0) != 0;
  w.groups = node.Int("group", 1);
  if (w.groups < 1) Fail(node, "attribute 'group' is " + std::to_string(w.groups) + ", wanted at least 1");
  Axis axes[2];
  for (size_t i = 0; i < 2; ++i) {
    axes[i] = {input[2 + i], kernel[i], strides[i], dilations[i], pads[i], pads[2 + i], 0};
    if (auto_pad.starts_with("SAME")) {
      PadToSame(axes[i], auto_pad == "SAME_UPPER");
    } else {
      CountWindows(node, axes[i], w.ceil_mode);
    }
  }
  w.kernel_h = kernel[0], w.kernel_w = kernel[1];
  w.stride_h = strides[0], w.stride_w = strides[1];
  w.dilation_h = dilations[0], w.dilation_w = dilations[1];
  w.pad_top = axes[0].pad_before, w.pad_bottom = axes[0].pad_after, w.out_h = axes[0].out;
  w.pad_left = axes[1].pad_before, w.pad_right = axes[1].pad_after, w.out_w = axes[1].out;
  return w;
}

ClipBounds ResolveClip(const Graph& graph, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  return {BoundOf(graph, node, 1, -kInfinity), BoundOf(graph, node, 2, kInfinity)};
}

}  // namespace maskscope
