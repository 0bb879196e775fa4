#if defined(__x86_64__)

#include "engine/kernels/depthwise_tiles_avx512.h"

namespace maskscope::kernels::inner {
namespace {

struct Bf16Store {
  static uint16_t* Row(const DepthwiseTask& task) { return task.dst_bf16; }
  [[gnu::always_inline]] static void Pixel(uint16_t* dst, __m512 value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst), (__m256i)_mm512_cvtneps_pbh(value));
  }
};

}  // namespace

void DepthwiseRowBf16(const DepthwiseTask& task) {
  task.stride == 1 ? Row<Bf16Store, 1>(task) : Row<Bf16Store, 2>(task);
}

}  // namespace maskscope::kernels::inner

#endif
