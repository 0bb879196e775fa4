#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

// Both tiles fill the register file without spilling: accumulators, a weight vector per block and a broadcast.
constexpr int kPairPixels = 14;
constexpr int kSinglePixels = 28;

struct Position {
  const float* src;
  const float* weights;
  const float* bias;
  float* dst;
  const float* residual;
  int pixel;
};

inline int64_t Offset(const int32_t* offsets, int pixel) { return offsets ? offsets[pixel] : int64_t{16} * pixel; }

template <int kBlocks, int kPixels>
inline void Store(const PointwiseTask& task, const Position& at, const __m512 (&sum)[kBlocks][kPixels]) {
  const __m512 low = ActivationLow(task.activation), high = _mm512_set1_ps(task.activation.high);
  const Activation::Kind kind = task.activation.kind;
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    float* dst = at.dst + b * task.dst_block_stride;
    const float* residual = at.residual ? at.residual + b * task.residual_block_stride : nullptr;
#pragma GCC unroll 28
    for (int p = 0; p < kPixels; ++p) {
      __m512 value = sum[b][p];
      if (residual && task.add_first) {
        value = _mm512_add_ps(value, _mm512_loadu_ps(residual + Offset(task.residual_offsets, at.pixel + p)));
      }
      value = Activate(value, kind, low, high);
      if (residual && !task.add_first) {
        value = _mm512_add_ps(value, _mm512_loadu_ps(residual + Offset(task.residual_offsets, at.pixel + p)));
      }
      _mm512_storeu_ps(dst + Offset(task.dst_offsets, at.pixel + p), value);
    }
  }
}

template <int kBlocks, int kPixels>
void Tile(const PointwiseTask& task, const Position& at) {
  __m512 sum[kBlocks][kPixels];
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    const __m512 bias = at.bias ? _mm512_loadu_ps(at.bias + b * 16) : _mm512_setzero_ps();
#pragma GCC unroll 28
    for (int p = 0; p < kPixels; ++p) sum[b][p] = bias;
  }
  const float* weights = at.weights;
  const int64_t weight_stride = int64_t{task.packed_in} * 16;
  const float* src = at.src;
  for (int left = task.packed_in; left > 0; left -= 16, src += task.src_block_stride) {
    const float* end = src + (left < 16 ? left : 16);
    for (const float* s = src; s != end; s += 4) {
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        __m512 w[kBlocks];
#pragma GCC unroll 2
        for (int b = 0; b < kBlocks; ++b) w[b] = _mm512_loadu_ps(weights + b * weight_stride + c * 16);
#pragma GCC unroll 28
        for (int p = 0; p < kPixels; ++p) {
          const __m512 x = _mm512_set1_ps(s[p * 16 + c]);
#pragma GCC unroll 2
          for (int b = 0; b < kBlocks; ++b) sum[b][p] = _mm512_fmadd_ps(w[b], x, sum[b][p]);
        }
      }
      weights += 64;
    }
  }
  Store<kBlocks, kPixels>(task, at, sum);
}

using TileFunction = void (*)(const PointwiseTask&, const Position&);

template <int kBlocks, int... kIndex>
struct Tiles {
  static constexpr TileFunction table[] = {Tile<kBlocks, kIndex>...};
};
using PairTiles = Tiles<2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;
using SingleTiles =
    Tiles<1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28>;

// Runs all pixels over blocks [block, block + kBlocks), in tiles of equal size as nearly as may be.
void Columns(const PointwiseTask& task, int block, const TileFunction* table, int max_pixels) {
  const int count = (task.pixels + max_pixels - 1) / max_pixels;
  const int small = task.pixels / count, extra = task.pixels % count;
  Position at;
  at.weights = task.weights + int64_t{block} * task.packed_in * 16;
  at.bias = task.bias ? task.bias + block * 16 : nullptr;
  at.dst = task.dst + block * task.dst_block_stride;
  at.residual = task.residual ? task.residual + block * task.residual_block_stride : nullptr;
  at.pixel = 0;
  float* dst = at.dst;
  const float* residual = at.residual;
  for (int i = 0; i < count; ++i) {
    const int n = small + (i < extra);
    at.src = task.src + int64_t{16} * at.pixel;
    at.dst = dst;
    at.residual = residual;
    table[n - 1](task, at);
    at.pixel += n;
  }
}

}  // namespace

void PointwisePixels(const PointwiseTask& task) {
  // With few pixels a single block per pass reads each weight only once and in order; the weights are then the larger
  // part.
  const bool singly = task.pixels > kPairPixels && task.pixels <= kSinglePixels;
  int block = 0;
  if (!singly) {
    for (; block + 2 <= task.out_blocks; block += 2) Columns(task, block, PairTiles::table, kPairPixels);
  }
  for (; block < task.out_blocks; ++block) Columns(task, block, SingleTiles::table, kSinglePixels);
}

}  // namespace maskscope::kernels::inner

#endif
