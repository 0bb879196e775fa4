#ifndef MASKSCOPE_ENGINE_COPY_H_
#define MASKSCOPE_ENGINE_COPY_H_

#include "engine/place.h"

namespace maskscope {

// Copies a value between places of the same shape, converting format and element type. Channels that fill up the last
// block of a blocked `to` become 0. Places of other rank than 4 are both plain.
void CopyPlace(const Place& from, const void* src, const Place& to, void* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_COPY_H_
