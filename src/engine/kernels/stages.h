#ifndef MASKSCOPE_ENGINE_KERNELS_STAGES_H_
#define MASKSCOPE_ENGINE_KERNELS_STAGES_H_

#include "engine/kernels/inner.h"
#include "engine/kernels/kernels.h"

// What a kernel run by itself and the same kernel inside a fused block share.
namespace maskscope::kernels {

// All but rows, dst and dst_block_stride.
inner::StemTask StemTaskFor(const StemWeights& weights, const WindowGeometry& geometry);
// The input rows of output row y.
void SetStemRows(const PlanesIn& src, const WindowGeometry& geometry, int64_t image, int y, inner::StemTask* task);

// All but rows, padded and dst.
inner::DepthwiseTask DepthwiseTaskFor(const DepthwiseWeights& weights, const WindowGeometry& geometry, int block);

// Floats of storage that `pixels` pixels take in bf16.
inline int64_t RoundedFloats(int channels, int64_t pixels) { return (BlocksOf(channels) * pixels * 8 + 15) / 16 * 16; }
// Lays the task's source (src, its stride and pixels are set) down in bf16 and makes the task read that.
void RoundSource(int channels, uint16_t* rounded, inner::PointwiseTask* task);

// A 1x1 convolution of blocks [first, first + count): all but src, dst, residual and pixels.
inner::PointwiseTask PointwiseTaskFor(const PointwiseWeights& weights, int first, int count);

}  // namespace maskscope::kernels

#endif  // MASKSCOPE_ENGINE_KERNELS_STAGES_H_
