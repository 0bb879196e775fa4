#include <algorithm>
#include <bit>

#include "engine/kernels/kernels.h"

namespace maskscope::kernels {
namespace {

AlignedFloats PackBias(const float* bias, int channels) {
  AlignedFloats packed(static_cast<size_t>(BlocksOf(channels)) * 16, 0.f);
  if (bias) std::copy(bias, bias + channels, packed.begin());
  return packed;
}

// To bf16, to nearest, ties to even; NaN stays NaN.
uint16_t RoundWeight(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (value != value) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// G g G^T of one 3x3 kernel, into products `stride` floats apart. Lavin and Gray, section 4.3, F(4x4, 3x3).
void TransformKernel(const float* kernel, float* out, int64_t stride) {
  constexpr double kG[6][3] = {{0.25, 0, 0},
                               {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                               {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                               {1.0 / 24, 1.0 / 12, 1.0 / 6},
                               {1.0 / 24, -1.0 / 12, 1.0 / 6},
                               {0, 0, 1}};
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 6; ++j) {
      double sum = 0;
      for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 3; ++x) sum += kG[i][y] * kG[j][x] * kernel[y * 3 + x];
      }
      out[(i * 6 + j) * stride] = static_cast<float>(sum);
    }
  }
}

}  // namespace

PointwiseWeights PackPointwise(const float* weights, const float* bias, int in_channels, int out_channels,
                               const Activation& activation, Products products) {
  PointwiseWeights packed{in_channels, out_channels, activation, {}, {}, PackBias(bias, out_channels)};
  const int64_t in = PackedChannels(in_channels);
  if (products == Products::kBf16) {
    packed.pairs.assign(static_cast<size_t>(BlocksOf(out_channels) * in * 16), 0);
    for (int o = 0; o < out_channels; ++o) {
      for (int i = 0; i < in_channels; ++i) {
        const float weight = weights[int64_t{o} * in_channels + i];
        packed.pairs[((o / 16 * in + i / 2 * 2) * 16) + o % 16 * 2 + i % 2] = RoundWeight(weight);
      }
    }
    return packed;
  }
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

Conv3x3Weights PackConv3x3(const float* weights, const float* bias, int in_channels, int out_channels,
                           const std::vector<Activation>& activations) {
  Conv3x3Weights packed{in_channels, out_channels, activations, {}, PackBias(bias, out_channels)};
  const int blocks = BlocksOf(out_channels);
  packed.activations.resize(static_cast<size_t>(blocks), activations.empty() ? Activation::None() : activations.back());
  const int64_t product = int64_t{16} * PackedChannels(in_channels);
  packed.weights.assign(static_cast<size_t>(36 * product * blocks), 0.f);
  for (int o = 0; o < out_channels; ++o) {
    for (int i = 0; i < in_channels; ++i) {
      float* first = packed.weights.data() + (o / 16) * 36 * product + i * 16 + o % 16;
      TransformKernel(weights + (int64_t{o} * in_channels + i) * 9, first, product);
    }
  }
  return packed;
}

}  // namespace maskscope::kernels
