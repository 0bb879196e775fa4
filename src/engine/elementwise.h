#ifndef MASKSCOPE_ENGINE_ELEMENTWISE_H_
#define MASKSCOPE_ENGINE_ELEMENTWISE_H_

#include <optional>

#include "engine/activation.h"
#include "engine/place.h"

// Element by element over f32 places that have the same shape and format. dst may be src.
namespace maskscope {

enum class BinaryOp { kAdd, kSub, kMul, kDiv, kPRelu };  // kPRelu: a < 0 ? a * b : a

void ActivatePlace(const Activation& activation, const Place& from, const float* src, const Place& to, float* dst,
                   int threads);

// `activation` is applied to the result.
void BinaryPlace(BinaryOp op, const std::optional<Activation>& activation, const Place& a, const float* left,
                 const Place& b, const float* right, const Place& to, float* dst, int threads);

// right holds one number a channel: [batch or 1, channels], plain; `batched` says which. A scalar is `scalar`.
struct ChannelOperand {
  const float* values = nullptr;
  int64_t batch_stride = 0;    // 0: the same for all entries of the batch
  int64_t channel_stride = 1;  // 0: a scalar
};
void ChannelPlace(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                  const Place& to, float* dst, int threads);

// y = activation(x * scale + shift), one number of each a channel: BatchNormalization at inference.
struct ScaleShift {
  const float* scale = nullptr;
  const float* shift = nullptr;
};
void ScaleShiftPlace(const ScaleShift& numbers, const std::optional<Activation>& activation, const Place& from,
                     const float* src, const Place& to, float* dst, int threads);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_ELEMENTWISE_H_
