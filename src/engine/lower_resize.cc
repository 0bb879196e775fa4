#include "engine/lowering.h"
#include "engine/resize_axis.h"
#include "engine/vectorize.h"

namespace maskscope {

namespace {

MASKSCOPE_VECTORIZED void MixRow(const float* a, const float* b, float share, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] + (b[i] - a[i]) * share;
}

void NearestRow(const float* row, const ResizeAxis& columns, float* out, int64_t lanes) {
  for (const int64_t x : columns.low) {
    std::copy_n(row + x * lanes, lanes, out);
    out += lanes;
  }
}

// top and bottom are neighbouring rows; `share` is the lower one's.
void LinearRow(const float* top, const float* bottom, float share, const ResizeAxis& columns, float* out,
               int64_t lanes) {
  for (size_t i = 0; i < columns.low.size(); ++i) {
    float above[16], below[16];
    const auto weight = static_cast<float>(columns.weight[i]);
    MixRow(top + columns.low[i] * lanes, top + columns.high[i] * lanes, weight, above, lanes);
    MixRow(bottom + columns.low[i] * lanes, bottom + columns.high[i] * lanes, weight, below, lanes);
    MixRow(above, below, share, out + static_cast<int64_t>(i) * lanes, lanes);
  }
}

void ResizeBlocked(const ResizeGeometry& geometry, const Place& from, const float* src, const Place& to, float* dst,
                   int threads) {
  const int64_t lanes = BlockSize(), blocks = BlocksOf(from.shape[1]);
  const ResizeAxis &rows = geometry.axes[2], &columns = geometry.axes[3];
#pragma omp parallel for collapse(3) num_threads(threads) if (threads > 1)
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      for (int64_t y = 0; y < geometry.out[2]; ++y) {
        const auto at = static_cast<size_t>(y);
        const float* in = src + n * from.batch_stride + block * from.block_stride;
        float* out = dst + n * to.batch_stride + block * to.block_stride + y * geometry.out[3] * lanes;
        const float* row = in + rows.low[at] * from.shape[3] * lanes;
        if (geometry.linear) {
          LinearRow(row, in + rows.high[at] * from.shape[3] * lanes, static_cast<float>(rows.weight[at]), columns, out,
                    lanes);
        } else {
          NearestRow(row, columns, out, lanes);
        }
      }
    }
  }
}

// Row y of `out` is row y * in / out of the input: what the kernels can do as they add.
bool IsPlainNearest(const ResizeGeometry& geometry, const Shape& in) {
  for (const size_t axis : {2, 3}) {
    for (int64_t i = 0; i < geometry.out[axis]; ++i) {
      if (geometry.axes[axis].low[static_cast<size_t>(i)] != i * in[axis] / geometry.out[axis]) return false;
    }
  }
  return !geometry.linear;
}

void EmitResize(PlanBuilder& builder, const Node& node, const ResizeGeometry& geometry) {
  const Place from = builder.Read(node.inputs[0], {Format::kBlocked}, ElementType::kF32, false);
  const Place to = builder.Write(node.outputs[0], {Format::kBlocked});
  Step step{node.name, node.op, "resize", {from.buffer}, {to.buffer}, nullptr};
  step.bind = [=, threads = builder.options().threads](const Bases& bases) -> Work {
    return [=, src = bases.At(from), dst = bases.At(to)] {
      ResizeBlocked(geometry, from, src.floats(), to, dst.floats(), threads);
    };
  };
  builder.Emit(std::move(step));
}

}  // namespace

bool LowerResize(PlanBuilder& builder, const Node& node) {
  if (node.op != "Resize") return false;
  const Shape& in = builder.ShapeOf(node.inputs[0]);
  const Tensor* scales = node.HasInput(2) ? builder.ConstantOf(node.inputs[2]) : nullptr;
  const Tensor* sizes = node.HasInput(3) ? builder.ConstantOf(node.inputs[3]) : nullptr;
  const ResizeGeometry geometry = ResolveResize(node, in, scales, sizes);
  if (!IsRank4(in) || geometry.out[0] != in[0] || geometry.out[1] != in[1]) return false;
  const Node* reader = builder.OnlyReader(node.outputs[0]);
  const bool added = reader != nullptr && reader->op == "Add" && KernelsServe(builder.options());
  if (added && IsPlainNearest(geometry, in)) {
    builder.DeferResize(node.outputs[0], node.inputs[0],
                        [&builder, &node, geometry] { EmitResize(builder, node, geometry); });
  } else {
    EmitResize(builder, node, geometry);
  }
  return true;
}

}  // namespace maskscope
