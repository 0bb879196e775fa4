#include "engine/arena.h"

#include <algorithm>
#include <numeric>

namespace maskscope {

namespace {

int64_t Aligned(int64_t bytes) { return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment; }

bool ExistTogether(const ArenaRequest& a, const ArenaRequest& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

ArenaLayout PlanArena(const std::vector<ArenaRequest>& requests, bool reuse) {
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return requests[a].bytes > requests[b].bytes; });
  ArenaLayout layout;
  layout.offsets.assign(requests.size(), 0);
  std::vector<size_t> placed;  // by offset
  for (const size_t i : order) {
    int64_t offset = 0;
    for (const size_t other : placed) {
      if (reuse && !ExistTogether(requests[i], requests[other])) continue;
      if (layout.offsets[other] >= offset + Aligned(requests[i].bytes)) break;
      offset = std::max(offset, layout.offsets[other] + Aligned(requests[other].bytes));
    }
    layout.offsets[i] = offset;
    layout.bytes = std::max(layout.bytes, offset + Aligned(requests[i].bytes));
    const auto at = std::upper_bound(placed.begin(), placed.end(), offset,
                                     [&](int64_t value, size_t other) { return value < layout.offsets[other]; });
    placed.insert(at, i);
  }
  return layout;
}

}  // namespace maskscope
