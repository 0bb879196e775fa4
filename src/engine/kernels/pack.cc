#include <algorithm>

#include "engine/kernels/kernels.h"

namespace maskscope::kernels {
namespace {

AlignedFloats PackBias(const float* bias, int channels) {
  AlignedFloats packed(static_cast<size_t>(BlocksOf(channels)) * 16, 0.f);
  if (bias) std::copy(bias, bias + channels, packed.begin());
  return packed;
}

}  // namespace

PointwiseWeights PackPointwise(const float* weights, const float* bias, int in_channels, int out_channels,
                               const Activation& activation) {
  PointwiseWeights packed{in_channels, out_channels, activation, {}, PackBias(bias, out_channels)};
  const int64_t in = PackedChannels(in_channels);
  packed.weights.assign(static_cast<size_t>(BlocksOf(out_channels) * in * 16), 0.f);
  for (int o = 0; o < out_channels; ++o) {
    for (int i = 0; i < in_channels; ++i) {
      packed.weights[((o / 16) * in + i) * 16 + o % 16] = weights[int64_t{o} * in_channels + i];
    }
  }
  return packed;
}

DepthwiseWeights PackDepthwise(const float* weights, const float* bias, int channels, int stride,
                               const Activation& activation) {
  DepthwiseWeights packed{channels, stride, activation, {}, PackBias(bias, channels)};
  packed.weights.assign(static_cast<size_t>(BlocksOf(channels)) * 9 * 16, 0.f);
  for (int c = 0; c < channels; ++c) {
    for (int k = 0; k < 9; ++k) packed.weights[((c / 16) * 9 + k) * 16 + c % 16] = weights[c * 9 + k];
  }
  return packed;
}

StemWeights PackStem(const float* weights, const float* bias, int in_channels, int out_channels, int stride,
                     const Activation& activation) {
  StemWeights packed{in_channels, out_channels, stride, activation, {}, PackBias(bias, out_channels)};
  const int taps = in_channels * 9;
  packed.weights.assign(static_cast<size_t>(BlocksOf(out_channels)) * taps * 16, 0.f);
  for (int o = 0; o < out_channels; ++o) {
    for (int k = 0; k < taps; ++k) packed.weights[((o / 16) * taps + k) * 16 + o % 16] = weights[o * taps + k];
  }
  return packed;
}

}  // namespace maskscope::kernels
