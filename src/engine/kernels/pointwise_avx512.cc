#if defined(__x86_64__)

#include "engine/kernels/pointwise_tiles_avx512.h"

namespace maskscope::kernels::inner {
namespace {

struct F32Products {
  using Element = float;
  static const float* Source(const PointwiseTask& task) { return task.src; }
  static const float* Weights(const PointwiseTask& task) { return task.weights; }

  template <int kBlocks, int kPixels>
  [[gnu::always_inline]] static void AddFour(const float* s, const float* weights, int64_t weight_stride,
                                             __m512 (&sum)[kBlocks][kPixels]) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      __m512 w[kBlocks];
#pragma GCC unroll 2
      for (int b = 0; b < kBlocks; ++b) w[b] = _mm512_loadu_ps(weights + b * weight_stride + c * 16);
      _mm_prefetch(reinterpret_cast<const char*>(weights + c * 16) + kPrefetchBytes, _MM_HINT_T0);
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) {
        const __m512 x = _mm512_set1_ps(s[p * 16 + c]);
#pragma GCC unroll 2
        for (int b = 0; b < kBlocks; ++b) sum[b][p] = _mm512_fmadd_ps(w[b], x, sum[b][p]);
      }
    }
  }
};

}  // namespace

void PointwisePixels(const PointwiseTask& task) {
  if (task.weights_bf16) return PointwisePixelsBf16(task);
  AllTiles<F32Products>(task);
}

}  // namespace maskscope::kernels::inner

#endif
