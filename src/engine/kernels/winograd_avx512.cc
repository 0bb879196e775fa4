#if defined(__x86_64__)

#include "engine/kernels/inner.h"
#include "engine/kernels/simd_avx512.h"

namespace maskscope::kernels::inner {
namespace {

// B^T d: Lavin and Gray 2015, section 4.3.
inline void InputTransform(const __m512 (&d)[6], __m512 (&t)[6]) {
  const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), five = _mm512_set1_ps(5);
  const __m512 even = _mm512_fnmadd_ps(four, d[2], d[4]);  // d4 - 4 d2
  const __m512 odd = _mm512_fnmadd_ps(four, d[1], d[3]);   // d3 - 4 d1
  const __m512 c = _mm512_sub_ps(d[4], d[2]);
  const __m512 e = _mm512_sub_ps(d[3], d[1]);
  t[0] = _mm512_fmadd_ps(four, d[0], _mm512_fnmadd_ps(five, d[2], d[4]));
  t[1] = _mm512_add_ps(even, odd);
  t[2] = _mm512_sub_ps(even, odd);
  t[3] = _mm512_fmadd_ps(two, e, c);
  t[4] = _mm512_fnmadd_ps(two, e, c);
  t[5] = _mm512_fmadd_ps(four, d[1], _mm512_fnmadd_ps(five, d[3], d[5]));
}

// A^T m.
inline void OutputTransform(const __m512 (&m)[6], __m512 (&o)[4]) {
  const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), eight = _mm512_set1_ps(8);
  const __m512 s1 = _mm512_add_ps(m[1], m[2]), d1 = _mm512_sub_ps(m[1], m[2]);
  const __m512 s2 = _mm512_add_ps(m[3], m[4]), d2 = _mm512_sub_ps(m[3], m[4]);
  o[0] = _mm512_add_ps(m[0], _mm512_add_ps(s1, s2));
  o[1] = _mm512_fmadd_ps(two, d2, d1);
  o[2] = _mm512_fmadd_ps(four, s2, s1);
  o[3] = _mm512_fmadd_ps(eight, d2, _mm512_add_ps(d1, m[5]));
}

template <bool kEdge>
inline void InputTile(const WinogradInput& tile) {
  __m512 half[6][6];
  const int64_t row = int64_t{16} * tile.width;
  const float* src = tile.src + tile.y * row + int64_t{16} * tile.x;
#pragma GCC unroll 1
  for (int x = 0; x < 6; ++x) {
    __m512 d[6], t[6];
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) {
      const bool inside = !kEdge || (static_cast<unsigned>(tile.y + y) < static_cast<unsigned>(tile.height) &&
                                     static_cast<unsigned>(tile.x + x) < static_cast<unsigned>(tile.width));
      d[y] = inside ? _mm512_loadu_ps(src + y * row + x * 16) : _mm512_setzero_ps();
    }
    InputTransform(d, t);
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) half[y][x] = t[y];
  }
  float* dst = tile.dst;
#pragma GCC unroll 1
  for (int y = 0; y < 6; ++y) {
    __m512 t[6];
    InputTransform(half[y], t);
#pragma GCC unroll 6
    for (int x = 0; x < 6; ++x, dst += tile.stride) _mm512_storeu_ps(dst, t[x]);
  }
}

}  // namespace

void WinogradInputTile(const WinogradInput& tile) {
  const bool inside = tile.y >= 0 && tile.x >= 0 && tile.y + 6 <= tile.height && tile.x + 6 <= tile.width;
  inside ? InputTile<false>(tile) : InputTile<true>(tile);
}

void WinogradOutputTile(const WinogradOutput& tile) {
  __m512 half[4][6];
#pragma GCC unroll 1
  for (int x = 0; x < 6; ++x) {
    __m512 m[6], o[4];
#pragma GCC unroll 6
    for (int y = 0; y < 6; ++y) m[y] = _mm512_loadu_ps(tile.src + (y * 6 + x) * tile.stride);
    OutputTransform(m, o);
#pragma GCC unroll 4
    for (int y = 0; y < 4; ++y) half[y][x] = o[y];
  }
  const __m512 bias = _mm512_loadu_ps(tile.bias);
  float* dst = tile.dst;
#pragma GCC unroll 1
  for (int y = 0; y < tile.rows; ++y, dst += int64_t{16} * tile.width) {
    __m512 out[1][4];
    OutputTransform(half[y], out[0]);
#pragma GCC unroll 4
    for (int x = 0; x < 4; ++x) out[0][x] = _mm512_add_ps(out[0][x], bias);
    ActivateAll(tile.activation, out);
    if (tile.columns == 4) {
#pragma GCC unroll 4
      for (int x = 0; x < 4; ++x) _mm512_storeu_ps(dst + x * 16, out[0][x]);
    } else {
      _mm512_storeu_ps(dst, out[0][0]);
      if (tile.columns > 1) _mm512_storeu_ps(dst + 16, out[0][1]);
      if (tile.columns > 2) _mm512_storeu_ps(dst + 32, out[0][2]);
    }
  }
}

}  // namespace maskscope::kernels::inner

#endif
