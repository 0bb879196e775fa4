#ifndef MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
#define MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_

#include <immintrin.h>

#include "engine/kernels/kernels.h"

// Included by *_avx512.cc only. Everything is static: each file keeps its own copy, compiled with its own flags.
namespace maskscope::kernels::inner {

// max(low, x) hands on a NaN in x, because the second operand wins.
static inline __m512 Activate(__m512 x, Activation::Kind kind, __m512 low, __m512 high) {
  if (kind == Activation::Kind::kClip) return _mm512_min_ps(high, _mm512_max_ps(low, x));
  if (kind == Activation::Kind::kLeaky) return _mm512_max_ps(_mm512_mul_ps(x, low), x);
  return x;
}

// What Activate wants as `low`: the slope for kLeaky.
static inline __m512 ActivationLow(const Activation& a) {
  return _mm512_set1_ps(a.kind == Activation::Kind::kLeaky ? a.slope : a.low);
}

}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
