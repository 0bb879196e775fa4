#include "engine/kernels/kernels.h"

namespace maskscope::kernels {

bool KernelsSupported() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                                __builtin_cpu_supports("fma");
  return supported;
#else
  return false;
#endif
}

bool Bf16Supported() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool supported = KernelsSupported() && __builtin_cpu_supports("avx512bf16");
  return supported;
#else
  return false;
#endif
}

}  // namespace maskscope::kernels
