#if defined(__x86_64__)

#include "engine/kernels/pointwise_tiles_avx512.h"

namespace maskscope::kernels::inner {
namespace {

// Two neighbouring channels of a pixel, wherever they lie.
using Pair [[gnu::may_alias]] = int32_t;

struct Bf16Products {
  using Element = uint16_t;
  static const uint16_t* Source(const PointwiseTask& task) { return task.src_bf16; }
  static const uint16_t* Weights(const PointwiseTask& task) { return task.weights_bf16; }

  template <int kBlocks, int kPixels>
  [[gnu::always_inline]] static void AddFour(const uint16_t* s, const uint16_t* weights, int64_t weight_stride,
                                             __m512 (&sum)[kBlocks][kPixels]) {
#pragma GCC unroll 2
    for (int c = 0; c < 4; c += 2) {
      __m512i w[kBlocks];
#pragma GCC unroll 2
      for (int b = 0; b < kBlocks; ++b) w[b] = _mm512_loadu_si512(weights + b * weight_stride + c * 16);
      _mm_prefetch(reinterpret_cast<const char*>(weights + c * 16) + kPrefetchBytes, _MM_HINT_T0);
#pragma GCC unroll 28
      for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 2
        for (int b = 0; b < kBlocks; ++b) {
          // GCC's intrinsic does not know that the instruction broadcasts by itself.
          asm("vdpbf16ps %2%{1to16%}, %1, %0"
              : "+v"(sum[b][p])
              : "v"(w[b]), "m"(*reinterpret_cast<const Pair*>(s + p * 16 + c)));
        }
      }
    }
  }
};

}  // namespace

void PointwisePixelsBf16(const PointwiseTask& task) { AllTiles<Bf16Products>(task); }

void RoundToBf16(const float* src, int64_t floats, uint16_t* dst) {
  for (int64_t i = 0; i < floats; i += 16) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(src + i)));
  }
}

}  // namespace maskscope::kernels::inner

#endif
