#ifndef MASKSCOPE_ENGINE_COPY_H_
#define MASKSCOPE_ENGINE_COPY_H_

#include "engine/place.h"

namespace maskscope {

// Copies a value between places of the same shape, converting format and element type. Channels that fill up the last
// block of a blocked `to` become 0. Places of other rank than 4 are both plain.
void CopyPlace(const Place& from, const void* src, const Place& to, void* dst, int threads);

// Copies channels `first`.. of a blocked value into all channels of an nhwc one of the same batch, height and width.
void ScatterChannels(const Place& blocked, const float* src, int64_t first, const Place& nhwc, float* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_COPY_H_
