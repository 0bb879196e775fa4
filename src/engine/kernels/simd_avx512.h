#ifndef MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
#define MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_

#include <immintrin.h>

#include "engine/kernels/kernels.h"

// Included by *_avx512.cc only. Everything is static: each file keeps its own copy, compiled with its own flags.
namespace maskscope::kernels::inner {

// In place, with the choice of function outside the loops so that the vectors stay in registers. max(low, x) hands on a
// NaN in x, because the second operand wins.
template <int kRows, int kColumns>
static inline void ActivateAll(const Activation& activation, __m512 (&x)[kRows][kColumns]) {
  if (activation.kind == Activation::Kind::kClip) {
    const __m512 low = _mm512_set1_ps(activation.low), high = _mm512_set1_ps(activation.high);
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 28
      for (int c = 0; c < kColumns; ++c) x[r][c] = _mm512_min_ps(high, _mm512_max_ps(low, x[r][c]));
    }
  } else if (activation.kind == Activation::Kind::kLeaky) {
    const __m512 slope = _mm512_set1_ps(activation.slope);
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 28
      for (int c = 0; c < kColumns; ++c) x[r][c] = _mm512_max_ps(_mm512_mul_ps(x[r][c], slope), x[r][c]);
    }
  }
}

}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
