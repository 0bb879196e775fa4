#ifndef MASKSCOPE_ENGINE_ARENA_H_
#define MASKSCOPE_ENGINE_ARENA_H_

#include <cstdint>
#include <vector>

namespace maskscope {

// A buffer that must exist from step `first` to step `last` (both included).
struct ArenaRequest {
  int64_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct ArenaLayout {
  std::vector<int64_t> offsets;  // bytes, one a request, multiples of kArenaAlignment
  int64_t bytes = 0;             // of the whole arena
};

inline constexpr int64_t kArenaAlignment = 64;  // bytes: a cache line, an AVX-512 register

// Places buffers so that two which exist at the same time never overlap, the largest first, each at the lowest address
// that is free ("greedy by size", Pisarchyk and Lee 2020, section 5.2). Without `reuse` no two share memory.
ArenaLayout PlanArena(const std::vector<ArenaRequest>& requests, bool reuse = true);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_ARENA_H_
