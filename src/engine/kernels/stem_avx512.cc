#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

constexpr int kMaxPixels = 28;
constexpr int kMaxRows = 12;
constexpr int kPatchWidth = 64;  // columns that kMaxPixels outputs of stride 2 read, rounded up to whole vectors

// Output columns [x, x + kPixels) of one block; rows[r] points at the first input column they read.
template <int kStride, int kPixels>
void Tile(const StemTask& task, const float* const* rows, int block, int x) {
  __m512 out[1][kPixels];
  auto& sum = out[0];
  const __m512 bias = _mm512_loadu_ps(task.bias + block * 16);
#pragma GCC unroll 28
  for (int p = 0; p < kPixels; ++p) sum[p] = bias;
  const float* weights = task.weights + int64_t{block} * task.in_channels * 144;
  for (int row = 0; row < task.in_channels * 3; ++row, weights += 48) {
    const float* src = rows[row];
    if (!src) continue;
#pragma GCC unroll 3
    for (int kx = 0; kx < 3; ++kx) {
      const __m512 w = _mm512_loadu_ps(weights + kx * 16);
      const float* tap = src + kx;
      asm("" : "+r"(tap));  // hides that taps share pixels: the compiler would keep them, on the stack
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) sum[p] = _mm512_fmadd_ps(w, _mm512_set1_ps(tap[p * kStride]), sum[p]);
    }
  }
  ActivateAll(task.activation, out);
  float* dst = task.dst + block * task.dst_block_stride + int64_t{16} * x;
#pragma GCC unroll 28
  for (int p = 0; p < kPixels; ++p) _mm512_storeu_ps(dst + p * 16, sum[p]);
}

using TileFunction = void (*)(const StemTask&, const float* const*, int, int);

template <int kStride, int... kIndex>
struct TilesOf {
  static constexpr TileFunction table[] = {Tile<kStride, kIndex>...};
};
template <int kStride>
using Tiles = TilesOf<kStride, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
                      25, 26, 27, 28>;

// A copy of `width` input columns from `first` on, zero where outside the picture.
void CopyPatch(const float* row, int in_width, int first, int width, float* patch) {
  for (int at = 0; at < width; at += 16) {
    const int begin = first + at < 0 ? -(first + at) : 0;
    const int end = in_width - (first + at) < 16 ? in_width - (first + at) : 16;
    const unsigned mask = end <= begin ? 0u : ((1u << end) - 1u) & ~((1u << begin) - 1u);
    _mm512_storeu_ps(patch + at, _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), row + first + at));
  }
}

template <int kStride>
void Row(const StemTask& task) {
  const int count = (task.out_width + kMaxPixels - 1) / kMaxPixels;
  const int small = task.out_width / count, extra = task.out_width % count;
  alignas(64) float patch[kMaxRows][kPatchWidth];
  int x = 0;
  for (int i = 0; i < count; ++i) {
    const int n = small + (i < extra);
    const int first = x * kStride - task.pad_left, width = (n - 1) * kStride + 3;
    const bool edge = first < 0 || first + width > task.in_width;
    const float* rows[kMaxRows];
    for (int r = 0; r < task.in_channels * 3; ++r) {
      rows[r] = task.rows[r] ? task.rows[r] + first : nullptr;
      if (!edge || !rows[r]) continue;
      CopyPatch(task.rows[r], task.in_width, first, width, patch[r]);
      rows[r] = patch[r];
    }
    for (int block = 0; block < task.out_blocks; ++block) Tiles<kStride>::table[n - 1](task, rows, block, x);
    x += n;
  }
}

}  // namespace

void StemRow(const StemTask& task) { task.stride == 1 ? Row<1>(task) : Row<2>(task); }

}  // namespace maskscope::kernels::inner

#endif
