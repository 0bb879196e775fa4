#ifndef MASKSCOPE_ENGINE_PIXEL_OPS_H_
#define MASKSCOPE_ENGINE_PIXEL_OPS_H_

#include "engine/elementwise.h"
#include "engine/place.h"
#include "graph/operators.h"

// Kernels that detectors need beside convolutions: PReLU, and what mixes the channels of a pixel. All on f32; blocked
// places as in place.h, plain ones dense. `dst` may be `src` where the shapes are equal.
namespace maskscope {

// x < 0 ? x * slope : x, one slope a channel, the slopes filled up to whole blocks.
void PReluBlocked(const Place& from, const float* src, const float* slopes, const Place& to, float* dst, int threads);
// The same and then the greatest value under each place of the window, in one pass over the input.
void PReluMaxPoolBlocked(const Place& from, const float* src, const float* slopes, const Place& to, float* dst,
                         const Window& window, int threads);

// Sum over a pixel's channels, times `share`: blocked -> plain [batch, 1, height, width].
void SumChannelsBlocked(const Place& from, const float* src, float share, float* dst, int threads);

// An operand with one number a pixel: plain [batch or 1, 1, height, width].
struct PixelOperand {
  const float* values = nullptr;
  int64_t batch_stride = 0;  // 0: the same for all entries of the batch
};
// left op pixel, or pixel op left where `swapped`. The channels that fill up the last block become 0.
void PixelBlocked(BinaryOp op, bool swapped, const Place& from, const float* left, const PixelOperand& right,
                  const Place& to, float* dst, int threads);

// out[i...] = in[i permuted]: out's axis k is in's axis perm[k].
void PermutePlain(const float* src, const Shape& in, const std::vector<int64_t>& perm, float* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_PIXEL_OPS_H_
