#ifndef MASKSCOPE_ENGINE_KERNELS_RING_H_
#define MASKSCOPE_ENGINE_KERNELS_RING_H_

#include <algorithm>
#include <cstdint>

#include "engine/kernels/kernels.h"

namespace maskscope::kernels {

// Columns of a ring row: the input's and the zero columns that the window reaches on either side.
inline int PaddedWidth(const WindowGeometry& g, int stride) {
  return g.pad_left + g.in_width + std::max(0, (g.out_width - 1) * stride + 3 - g.pad_left - g.in_width);
}

// The last rows of a depthwise convolution's input, row y in slot y % rows, column 0 behind `pad_left` zero columns.
struct Ring {
  float* data = nullptr;
  int rows = 0, padded_width = 0, pad_left = 0;
  int64_t block_stride() const { return int64_t{rows} * padded_width * 16; }
  int32_t RowOffset(int y) const { return (y % rows * padded_width + pad_left) * 16; }
  float* Row(int block, int y) const { return data + block * block_stride() + RowOffset(y); }
  void ZeroColumns(int blocks, int in_width) const {
    for (int64_t row = 0; row < int64_t{blocks} * rows; ++row) {
      float* begin = data + row * padded_width * 16;
      std::fill(begin, begin + pad_left * 16, 0.f);
      std::fill(begin + (pad_left + in_width) * 16, begin + padded_width * 16, 0.f);
    }
  }
};

}  // namespace maskscope::kernels

#endif  // MASKSCOPE_ENGINE_KERNELS_RING_H_
