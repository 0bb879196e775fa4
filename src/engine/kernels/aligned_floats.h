#ifndef MASKSCOPE_ENGINE_KERNELS_ALIGNED_FLOATS_H_
#define MASKSCOPE_ENGINE_KERNELS_ALIGNED_FLOATS_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace maskscope::kernels {

// Allocates on 64-byte boundaries: one AVX-512 register never straddles two cache lines.
template <typename T>
struct CacheLineAllocator {
  using value_type = T;
  CacheLineAllocator() = default;
  template <typename U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  template <typename U>
  bool operator==(const CacheLineAllocator<U>&) const {
    return true;
  }
};

using AlignedFloats = std::vector<float, CacheLineAllocator<float>>;
using AlignedHalves = std::vector<uint16_t, CacheLineAllocator<uint16_t>>;  // bf16

}  // namespace maskscope::kernels

#endif  // MASKSCOPE_ENGINE_KERNELS_ALIGNED_FLOATS_H_
