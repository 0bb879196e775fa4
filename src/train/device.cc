#include "train/device.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/torch.h>

#include <charconv>

#include "base/error.h"

namespace maskscope {

at::Device ParseDevice(const std::string& text) {
  constexpr std::string_view kGpu = "cuda";
  if (text == "cpu") return at::Device(at::kCPU);
  int index = 0;
  bool known = text == kGpu;
  if (text.starts_with("cuda:")) {
    const char* const end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data() + kGpu.size() + 1, end, index);
    known = failure == std::errc() && last == end && index >= 0;
  }
  if (!known) throw Error{ErrorKind::kUsage, "device '" + text + "' is not known, wanted cpu, cuda or cuda:N"};
  if (!torch::cuda::is_available()) {
    throw Error{ErrorKind::kUsage,
                "device '" + text +
                    "': this libtorch finds no CUDA. Build against one that has it (CMAKE_PREFIX_PATH=LIBTORCH), look "
                    "whether the GPU's driver runs (nvidia-smi), or train with --device cpu"};
  }
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (index >= count) {
    throw Error{ErrorKind::kUsage, fmt::format("device '{}': there are {}, counted from 0", text, count)};
  }
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

std::string_view EnumText(TrainingPrecision precision) { return precision == TrainingPrecision::kF32 ? "f32" : "bf16"; }

void ParseEnum(const std::string& text, TrainingPrecision& precision) {
  if (text != "f32" && text != "bf16") {
    throw Error{ErrorKind::kUsage, "precision '" + text + "' is not known, wanted f32 or bf16"};
  }
  precision = text == "f32" ? TrainingPrecision::kF32 : TrainingPrecision::kBf16;
}

MixedPrecision::MixedPrecision(const at::Device& device) : on_cpu_(device.is_cpu()) {
  at::autocast::increment_nesting();
  if (on_cpu_) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(true);
  } else {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(true);
  }
}

MixedPrecision::~MixedPrecision() {
  if (on_cpu_) {
    at::autocast::set_cpu_enabled(false);
  } else {
    at::autocast::set_enabled(false);
  }
  // The weights' bfloat16 copies are kept for the length of a pass; after the next step they would be old.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace maskscope
