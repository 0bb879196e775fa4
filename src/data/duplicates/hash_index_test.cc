#include "data/duplicates/hash_index.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace maskscope {
namespace {

PrintHash RandomHash(Random& random) { return {random.Next(), random.Next(), random.Next(), random.Next()}; }

PrintHash WithFlips(PrintHash hash, int flips, Random& random) {
  std::set<uint64_t> bits;
  while (static_cast<int>(bits.size()) < flips) bits.insert(random.Below(256));
  for (const uint64_t bit : bits) hash[bit / 64] ^= uint64_t{1} << (bit % 64);
  return hash;
}

TEST(HashIndexTest, FindsAllWithinTheCertainDistanceAndEachOnce) {
  Random random(3);
  std::vector<PrintHash> hashes;
  for (int i = 0; i < 3000; ++i) hashes.push_back(RandomHash(random));
  const PrintHash centre = RandomHash(random);
  const size_t first_near = hashes.size();
  for (int i = 0; i < 200; ++i) hashes.push_back(WithFlips(centre, i % 40, random));
  const HashIndex index(hashes);
  EXPECT_EQ(index.certain_distance(), 31);
  std::multiset<uint32_t> found;
  index.Search(centre, 31, [&](uint32_t id, int distance) {
    EXPECT_EQ(distance, HashDistance(centre, hashes[id]));
    found.insert(id);
  });
  for (size_t i = 0; i < hashes.size(); ++i) {
    const bool near = i >= first_near && (i - first_near) % 40 <= 31;
    EXPECT_EQ(found.count(static_cast<uint32_t>(i)), near ? 1u : 0u) << i;
  }
}

TEST(HashIndexTest, ComparesAFewHundredWhateverTheNumber) {
  Random random(5);
  for (const size_t count : {size_t{20000}, size_t{200000}}) {
    std::vector<PrintHash> hashes;
    for (size_t i = 0; i < count; ++i) hashes.push_back(RandomHash(random));
    const HashIndex index(std::move(hashes));
    size_t compared = 0;
    for (int i = 0; i < 100; ++i) compared += index.Search(RandomHash(random), 31, [](uint32_t, int) {});
    EXPECT_LT(compared / 100, 500u) << count;
  }
}

TEST(HashIndexTest, ACrowdHoldsTogetherThroughItsFirst) {
  Random random(7);
  const PrintHash centre = RandomHash(random);
  std::vector<PrintHash> hashes(5000, centre);
  const HashIndex index(hashes);
  std::set<uint32_t> found;
  index.Search(centre, 10, [&](uint32_t id, int) { EXPECT_TRUE(found.insert(id).second); });
  EXPECT_EQ(found.size(), HashIndex::kCrowd);
  EXPECT_EQ(*found.begin(), 0u);
}

TEST(HashIndexTest, EmptyIndexFindsNothing) {
  const HashIndex index({});
  index.Search({}, 256, [](uint32_t, int) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace maskscope
