#include "data/duplicates/evidence_cache.h"

#include <gtest/gtest.h>

#include "data/test_folder.h"

namespace maskscope {
namespace {

ConfirmEvidence Evidence(double seed) {
  return {{seed, 0.1, 2, 3, 4, 5}, seed / 3, -0.25, {9, 0.4, seed / 7}, 17, 0.5, 1.0 / 7};
}

TEST(EvidenceCache, KeepsEveryBitAndTheOrderOfThePair) {
  const TestFolder folder;
  {
    EvidenceCache cache(folder / "c.pairs");
    cache.Add("sha256:a", "sha256:b", Evidence(0.3));
    cache.Add("sha256:b", "sha256:c", Evidence(0.7));
    cache.Save();
  }
  const EvidenceCache cache(folder / "c.pairs");
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.Find("sha256:b", "sha256:a"));
  EXPECT_FALSE(cache.Find("sha256:a", "sha256:c"));
  const auto found = cache.Find("sha256:b", "sha256:c");
  ASSERT_TRUE(found);
  const ConfirmEvidence wanted = Evidence(0.7);
  EXPECT_EQ(found->map.a, wanted.map.a);
  EXPECT_EQ(found->map.f, wanted.map.f);
  EXPECT_EQ(found->correlation, wanted.correlation);
  EXPECT_EQ(found->detail, wanted.detail);
  EXPECT_EQ(found->agreement.places, 9);
  EXPECT_EQ(found->agreement.mean, 0.4);
  EXPECT_EQ(found->agreement.steady, wanted.agreement.steady);
  EXPECT_EQ(found->matches, 17);
  EXPECT_EQ(found->overlap_second, wanted.overlap_second);
}

TEST(EvidenceCache, WithoutAFileKeepsNothing) {
  EvidenceCache cache("");
  cache.Add("sha256:a", "sha256:b", Evidence(1));
  cache.Save();
  EXPECT_EQ(cache.size(), 0u);
}

TEST(EvidenceCache, SaysWhenItIsDamaged) {
  const TestFolder folder;
  {
    EvidenceCache cache(folder / "c.pairs");
    cache.Add("sha256:a", "sha256:b", Evidence(1));
    cache.Save();
  }
  const std::string whole = ReadFileText(folder / "c.pairs");
  std::string flipped = whole;
  flipped[40] ^= 1;
  for (const std::string& bad :
       {whole.substr(0, whole.size() - 3), flipped, std::string("something else"), std::string()}) {
    folder.Write("c.pairs", bad);
    ExpectError(ErrorKind::kBadData, {"c.pairs", "delete the file"}, [&] { EvidenceCache(folder / "c.pairs"); });
  }
}

}  // namespace
}  // namespace maskscope
