#include <algorithm>

#include "engine/lowering.h"

namespace maskscope {

namespace {

// Rows and columns around the picture, and what they hold.
struct Border {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  float value = 0;
};

// nullopt where other axes are padded, anything is cut off, or the border is no constant: rare.
std::optional<Border> BorderOf(const PlanBuilder& builder, const Node& node) {
  const Tensor* pads = node.HasInput(1) ? builder.ConstantOf(node.inputs[1]) : nullptr;
  const Tensor* value = node.HasInput(2) ? builder.ConstantOf(node.inputs[2]) : nullptr;
  if (node.String("mode", "constant") != "constant" || pads == nullptr || pads->ints.size() != 8) return std::nullopt;
  if (node.HasInput(3) || (node.HasInput(2) && (value == nullptr || value->floats.size() != 1))) return std::nullopt;
  const std::vector<int64_t>& p = pads->ints;
  const bool spatial = p[0] == 0 && p[1] == 0 && p[4] == 0 && p[5] == 0;
  if (!spatial || std::ranges::any_of(p, [](int64_t pad) { return pad < 0; })) return std::nullopt;
  return Border{p[2], p[3], p[6], p[7], value == nullptr ? 0.0f : value->floats[0]};
}

void PadBlocked(const Border& border, const Place& from, const float* src, const Place& to, float* dst, int threads) {
  const int64_t lanes = BlockSize(), blocks = BlocksOf(from.shape[1]);
  const int64_t row = from.shape[3] * lanes, wide_row = to.shape[3] * lanes;
#pragma omp parallel for collapse(2) num_threads(threads) if (threads > 1)
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      const float* in = src + n * from.batch_stride + block * from.block_stride;
      float* out = dst + n * to.batch_stride + block * to.block_stride;
      out = std::fill_n(out, border.top * wide_row, border.value);
      for (int64_t y = 0; y < from.shape[2]; ++y, in += row) {
        out = std::fill_n(out, border.left * lanes, border.value);
        out = std::copy_n(in, row, out);
        out = std::fill_n(out, border.right * lanes, border.value);
      }
      std::fill_n(out, border.bottom * wide_row, border.value);
    }
  }
}

}  // namespace

bool LowerPad(PlanBuilder& builder, const Node& node) {
  if (node.op != "Pad" || !IsRank4(builder.ShapeOf(node.inputs[0]))) return false;
  const std::optional<Border> border = BorderOf(builder, node);
  if (!border) return false;
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kBlocked});
  Step step{node.name, node.op, "pad", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      PadBlocked(*border, from, src.floats(), to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
  return true;
}

}  // namespace maskscope
