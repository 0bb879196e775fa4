#ifndef MASKSCOPE_ENGINE_SOFTMAX_H_
#define MASKSCOPE_ENGINE_SOFTMAX_H_

#include <cstdint>

namespace maskscope {

// Softmax over the middle axis of dense values [outer, length, inner]. dst may be src.
struct SoftmaxShape {
  int64_t outer = 1, length = 1, inner = 1;
};
void Softmax(const SoftmaxShape& shape, const float* src, float* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_SOFTMAX_H_
