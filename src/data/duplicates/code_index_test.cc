#include "data/duplicates/code_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace maskscope {
namespace {

ViewCode RandomCode(Random& random) {
  std::array<float, kCodeTerms> values;
  float squares = 0;
  for (float& value : values) {
    value = static_cast<float>(random.Normal());
    squares += value * value;
  }
  ViewCode code;
  for (int term = 0; term < kCodeTerms; ++term) {
    const float scaled = std::clamp(180 * values[term] / std::sqrt(squares), -127.0f, 127.0f);
    code.terms[term] = static_cast<int8_t>(scaled);
  }
  return code;
}

// As a copy that does not lie quite alike differs.
ViewCode Disturbed(const ViewCode& code, double by, Random& random) {
  ViewCode disturbed;
  for (int term = 0; term < kCodeTerms; ++term) {
    const double value = code.terms[term] + by * kTermSpread[TermFrequency(term)] * random.Normal();
    disturbed.terms[term] = static_cast<int8_t>(std::clamp(value, -127.0, 127.0));
  }
  return disturbed;
}

std::vector<IndexedCode> RandomEntries(size_t count, Random& random) {
  std::vector<IndexedCode> entries;
  for (size_t i = 0; i < count; ++i) {
    entries.push_back({RandomCode(random), static_cast<uint8_t>(i % 200), static_cast<uint32_t>(i)});
  }
  return entries;
}

TEST(CodeIndexTest, FindsDisturbedCodesInEveryPose) {
  Random random(3);
  std::vector<IndexedCode> entries = RandomEntries(20000, random);
  const std::vector<IndexedCode> originals(entries.begin(), entries.begin() + 800);
  const CodeIndex index(std::move(entries), 1);
  int found = 0;
  for (size_t i = 0; i < originals.size(); ++i) {
    const int pose = static_cast<int>(i % kPoses);
    const ViewCode query = InPose(Disturbed(originals[i].code, 0.7, random), pose);
    std::vector<CodeHit> hits;
    index.Search(query, 0.2f, 20000, hits);
    for (const CodeHit& hit : hits) {
      if (index.entry(hit.entry).picture != i) continue;
      ++found;
      EXPECT_EQ(index.entry(hit.entry).view, i % 200);
      // Laid as the hit says, the two are that near.
      const ViewCode entry = InPose(originals[i].code, hit.entry_pose);
      EXPECT_FLOAT_EQ(CodeDistance(InPose(query, hit.query_pose), entry), hit.distance);
      EXPECT_LE(hit.distance, 0.2f);
    }
  }
  EXPECT_GE(found, 0.95 * static_cast<double>(originals.size()));
}

TEST(CodeIndexTest, LooksOnlyAtTheFirstEntriesItIsAskedFor) {
  Random random(4);
  const std::vector<IndexedCode> entries = RandomEntries(500, random);
  const CodeIndex index(entries, 2);
  for (const uint32_t end : {0u, 100u, 101u, 500u}) {
    std::vector<CodeHit> hits;
    index.Search(entries[100].code, 0.01f, end, hits);
    ASSERT_EQ(hits.size(), end > 100 ? 1u : 0u);
    if (end > 100) {
      EXPECT_EQ(hits[0].entry, 100u);
    }
  }
}

TEST(CodeIndexTest, ComparesAFewHundredWhateverTheNumber) {
  for (const size_t count : {size_t{10000}, size_t{160000}}) {
    Random random(5);
    const CodeIndex index(RandomEntries(count, random), 2);
    size_t compared = 0;
    std::vector<CodeHit> hits;
    for (int i = 0; i < 200; ++i) {
      compared += index.Search(RandomCode(random), 0.2f, static_cast<uint32_t>(count), hits);
    }
    EXPECT_LT(compared / 200, 1500u) << count;
    EXPECT_GT(compared / 200, 50u) << count;
  }
}

TEST(CodeIndexTest, ACrowdHoldsTogetherThroughItsFirst) {
  Random random(7);
  const std::vector<IndexedCode> entries(5000, IndexedCode{RandomCode(random), 0, 0});
  const CodeIndex index(entries, 1);
  std::vector<CodeHit> hits;
  index.Search(entries[0].code, 0.1f, 5000, hits);
  ASSERT_EQ(hits.size(), CodeIndex::kCrowd);
  EXPECT_EQ(hits[0].entry, 0u);
}

TEST(CodeIndexTest, EmptyIndexFindsNothing) {
  std::vector<CodeHit> hits;
  EXPECT_EQ(CodeIndex({}, 1).Search({}, 2, 0, hits), 0u);
  EXPECT_TRUE(hits.empty());
}

}  // namespace
}  // namespace maskscope
