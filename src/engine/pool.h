#ifndef MASKSCOPE_ENGINE_POOL_H_
#define MASKSCOPE_ENGINE_POOL_H_

#include "engine/place.h"
#include "graph/operators.h"

// Pooling and resizing of blocked f32 values.
namespace maskscope {

void MaxPoolBlocked(const Place& from, const float* src, const Place& to, float* dst, const Window& window,
                    int threads);
void AveragePoolBlocked(const Place& from, const float* src, const Place& to, float* dst, const Window& window,
                        int threads);

// dst is plain [batch, channels]: the mean of each channel.
void GlobalAverageBlocked(const Place& from, const float* src, float* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_POOL_H_
