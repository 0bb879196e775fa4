#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

constexpr int kMaxPixels = 14;

// Output columns [x, x + kPixels). Each input vector is loaded once and meets every output it belongs to. With kEdge,
// columns outside [0, in_width) count as zero.
template <int kStride, bool kEdge, int kPixels>
void Tile(const DepthwiseTask& task, int x) {
  constexpr int kColumns = (kPixels - 1) * kStride + 3;
  __m512 out[1][kPixels];
  auto& sum = out[0];
  const __m512 bias = _mm512_loadu_ps(task.bias);
#pragma GCC unroll 14
  for (int p = 0; p < kPixels; ++p) sum[p] = bias;
  const int first = x * kStride - task.pad_left;
#pragma GCC unroll 3
  for (int ky = 0; ky < 3; ++ky) {
    if (!task.rows[ky]) continue;
    const float* row = task.rows[ky] + int64_t{16} * first;
    asm("" : "+r"(row));  // one register for the address: with two, each multiplication would cost one more instruction
    const __m512 w0 = _mm512_loadu_ps(task.weights + ky * 48);
    const __m512 w1 = _mm512_loadu_ps(task.weights + ky * 48 + 16);
    const __m512 w2 = _mm512_loadu_ps(task.weights + ky * 48 + 32);
#pragma GCC unroll 32
    for (int column = 0; column < kColumns; ++column) {
      if (kEdge && static_cast<unsigned>(first + column) >= static_cast<unsigned>(task.in_width)) continue;
      const __m512 value = _mm512_loadu_ps(row + column * 16);
      const int p0 = column / kStride, p1 = (column - 1) / kStride, p2 = (column - 2) / kStride;
      if (column % kStride == 0 && p0 < kPixels) sum[p0] = _mm512_fmadd_ps(value, w0, sum[p0]);
      if (column >= 1 && (column - 1) % kStride == 0 && p1 < kPixels) sum[p1] = _mm512_fmadd_ps(value, w1, sum[p1]);
      if (column >= 2 && (column - 2) % kStride == 0 && p2 < kPixels) sum[p2] = _mm512_fmadd_ps(value, w2, sum[p2]);
    }
  }
  ActivateAll(task.activation, out);
  float* dst = task.dst + int64_t{16} * x;
#pragma GCC unroll 14
  for (int p = 0; p < kPixels; ++p) _mm512_storeu_ps(dst + p * 16, sum[p]);
}

using TileFunction = void (*)(const DepthwiseTask&, int);

template <int kStride, bool kEdge, int... kIndex>
struct TilesOf {
  static constexpr TileFunction table[] = {Tile<kStride, kEdge, kIndex>...};
};
template <int kStride, bool kEdge>
using Tiles = TilesOf<kStride, kEdge, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;

template <int kStride>
void Row(const DepthwiseTask& task) {
  const int count = (task.out_width + kMaxPixels - 1) / kMaxPixels;
  const int small = task.out_width / count, extra = task.out_width % count;
  int x = 0;
  for (int i = 0; i < count; ++i) {
    const int n = small + (i < extra);
    const int first = x * kStride - task.pad_left, last = first + (n - 1) * kStride + 2;
    const bool edge = !task.padded && (first < 0 || last >= task.in_width);
    (edge ? Tiles<kStride, true>::table : Tiles<kStride, false>::table)[n - 1](task, x);
    x += n;
  }
}

}  // namespace

void DepthwiseRow(const DepthwiseTask& task) { task.stride == 1 ? Row<1>(task) : Row<2>(task); }

}  // namespace maskscope::kernels::inner

#endif
