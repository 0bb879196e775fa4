#include "engine/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace maskscope {
namespace {

std::vector<ArenaRequest> DrawRequests(std::mt19937& random, int count) {
  std::vector<ArenaRequest> requests;
  for (int i = 0; i < count; ++i) {
    const int first = static_cast<int>(random() % 50);
    requests.push_back({static_cast<int64_t>(random() % 5000), first, first + static_cast<int>(random() % 10)});
  }
  return requests;
}

bool Overlap(const ArenaRequest& a, int64_t a_at, const ArenaRequest& b, int64_t b_at) {
  return a_at < b_at + b.bytes && b_at < a_at + a.bytes;
}

TEST(ArenaTest, BuffersThatExistTogetherNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const std::vector<ArenaRequest> requests = DrawRequests(random, 60);
    const ArenaLayout layout = PlanArena(requests);
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(layout.offsets[i] % kArenaAlignment, 0);
      EXPECT_LE(layout.offsets[i] + requests[i].bytes, layout.bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool together = requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
        if (!together) continue;
        EXPECT_FALSE(Overlap(requests[i], layout.offsets[i], requests[j], layout.offsets[j])) << i << " " << j;
      }
    }
  }
}

TEST(ArenaTest, NothingOverlapsWithoutReuse) {
  std::mt19937 random(2);
  const std::vector<ArenaRequest> requests = DrawRequests(random, 60);
  const ArenaLayout layout = PlanArena(requests, false);
  for (size_t i = 0; i < requests.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(Overlap(requests[i], layout.offsets[i], requests[j], layout.offsets[j]));
    }
  }
}

TEST(ArenaTest, AChainNeedsTwoBuffersAtATime) {
  std::vector<ArenaRequest> chain;
  for (int i = 0; i < 10; ++i) chain.push_back({6400, i, i + 1});
  EXPECT_EQ(PlanArena(chain).bytes, 2 * 6400);
  EXPECT_EQ(PlanArena(chain, false).bytes, 10 * 6400);
}

TEST(ArenaTest, NothingNeedsNothing) { EXPECT_EQ(PlanArena({}).bytes, 0); }

}  // namespace
}  // namespace maskscope
