#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace maskscope {
namespace {

TEST(Random, SplitMixGivesThePublishedSequence) {
  // First values for seed 1234567 as published with the reference code (Vigna, prng.di.unimi.it).
  uint64_t state = 1234567;
  EXPECT_EQ(Random::SplitMix(state), 6457827717110365317ULL);
  EXPECT_EQ(Random::SplitMix(state), 3203168211198807973ULL);
}

TEST(Random, TheSeedFixesEverything) {
  Random a(7), b(7), c(8);
  std::vector<uint64_t> first, second, third;
  for (int i = 0; i < 10; ++i) {
    first.push_back(a.Next());
    second.push_back(b.Next());
    third.push_back(c.Next());
  }
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(1);
  constexpr int kDraws = 100'000;
  double uniform = 0, normal = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    uniform += u;
    const double n = random.Normal();
    normal += n;
    squares += n * n;
  }
  EXPECT_NEAR(uniform / kDraws, 0.5, 0.005);
  EXPECT_NEAR(normal / kDraws, 0.0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.03);
}

TEST(Random, IntReachesBothEnds) {
  Random random(3);
  std::vector<int> counts(3);
  for (int i = 0; i < 300; ++i) {
    const int value = random.Int(-1, 1);
    ASSERT_GE(value, -1);
    ASSERT_LE(value, 1);
    ++counts[static_cast<size_t>(value + 1)];
  }
  for (const int count : counts) EXPECT_GT(count, 50);
}

TEST(Random, ShuffleKeepsTheElements) {
  Random random(5);
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  std::vector<int> shuffled = values;
  random.Shuffle(shuffled);
  EXPECT_NE(shuffled, values);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, values);
}

TEST(HashText, IsFnv1a) {
  EXPECT_EQ(HashText(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(HashText("a"), 0xaf63dc4c8601ec8cULL);  // the FNV authors' test vector
}

}  // namespace
}  // namespace maskscope
