#ifndef MASKSCOPE_ENGINE_KERNELS_DEPTHWISE_TILES_AVX512_H_
#define MASKSCOPE_ENGINE_KERNELS_DEPTHWISE_TILES_AVX512_H_

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

// The depthwise kernel but for how a pixel is stored, which `Store` says: f32 or bf16. Included by *_avx512.cc and
// *_avx512bf16.cc only; everything is local to the file that includes it, compiled with that file's flags.
namespace maskscope::kernels::inner {
namespace {

constexpr int kMaxPixels = 14;

// Output columns [x, x + kPixels). Each input vector is loaded once and meets every output it belongs to. With kEdge,
// columns outside [0, in_width) count as zero.
template <typename Store, int kStride, bool kEdge, int kPixels>
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
  auto* dst = Store::Row(task) + int64_t{16} * x;
#pragma GCC unroll 14
  for (int p = 0; p < kPixels; ++p) Store::Pixel(dst + p * 16, sum[p]);
}

using TileFunction = void (*)(const DepthwiseTask&, int);

template <typename Store, int kStride, bool kEdge, int... kIndex>
struct TilesOf {
  static constexpr TileFunction table[] = {Tile<Store, kStride, kEdge, kIndex>...};
};
template <typename Store, int kStride, bool kEdge>
using Tiles = TilesOf<Store, kStride, kEdge, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;

template <typename Store, int kStride>
void Row(const DepthwiseTask& task) {
  const int count = (task.out_width + kMaxPixels - 1) / kMaxPixels;
  const int small = task.out_width / count, extra = task.out_width % count;
  int x = 0;
  for (int i = 0; i < count; ++i) {
    const int n = small + (i < extra);
    const int first = x * kStride - task.pad_left, last = first + (n - 1) * kStride + 2;
    const bool edge = !task.padded && (first < 0 || last >= task.in_width);
    (edge ? Tiles<Store, kStride, true>::table : Tiles<Store, kStride, false>::table)[n - 1](task, x);
    x += n;
  }
}

}  // namespace
}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_DEPTHWISE_TILES_AVX512_H_
