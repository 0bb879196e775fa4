#ifndef MASKSCOPE_ANALYZE_NORMALIZE_H_
#define MASKSCOPE_ANALYZE_NORMALIZE_H_

#include <cstdint>

#include "graph/model_record.h"

namespace maskscope {

// What is fed for one channel's pixel value v: (v - mean) * inverse_std.
struct ChannelRule {
  int source = 0;  // 0 red, 1 green, 2 blue
  float mean = 0, inverse_std = 1;
  float operator()(float value) const { return (value - mean) * inverse_std; }
};
ChannelRule ChannelRuleOf(const Preprocessing& rule, int channel);

// One row: RGB bytes [width, 3] -> planes[c][x], channel c by rules[c]. Vectorised where the CPU allows; the results
// are those of ChannelRule::operator() to the bit. The planes may not overlap `rgb`.
void NormalizeRow(const uint8_t* rgb, int width, const ChannelRule rules[3], float* const planes[3]);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_NORMALIZE_H_
