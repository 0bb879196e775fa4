#include "data/duplicates/group_agreement.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

class GroupAgreementTest : public ::testing::Test {
 protected:
  void Picture(const std::string& set, const std::string& group) {
    ManifestPicture picture;
    picture.set = set;
    picture.group = group;
    dataset_.pictures.push_back(picture);
  }
  void Pair(size_t first, size_t second) {
    DuplicatePair pair;
    pair.first = first;
    pair.second = second;
    report_.pairs.push_back(pair);
  }
  Dataset dataset_;
  DuplicateReport report_;
};

TEST_F(GroupAgreementTest, CountsPairsAndGroupsBySet) {
  for (int i = 0; i < 3; ++i) Picture("a", "g1");  // 0-2: 0 and 1 found
  Picture("a", "g2");                              // 3: found with 0, another group
  Picture("b", "g2");                              // 4: found with 3
  Picture("c", "only");                            // 5: groups of c tell nothing
  Picture("c", "");                                // 6
  Pair(0, 1), Pair(0, 3), Pair(3, 4), Pair(4, 5), Pair(5, 6);
  report_.clusters = {{0, 1, 3, 4, 5, 6}};
  const std::vector<GroupAgreement> rows = CompareWithGroups(dataset_, report_);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].sets, "a");
  EXPECT_EQ(rows[0].pairs, 2u);
  EXPECT_EQ(rows[0].pairs_in_group, 1u);
  EXPECT_EQ(rows[0].grouped_pairs, 3u);
  EXPECT_EQ(rows[0].joined, 1u);
  EXPECT_EQ(rows[0].groups, 1u);
  EXPECT_EQ(rows[0].whole, 0u);
  EXPECT_EQ(rows[1].sets, "across sets");
  EXPECT_EQ(rows[1].pairs, 1u);
  EXPECT_EQ(rows[1].pairs_in_group, 1u);
  EXPECT_EQ(rows[1].whole, 1u);
  EXPECT_EQ(rows[2].sets, "all");
  EXPECT_EQ(rows[2].pairs, 3u);
  EXPECT_EQ(rows[2].grouped_pairs, 4u);
  EXPECT_EQ(rows[2].joined, 2u);
}

TEST_F(GroupAgreementTest, NothingToCompareWithoutSharedGroups) {
  Picture("a", "g1");
  Picture("a", "g2");
  Pair(0, 1);
  report_.clusters = {{0, 1}};
  EXPECT_TRUE(CompareWithGroups(dataset_, report_).empty());
}

}  // namespace
}  // namespace maskscope
