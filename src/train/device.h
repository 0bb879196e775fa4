#ifndef MASKSCOPE_TRAIN_DEVICE_H_
#define MASKSCOPE_TRAIN_DEVICE_H_

#include <c10/core/Device.h>

#include <string>
#include <string_view>

namespace maskscope {

// "cpu", "cuda" or "cuda:N". Errors: kUsage for another text, for a number no GPU has, and where libtorch or the
// machine has no CUDA.
at::Device ParseDevice(const std::string& text);

// In what training multiplies. kBf16: libtorch's mixed precision. Products of convolutions and matrices take bfloat16
// operands, weights, sums over gradients, loss and validation stay in float32. bfloat16 has float32's range, so that
// gradients need no scaling.
enum class TrainingPrecision { kF32, kBf16 };
std::string_view EnumText(TrainingPrecision precision);  // "f32", "bf16"
// Errors: kUsage
void ParseEnum(const std::string& text, TrainingPrecision& precision);

// Mixed precision on `device` in this thread for as long as it lives.
class MixedPrecision {
 public:
  explicit MixedPrecision(const at::Device& device);
  ~MixedPrecision();
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  bool on_cpu_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DEVICE_H_
