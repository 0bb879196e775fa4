#ifndef MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
#define MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_

#include <immintrin.h>

#include "engine/kernels/kernels.h"

// Included by *_avx512.cc only. Everything is static: each file keeps its own copy, compiled with its own flags.
namespace maskscope::kernels::inner {

// x / (1 + e^-x). e^y = 2^n e^r with |r| <= ln(2) / 2, e^r by its Taylor polynomial of degree 6 (error below 2e-7
// relative); scalef makes 0 and infinity of what lies beyond a float.
static inline __m512 Swish(__m512 x) {
  const __m512 y = _mm512_sub_ps(_mm512_setzero_ps(), x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(y, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), y);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  const float coefficients[] = {1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2, 1.0f, 1.0f};
  __m512 p = _mm512_set1_ps(1.0f / 720);
#pragma GCC unroll 6
  for (const float coefficient : coefficients) p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(coefficient));
  return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), _mm512_scalef_ps(p, n)));
}

static inline __m512 HardSwish(__m512 x) {
  const __m512 line = _mm512_fmadd_ps(x, _mm512_set1_ps(1.0f / 6), _mm512_set1_ps(0.5f));
  const __m512 gate = _mm512_min_ps(_mm512_max_ps(line, _mm512_setzero_ps()), _mm512_set1_ps(1.0f));
  return _mm512_mul_ps(x, gate);
}

// Functions of many instructions, in one place rather than in each of the many tiles.
[[gnu::noinline]] static void ActivateVectors(Activation::Kind kind, __m512* x, int count) {
  if (kind == Activation::Kind::kSwish) {
    for (int i = 0; i < count; ++i) x[i] = Swish(x[i]);
  } else {
    for (int i = 0; i < count; ++i) x[i] = HardSwish(x[i]);
  }
}

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
  } else if (activation.kind != Activation::Kind::kNone) {
    // Through a copy: x itself must not get an address, or it would live in memory all along.
    __m512 copy[kRows * kColumns];
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 28
      for (int c = 0; c < kColumns; ++c) copy[r * kColumns + c] = x[r][c];
    }
    ActivateVectors(activation.kind, copy, kRows * kColumns);
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 28
      for (int c = 0; c < kColumns; ++c) x[r][c] = copy[r * kColumns + c];
    }
  }
}

}  // namespace maskscope::kernels::inner

#endif  // MASKSCOPE_ENGINE_KERNELS_SIMD_AVX512_H_
