#ifndef MASKSCOPE_ENGINE_STEP_H_
#define MASKSCOPE_ENGINE_STEP_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "engine/place.h"

// One piece of work of a plan, tied to memory only when a context is made.
namespace maskscope {

// Where a place starts in one context. The base is looked up at every run because the caller's inputs move.
class Pointer {
 public:
  Pointer() = default;
  Pointer(std::byte* const* base, int64_t byte_offset) : base_(base), byte_offset_(byte_offset) {}
  template <typename T>
  T* As() const {
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(*base_ + byte_offset_);
  }
  float* floats() const { return As<float>(); }

 private:
  std::byte* const* base_ = nullptr;
  int64_t byte_offset_ = 0;
};

// The memory of one running plan: the start of every buffer.
class Bases {
 public:
  explicit Bases(size_t buffers) : starts_(buffers, nullptr) {}
  void Set(int buffer, const void* start) {
    starts_[static_cast<size_t>(buffer)] = static_cast<std::byte*>(const_cast<void*>(start));
  }
  Pointer At(const Place& place) const {
    return {&starts_[static_cast<size_t>(place.buffer)], place.offset * ElementBytes(place.type)};
  }
  Pointer At(int buffer) const { return buffer < 0 ? Pointer() : Pointer(&starts_[static_cast<size_t>(buffer)], 0); }

 private:
  std::vector<std::byte*> starts_;
};

using Work = std::function<void()>;

struct Step {
  std::string node;
  std::string op;
  std::string kernel;
  std::vector<int> reads;
  std::vector<int> writes;
  // Makes what Run calls. The Bases outlive it and do not move.
  std::function<Work(const Bases&)> bind;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_STEP_H_
