#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

constexpr int kSinglePixels = 28;  // accumulators that fit the registers beside a weight vector
constexpr int kFewPixels = 8;      // fewer accumulators would wait for each other
constexpr int kPairPixels = 7;

// Weights of deep layers come from far and are used once: ask for them early, beyond the page that the hardware looks
// ahead in.
constexpr int kPrefetchFloats = 1024;

// Weights that stay in the first-level cache beside a tile's input.
constexpr int64_t kNearWeightVectors = 256;

struct Position {
  const float* src;
  const float* weights;
  const float* bias;
  float* dst;
  const float* residual;
  int pixel;
};

// The loops below stay free of branches, or the compiler would move the accumulators to memory.
template <int kBlocks, int kPixels>
inline void AddResidual(const PointwiseTask& task, const Position& at, __m512 (&sum)[kBlocks][kPixels]) {
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    const float* residual = at.residual + b * task.residual_block_stride;
    if (task.residual_offsets) {
      const int32_t* offsets = task.residual_offsets + at.pixel;
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) sum[b][p] = _mm512_add_ps(sum[b][p], _mm512_loadu_ps(residual + offsets[p]));
    } else {
      residual += int64_t{16} * at.pixel;
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) sum[b][p] = _mm512_add_ps(sum[b][p], _mm512_loadu_ps(residual + p * 16));
    }
  }
}

template <int kBlocks, int kPixels>
inline void StoreAll(const PointwiseTask& task, const Position& at, const __m512 (&sum)[kBlocks][kPixels]) {
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    float* dst = at.dst + b * task.dst_block_stride;
    if (task.dst_offsets) {
      const int32_t* offsets = task.dst_offsets + at.pixel;
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) _mm512_storeu_ps(dst + offsets[p], sum[b][p]);
    } else {
      dst += int64_t{16} * at.pixel;
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) _mm512_storeu_ps(dst + p * 16, sum[b][p]);
    }
  }
}

template <int kBlocks, int kPixels>
inline void Finish(const PointwiseTask& task, const Position& at, __m512 (&sum)[kBlocks][kPixels]) {
  if (at.residual && task.add_first) AddResidual(task, at, sum);
  ActivateAll(task.activation, sum);
  if (at.residual && !task.add_first) AddResidual(task, at, sum);
  StoreAll(task, at, sum);
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
        _mm_prefetch(reinterpret_cast<const char*>(weights + c * 16 + kPrefetchFloats), _MM_HINT_T0);
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
  Finish(task, at, sum);
}

using TileFunction = void (*)(const PointwiseTask&, const Position&);

template <int kBlocks, int... kIndex>
struct Tiles {
  static constexpr TileFunction table[] = {Tile<kBlocks, kIndex>...};
};
using PairTiles = Tiles<2, 1, 2, 3, 4, 5, 6, 7>;
using SingleTiles =
    Tiles<1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28>;

// Cuts the pixels into tiles of equal size as nearly as may be.
struct Cut {
  int count, small, extra;
  Cut(int pixels, int most) : count((pixels + most - 1) / most), small(pixels / count), extra(pixels % count) {}
  int size(int i) const { return small + (i < extra); }
  int begin(int i) const { return i * small + (i < extra ? i : extra); }
};

// Tile i of the cut, over blocks from `block` on.
void RunTile(const PointwiseTask& task, const Cut& cut, int i, int block, const TileFunction* table) {
  Position at;
  at.pixel = cut.begin(i);
  at.src = task.src + int64_t{16} * at.pixel;
  at.weights = task.weights + int64_t{block} * task.packed_in * 16;
  at.bias = task.bias ? task.bias + int64_t{block} * 16 : nullptr;
  at.dst = task.dst + block * task.dst_block_stride;
  at.residual = task.residual ? task.residual + block * task.residual_block_stride : nullptr;
  table[cut.size(i) - 1](task, at);
}

}  // namespace

void PointwisePixels(const PointwiseTask& task) {
  // One block at a time costs the fewest instructions: the broadcast is part of the multiplication. Too few pixels
  // would leave the multipliers waiting for their own results, though; then two blocks go together.
  int block = 0;
  if (task.pixels < kFewPixels) {
    const Cut cut(task.pixels, kPairPixels);
    for (; block + 2 <= task.out_blocks; block += 2) {
      for (int i = 0; i < cut.count; ++i) RunTile(task, cut, i, block, PairTiles::table);
    }
  }
  const Cut cut(task.pixels, kSinglePixels);
  if (int64_t{task.out_blocks} * task.packed_in <= kNearWeightVectors) {  // a tile's input is read from far only once
    for (int i = 0; i < cut.count; ++i) {
      for (int b = block; b < task.out_blocks; ++b) RunTile(task, cut, i, b, SingleTiles::table);
    }
  } else {  // a block's weights are
    for (; block < task.out_blocks; ++block) {
      for (int i = 0; i < cut.count; ++i) RunTile(task, cut, i, block, SingleTiles::table);
    }
  }
}

}  // namespace maskscope::kernels::inner

#endif
