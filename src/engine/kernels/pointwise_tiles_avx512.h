#ifndef MASKSCOPE_ENGINE_KERNELS_POINTWISE_TILES_AVX512_H_
#define MASKSCOPE_ENGINE_KERNELS_POINTWISE_TILES_AVX512_H_

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

// The 1x1 kernel around its inner loop, which `Products` holds: f32 or bf16. Included by *_avx512.cc and
// *_avx512bf16.cc only; everything is local to the file that includes it, compiled with that file's flags.
namespace maskscope::kernels::inner {
namespace {

constexpr int kSinglePixels = 28;  // accumulators that fit the registers beside a weight vector
constexpr int kFewPixels = 8;      // fewer accumulators would wait for each other
constexpr int kPairPixels = 7;

// Weights of deep layers come from far and are used once: ask for them early, beyond the page that the hardware looks
// ahead in.
[[maybe_unused]] constexpr int kPrefetchBytes = 4096;

// Weights that stay in the first-level cache beside a tile's input.
constexpr int64_t kNearWeightVectors = 256;

template <typename Element>
struct Position {
  const Element* src;
  const Element* weights;
  const float* bias;
  float* dst;
  const float* residual;
  int pixel;
};

// The loops below stay free of branches, or the compiler would move the accumulators to memory.
template <typename Element, int kBlocks, int kPixels>
inline void AddResidual(const PointwiseTask& task, const Position<Element>& at, __m512 (&sum)[kBlocks][kPixels]) {
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

template <typename Element, int kBlocks, int kPixels>
inline void StoreAll(const PointwiseTask& task, const Position<Element>& at, const __m512 (&sum)[kBlocks][kPixels]) {
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

template <typename Element, int kBlocks, int kPixels>
inline void Finish(const PointwiseTask& task, const Position<Element>& at, __m512 (&sum)[kBlocks][kPixels]) {
  if (at.residual && task.add_first) AddResidual(task, at, sum);
  ActivateAll(task.activation, sum);
  if (at.residual && !task.add_first) AddResidual(task, at, sum);
  StoreAll(task, at, sum);
}

template <typename Products, int kBlocks, int kPixels>
void Tile(const PointwiseTask& task, const Position<typename Products::Element>& at) {
  __m512 sum[kBlocks][kPixels];
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    const __m512 bias = at.bias ? _mm512_loadu_ps(at.bias + b * 16) : _mm512_setzero_ps();
#pragma GCC unroll 28
    for (int p = 0; p < kPixels; ++p) sum[b][p] = bias;
  }
  const auto* weights = at.weights;
  const int64_t weight_stride = int64_t{task.packed_in} * 16;
  const auto* src = at.src;
  for (int left = task.packed_in; left > 0; left -= 16, src += task.src_block_stride) {
    const auto* end = src + (left < 16 ? left : 16);
    for (const auto* s = src; s != end; s += 4, weights += 64) Products::AddFour(s, weights, weight_stride, sum);
  }
  Finish(task, at, sum);
}

template <typename Products>
using TileFunction = void (*)(const PointwiseTask&, const Position<typename Products::Element>&);

template <typename Products, int kBlocks, int... kIndex>
struct Tiles {
  static constexpr TileFunction<Products> table[] = {Tile<Products, kBlocks, kIndex>...};
};
template <typename Products>
using PairTiles = Tiles<Products, 2, 1, 2, 3, 4, 5, 6, 7>;
template <typename Products>
using SingleTiles = Tiles<Products, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                          23, 24, 25, 26, 27, 28>;

// Cuts the pixels into tiles of equal size as nearly as may be.
struct Cut {
  int count, small, extra;
  Cut(int pixels, int most) : count((pixels + most - 1) / most), small(pixels / count), extra(pixels % count) {}
  int size(int i) const { return small + (i < extra); }
  int begin(int i) const { return i * small + (i < extra ? i : extra); }
};

// Tile i of the cut, over blocks from `block` on.
template <typename Products>
void RunTile(const PointwiseTask& task, const Cut& cut, int i, int block, const TileFunction<Products>* table) {
  Position<typename Products::Element> at;
  at.pixel = cut.begin(i);
  at.src = Products::Source(task) + int64_t{16} * at.pixel;
  at.weights = Products::Weights(task) + int64_t{block} * task.packed_in * 16;
  at.bias = task.bias ? task.bias + int64_t{block} * 16 : nullptr;
  at.dst = task.dst + block * task.dst_block_stride;
  at.residual = task.residual ? task.residual + block * task.residual_block_stride : nullptr;
  table[cut.size(i) - 1](task, at);
}

template <typename Products>
void AllTiles(const PointwiseTask& task) {
  // One block at a time costs the fewest instructions: the broadcast is part of the multiplication. Too few pixels
  // would leave the multipliers waiting for their own results, though; then two blocks go together.
  int block = 0;
  if (task.pixels < kFewPixels) {
    const Cut cut(task.pixels, kPairPixels);
    for (; block + 2 <= task.out_blocks; block += 2) {
      for (int i = 0; i < cut.count; ++i) RunTile<Products>(task, cut, i, block, PairTiles<Products>::table);
    }
  }
  const Cut cut(task.pixels, kSinglePixels);
  if (int64_t{task.out_blocks} * task.packed_in <= kNearWeightVectors) {  // a tile's input is read from far only once
    for (int i = 0; i < cut.count; ++i) {
      for (int b = block; b < task.out_blocks; ++b) RunTile<Products>(task, cut, i, b, SingleTiles<Products>::table);
    }
  } else {  // a block's weights are
    for (; block < task.out_blocks; ++block) {
      for (int i = 0; i < cut.count; ++i) RunTile<Products>(task, cut, i, block, SingleTiles<Products>::table);
    }
  }
}

}  // namespace
}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_POINTWISE_TILES_AVX512_H_
