#ifndef MASKSCOPE_ENGINE_KERNELS_INNER_H_
#define MASKSCOPE_ENGINE_KERNELS_INNER_H_

#include <cstdint>

#include "engine/kernels/kernels.h"

// The single-threaded inner loops, each over a piece of a tensor that fits the caches. They are defined in *_avx512.cc,
// which use no standard library templates: the linker might otherwise hand their AVX-512 copies to code that must run
// anywhere.
namespace maskscope::kernels::inner {

// Stores of the pointwise kernel: `pixels` pixels times `out_blocks` blocks.
struct PointwiseTask {
  const float* src = nullptr;  // pixel p, channel c: src[(c / 16) * src_block_stride + p * 16 + c % 16]
  int64_t src_block_stride = 0;
  const float* weights = nullptr;  // [out_blocks][packed_in][16]
  const float* bias = nullptr;     // [out_blocks * 16]; null: 0
  // Set instead of src and weights: products in bf16. src_block_stride then counts these elements.
  const uint16_t* src_bf16 = nullptr;
  const uint16_t* weights_bf16 = nullptr;  // [out_blocks][packed_in / 2][16][2]
  int packed_in = 0;                       // input channels, a multiple of 4
  float* dst = nullptr;
  int64_t dst_block_stride = 0;
  const int32_t* dst_offsets = nullptr;  // floats from dst to pixel p; null: p * 16
  const float* residual = nullptr;
  int64_t residual_block_stride = 0;
  const int32_t* residual_offsets = nullptr;  // null: p * 16
  bool add_first = false;
  int pixels = 0;
  int out_blocks = 0;
  Activation activation;
};
void PointwisePixels(const PointwiseTask& task);
void PointwisePixelsBf16(const PointwiseTask& task);  // where Bf16Supported()

// To nearest, ties to even; `floats` is a multiple of 16. Where Bf16Supported().
void RoundToBf16(const float* src, int64_t floats, uint16_t* dst);

// One output row of one block of a depthwise 3x3 convolution.
struct DepthwiseTask {
  const float* rows[3] = {nullptr, nullptr, nullptr};  // input rows, at column 0; null where outside the picture
  int in_width = 0;
  int out_width = 0;
  int stride = 1;
  int pad_left = 1;
  bool padded = false;             // the columns left and right of the row are readable and hold zeros
  const float* weights = nullptr;  // [9][16]
  const float* bias = nullptr;     // [16]
  float* dst = nullptr;
  uint16_t* dst_bf16 = nullptr;  // set instead of dst: the result rounded to bf16
  Activation activation;
};
void DepthwiseRow(const DepthwiseTask& task);
void DepthwiseRowBf16(const DepthwiseTask& task);  // where Bf16Supported()

// One output row, all blocks, of a dense 3x3 convolution of up to 4 planes.
struct StemTask {
  const float* rows[12] = {};  // [channel][3] input rows, at column 0; null where outside the picture
  int in_channels = 0;
  int in_width = 0;
  int out_width = 0;
  int stride = 2;
  int pad_left = 1;
  int out_blocks = 0;
  const float* weights = nullptr;  // [out_blocks][in_channels][9][16]
  const float* bias = nullptr;     // [out_blocks * 16]
  float* dst = nullptr;
  int64_t dst_block_stride = 0;
  Activation activation;
};
void StemRow(const StemTask& task);

// The two transforms of Winograd's F(4x4, 3x3) for one tile of one block. The 36 products of a tile lie `stride` floats
// apart.
constexpr int kWinogradProducts = 36;
constexpr int kWinogradTile = 4;  // output pixels a side; the input patch has 6

struct WinogradInput {
  const float* src = nullptr;  // pixel (0, 0) of the block
  int height = 0;
  int width = 0;
  int y = 0;  // top left corner of the patch; what lies outside is 0
  int x = 0;
  float* dst = nullptr;
  int64_t stride = 0;
};
void WinogradInputTile(const WinogradInput& tile);

struct WinogradOutput {
  const float* src = nullptr;
  int64_t stride = 0;
  const float* bias = nullptr;
  float* dst = nullptr;  // the tile's top left pixel
  int width = 0;         // of the output map
  int rows = 4;          // pixels of the tile inside the map
  int columns = 4;
  Activation activation;
};
void WinogradOutputTile(const WinogradOutput& tile);

}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_INNER_H_
