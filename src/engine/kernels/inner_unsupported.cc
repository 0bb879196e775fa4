#if !defined(__x86_64__)

#include <cassert>

#include "engine/kernels/inner.h"

// Stands in where there are no AVX-512 instructions; KernelsSupported() is false there, so nobody may come here.
namespace maskscope::kernels::inner {

void PointwisePixels(const PointwiseTask&) { assert(false); }
void PointwisePixelsBf16(const PointwiseTask&) { assert(false); }
void RoundToBf16(const float*, int64_t, uint16_t*) { assert(false); }
void DepthwiseRowBf16(const DepthwiseTask&) { assert(false); }
void DepthwiseRow(const DepthwiseTask&) { assert(false); }
void StemRow(const StemTask&) { assert(false); }
void WinogradInputTile(const WinogradInput&) { assert(false); }
void WinogradOutputTile(const WinogradOutput&) { assert(false); }

}  // namespace maskscope::kernels::inner

#endif
