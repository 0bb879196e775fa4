#include "evaluate/estimate.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

std::vector<std::string> Names(int count, int in_a_group) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("g" + std::to_string(i / in_a_group));
  return names;
}

TEST(ResamplerTest, RatioOfSums) {
  const Resampler resampler(Names(3, 1), 500, 1);
  const Estimate estimate = resampler.Ratio({{1, 1}, {0, 2}, {1, 1}});
  EXPECT_DOUBLE_EQ(estimate.value, 0.5);  // 2 of 4, not the mean of 1, 0 and 1
  EXPECT_EQ(estimate.count, 4);
  EXPECT_LE(estimate.interval.low, 0.5);
  EXPECT_GE(estimate.interval.high, 0.5);
}

TEST(ResamplerTest, IntervalOfAShareIsThatOfTheBinomial) {
  std::vector<Part> parts;
  for (int i = 0; i < 300; ++i) parts.push_back({i % 5 == 0, 1});
  const Estimate estimate = Resampler(Names(300, 1), 2000, 1).Ratio(parts);
  EXPECT_NEAR(estimate.interval.low, 0.2 - 1.96 * 0.0231, 0.008);
  EXPECT_NEAR(estimate.interval.high, 0.2 + 1.96 * 0.0231, 0.008);
}

TEST(ResamplerTest, GroupsKeptTogetherWidenTheInterval) {
  std::vector<Part> parts;
  for (int i = 0; i < 300; ++i) parts.push_back({(i / 10) % 5 == 0, 1});  // whole groups are alike
  const Interval apart = Resampler(Names(300, 1), 1000, 1).Ratio(parts).interval;
  const Interval together = Resampler(Names(300, 10), 1000, 1).Ratio(parts).interval;
  EXPECT_GT(together.high - together.low, 2.5 * (apart.high - apart.low));  // about sqrt(10)
  EXPECT_EQ(Resampler(Names(300, 10), 10, 1).groups(), 30);
}

TEST(ResamplerTest, UndefinedWithoutDenominator) {
  EXPECT_FALSE(Resampler(Names(2, 1), 10, 1).Ratio({{0, 0}, {0, 0}}).defined());
  EXPECT_FALSE(Resampler(Names(2, 1), 10, 1).AveragePrecision({}, {{0, 0, {0, 0, 1, 1}, 0.5}}, {}).defined());
}

TEST(ResamplerTest, AveragePrecisionAgreesWithTheCurve) {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> boxes;
  for (int i = 0; i < 20; ++i) {
    truths.push_back({i, 0, {0, 0, 10, 10}, i % 7 == 0, false});
    boxes.push_back({i, 0, {i % 3 == 0 ? 30.0 : 0.0, 0, i % 3 == 0 ? 40.0 : 10.0, 10}, 1.0 / (1 + i)});
  }
  const Estimate estimate = Resampler(Names(20, 1), 200, 1).AveragePrecision(truths, boxes, {});
  const PrCurve curve = VocCurve(truths, boxes, -1);
  EXPECT_DOUBLE_EQ(estimate.value, curve.ap_all);
  EXPECT_EQ(estimate.count, curve.positives);
  EXPECT_LT(estimate.interval.low, curve.ap_all);
  EXPECT_GT(estimate.interval.high, curve.ap_all);
}

}  // namespace
}  // namespace maskscope
