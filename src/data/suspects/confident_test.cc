#include "data/suspects/confident.h"

#include <gtest/gtest.h>

#include <cmath>

namespace maskscope {
namespace {

constexpr AllowedStates kAll{true, true, true}, kTwo{true, false, true};

TEST(Confident, RanksByHand) {
  // Thresholds: correct (0.9 + 0.8 + 0.1) / 3 = 0.6, incorrect 0.5, none (0.7 + 0.45) / 2 = 0.575.
  const std::vector<LabelledProbabilities> faces{
      {MaskState::kCorrect, {0.9, 0.05, 0.05}, kAll},   {MaskState::kCorrect, {0.8, 0.1, 0.1}, kAll},
      {MaskState::kCorrect, {0.1, 0.2, 0.7}, kAll},  // wrong: none
      {MaskState::kIncorrect, {0.25, 0.5, 0.25}, kAll}, {MaskState::kNone, {0.1, 0.2, 0.7}, kAll},
      {MaskState::kNone, {0.5, 0.05, 0.45}, kAll}};  // not sure enough
  const LabelRanking ranking = RankLabels(faces, SuspectScore::kMargin);
  EXPECT_NEAR(ranking.threshold[0], 0.6, 1e-12);
  EXPECT_NEAR(ranking.threshold[1], 0.5, 1e-12);
  EXPECT_NEAR(ranking.threshold[2], 0.575, 1e-12);
  EXPECT_EQ(ranking.candidates, 1u);
  EXPECT_EQ(ranking.ranked[0].index, 2u);
  EXPECT_EQ(ranking.ranked[0].suggested, MaskState::kNone);
  EXPECT_NEAR(ranking.ranked[0].score, (1 + 0.7 - 0.1) / 2, 1e-12);
  EXPECT_EQ(ranking.ranked[1].index, 5u);
  EXPECT_EQ(ranking.confident_joint[0][2], 1);
  EXPECT_EQ(ranking.confident_joint[0][0], 2);
  EXPECT_EQ(ranking.confident_joint[2][0], 0);
  EXPECT_EQ(ranking.ranked.back().index, 0u);
  const LabelRanking by_self = RankLabels(faces, SuspectScore::kSelfConfidence);
  EXPECT_NEAR(by_self.ranked[0].score, 0.9, 1e-12);
}

TEST(Confident, SuggestsOnlyWhatTheSetHas) {
  // The model is sure of `incorrect`, which this set does not have.
  const std::vector<LabelledProbabilities> faces{{MaskState::kNone, {0.15, 0.8, 0.05}, kTwo},
                                                 {MaskState::kNone, {0.1, 0, 0.9}, kTwo},
                                                 {MaskState::kCorrect, {0.9, 0, 0.1}, kTwo},
                                                 {MaskState::kNone, {0.9, 0.1, 0}, {false, false, true}}};
  const LabelRanking ranking = RankLabels(faces, SuspectScore::kMargin);
  EXPECT_EQ(ranking.ranked[0].suggested, MaskState::kCorrect);
  EXPECT_EQ(ranking.ranked[0].probability[1], 0);
  EXPECT_NEAR(ranking.ranked[0].probability[0], 0.75, 1e-12);
  EXPECT_TRUE(std::isnan(ranking.threshold[1]));
  EXPECT_EQ(ranking.ranked.back().suggested, MaskState::kNone) << "a set with one state has nothing to suggest";
  EXPECT_EQ(ranking.ranked.back().score, 0);
}

TEST(Confident, EmptyIsEmpty) { EXPECT_TRUE(RankLabels({}, SuspectScore::kMargin).ranked.empty()); }

}  // namespace
}  // namespace maskscope
