#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

constexpr int kMaxPixels = 14;

template <int kBlocks, int kStride, bool kEdge, int kPixels>
void Tile(const StemTask& task, int block, int x) {
  __m512 sum[kBlocks][kPixels];
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    const __m512 bias = _mm512_loadu_ps(task.bias + (block + b) * 16);
#pragma GCC unroll 14
    for (int p = 0; p < kPixels; ++p) sum[b][p] = bias;
  }
  const int first = x * kStride - task.pad_left;
  const int64_t weight_stride = int64_t{task.in_channels} * 144;
  const float* weights = task.weights + block * weight_stride;
  for (int row = 0; row < task.in_channels * 3; ++row, weights += 48) {
    if (!task.rows[row]) continue;
    const float* src = task.rows[row] + first;
#pragma GCC unroll 3
    for (int kx = 0; kx < 3; ++kx) {
      __m512 w[kBlocks];
#pragma GCC unroll 2
      for (int b = 0; b < kBlocks; ++b) w[b] = _mm512_loadu_ps(weights + b * weight_stride + kx * 16);
#pragma GCC unroll 14
      for (int p = 0; p < kPixels; ++p) {
        const int column = p * kStride + kx;
        if (kEdge && static_cast<unsigned>(first + column) >= static_cast<unsigned>(task.in_width)) continue;
        const __m512 value = _mm512_set1_ps(src[column]);
#pragma GCC unroll 2
        for (int b = 0; b < kBlocks; ++b) sum[b][p] = _mm512_fmadd_ps(w[b], value, sum[b][p]);
      }
    }
  }
  const __m512 low = ActivationLow(task.activation), high = _mm512_set1_ps(task.activation.high);
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    float* dst = task.dst + (block + b) * task.dst_block_stride + int64_t{16} * x;
#pragma GCC unroll 14
    for (int p = 0; p < kPixels; ++p) {
      _mm512_storeu_ps(dst + p * 16, Activate(sum[b][p], task.activation.kind, low, high));
    }
  }
}

using TileFunction = void (*)(const StemTask&, int, int);

template <int kBlocks, int kStride, bool kEdge, int... kIndex>
struct TilesOf {
  static constexpr TileFunction table[] = {Tile<kBlocks, kStride, kEdge, kIndex>...};
};
template <int kBlocks, int kStride, bool kEdge>
using Tiles = TilesOf<kBlocks, kStride, kEdge, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;

template <int kBlocks, int kStride>
void Row(const StemTask& task, int block) {
  const int count = (task.out_width + kMaxPixels - 1) / kMaxPixels;
  const int small = task.out_width / count, extra = task.out_width % count;
  int x = 0;
  for (int i = 0; i < count; ++i) {
    const int n = small + (i < extra);
    const int first = x * kStride - task.pad_left, last = first + (n - 1) * kStride + 2;
    const bool edge = first < 0 || last >= task.in_width;
    (edge ? Tiles<kBlocks, kStride, true>::table : Tiles<kBlocks, kStride, false>::table)[n - 1](task, block, x);
    x += n;
  }
}

}  // namespace

void StemRow(const StemTask& task) {
  int block = 0;
  for (; block + 2 <= task.out_blocks; block += 2) {
    task.stride == 1 ? Row<2, 1>(task, block) : Row<2, 2>(task, block);
  }
  for (; block < task.out_blocks; ++block) task.stride == 1 ? Row<1, 1>(task, block) : Row<1, 2>(task, block);
}

}  // namespace maskscope::kernels::inner

#endif
