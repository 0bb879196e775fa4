#include "data/dataset.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

TEST(MaskStateTest, NamesGoBothWays) {
  for (const MaskState state : {MaskState::kCorrect, MaskState::kIncorrect, MaskState::kNone}) {
    EXPECT_EQ(ParseMaskState(MaskStateName(state)), state);
  }
  EXPECT_FALSE(ParseMaskState("unsure").has_value());
  EXPECT_FALSE(ParseMaskState("Correct").has_value());
}

TEST(IsValidationGroupTest, TakesAboutItsShareAndKeepsGroupsWhole) {
  int taken = 0, taken_with_other_seed = 0, both = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string group = "s" + std::to_string(i);
    const bool one = IsValidationGroup(group, 0.1, 1), other = IsValidationGroup(group, 0.1, 2);
    EXPECT_EQ(one, IsValidationGroup(group, 0.1, 1));
    taken += one;
    taken_with_other_seed += other;
    both += one && other;
    // What is in a smaller part is in every larger one.
    EXPECT_TRUE(!one || IsValidationGroup(group, 0.2, 1));
  }
  EXPECT_NEAR(taken, 1000, 120);  // four standard deviations
  EXPECT_NEAR(taken_with_other_seed, 1000, 120);
  EXPECT_NEAR(both, 100, 40);  // the seeds choose independently
  EXPECT_FALSE(IsValidationGroup("s1", 0, 1));
  EXPECT_TRUE(IsValidationGroup("s1", 1, 1));
}

}  // namespace
}  // namespace maskscope
