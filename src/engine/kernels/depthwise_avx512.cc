#if defined(__x86_64__)

#include "engine/kernels/depthwise_tiles_avx512.h"

namespace maskscope::kernels::inner {
namespace {

struct F32Store {
  static float* Row(const DepthwiseTask& task) { return task.dst; }
  [[gnu::always_inline]] static void Pixel(float* dst, __m512 value) { _mm512_storeu_ps(dst, value); }
};

}  // namespace

void DepthwiseRow(const DepthwiseTask& task) {
  if (task.dst_bf16) return DepthwiseRowBf16(task);
  task.stride == 1 ? Row<F32Store, 1>(task) : Row<F32Store, 2>(task);
}

}  // namespace maskscope::kernels::inner

#endif
