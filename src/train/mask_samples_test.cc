#include "train/mask_samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/test_folder.h"

namespace maskscope {
namespace {

MaskSample Sample(MaskState state, const std::string& group) {
  MaskSample sample;
  sample.state = state;
  sample.group = group;
  return sample;
}

// 60 correct, 3 incorrect, 20 none; each its own group.
std::vector<MaskSample> Unbalanced() {
  std::vector<MaskSample> samples;
  const auto add = [&](MaskState state, int count) {
    for (int i = 0; i < count; ++i) samples.push_back(Sample(state, "g" + std::to_string(samples.size())));
  };
  add(MaskState::kCorrect, 60);
  add(MaskState::kIncorrect, 3);
  add(MaskState::kNone, 20);
  return samples;
}

TEST(DrawRates, GiveEveryStateItsShare) {
  const std::vector<MaskSample> samples = Unbalanced();
  const std::vector<double> shares{0.38, 0.24, 0.38};
  const std::vector<double> rates = DrawRates(samples, {shares}, 1000);
  std::vector<double> sums(3);
  for (size_t i = 0; i < samples.size(); ++i) sums[static_cast<size_t>(samples[i].state)] += rates[i];
  for (size_t state = 0; state < 3; ++state) EXPECT_NEAR(sums[state], 1000 * shares[state], 1e-6);
}

TEST(DrawRates, TheShareOfAnAbsentStateGoesToTheOthers) {
  const std::vector<double> rates =
      DrawRates({Sample(MaskState::kCorrect, "a"), Sample(MaskState::kNone, "b")}, {{0.25, 0.5, 0.25}}, 100);
  EXPECT_NEAR(rates[0], 50, 1e-9);
  EXPECT_NEAR(rates[1], 50, 1e-9);
}

TEST(DrawRates, WeighLargeGroupsByTheRootOfTheirSize) {
  std::vector<MaskSample> samples{Sample(MaskState::kNone, "alone")};
  for (int i = 0; i < 9; ++i) samples.push_back(Sample(MaskState::kNone, "series"));
  samples.push_back(Sample(MaskState::kCorrect, "series"));  // another state counts apart
  samples.push_back(Sample(MaskState::kIncorrect, "x"));
  const std::vector<double> rates = DrawRates(samples, {{0.25, 0.25, 0.5}}, 100);
  EXPECT_NEAR(rates[1] / rates[0], 1.0 / 3, 1e-9);
  EXPECT_NEAR(std::accumulate(rates.begin() + 1, rates.begin() + 10, 0.0), 3 * rates[0], 1e-9);
  EXPECT_NEAR(rates[10], 25, 1e-9);
}

TEST(DrawRates, SyntheticFacesTakeAtMostTheirShareOfAState) {
  std::vector<MaskSample> samples = {Sample(MaskState::kCorrect, "a"), Sample(MaskState::kNone, "b")};
  for (int i = 0; i < 4; ++i) samples.push_back(Sample(MaskState::kIncorrect, "photo" + std::to_string(i)));
  for (int i = 0; i < 40; ++i) {
    samples.push_back(Sample(MaskState::kIncorrect, "drawn" + std::to_string(i)));
    samples.back().synthetic = true;
  }
  samples.push_back(Sample(MaskState::kNone, "c"));
  samples.back().synthetic = true;
  const std::vector<double> rates = DrawRates(samples, {{0.5, 0.25, 0.25}, 0.4}, 100);
  EXPECT_NEAR(std::accumulate(rates.begin() + 2, rates.begin() + 6, 0.0), 15, 1e-9);
  EXPECT_NEAR(std::accumulate(rates.begin() + 6, rates.begin() + 46, 0.0), 10, 1e-9);
  EXPECT_NEAR(rates[0], 50, 1e-9);
  EXPECT_NEAR(rates.back(), 10, 1e-9);
}

TEST(DrawEpoch, DrawsEachSampleAsOftenAsItsRateSays) {
  const std::vector<MaskSample> samples = Unbalanced();
  constexpr int64_t kDraws = 200;
  constexpr int kEpochs = 300;
  const std::vector<double> rates = DrawRates(samples, {{0.38, 0.24, 0.38}}, kDraws);
  std::vector<double> means(samples.size());
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const std::vector<int64_t> order = DrawEpoch(rates, kDraws, static_cast<uint64_t>(epoch));
    ASSERT_EQ(order.size(), static_cast<size_t>(kDraws));
    std::vector<int> counts(samples.size()), states(3);
    for (const int64_t i : order) {
      ++counts[static_cast<size_t>(i)];
      ++states[static_cast<size_t>(samples[static_cast<size_t>(i)].state)];
    }
    for (size_t i = 0; i < counts.size(); ++i) {
      EXPECT_LT(std::abs(counts[i] - rates[i]), 1 + 1e-6) << i;
      means[i] += static_cast<double>(counts[i]) / kEpochs;
    }
    EXPECT_NEAR(states[0], 76, 1);
    EXPECT_NEAR(states[1], 48, 1);
    EXPECT_NEAR(states[2], 76, 1);
  }
  for (size_t i = 0; i < means.size(); ++i) EXPECT_NEAR(means[i], rates[i], 0.15) << i;
}

TEST(DrawEpoch, TheSameSeedDrawsTheSame) {
  const std::vector<double> rates(50, 0.5);
  EXPECT_EQ(DrawEpoch(rates, 25, 7), DrawEpoch(rates, 25, 7));
  const std::vector<int64_t> one = DrawEpoch(rates, 25, 7), other = DrawEpoch(rates, 25, 8);
  EXPECT_NE(one, other);
  EXPECT_FALSE(std::is_sorted(one.begin(), one.end()));
}

// Sums of thirds do not add up exactly.
TEST(DrawEpoch, IsAlwaysAsLongAsAsked) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(DrawEpoch(std::vector<double>(9, 1.0 / 3), 3, seed).size(), 3u);
    EXPECT_EQ(DrawEpoch(std::vector<double>(3, 7.0 / 3), 7, seed).size(), 7u);
  }
}

TEST(SampleRegion, IsTheWholePictureOrTheCropAroundTheFace) {
  const Image picture(60, 40, 0);
  MaskSample sample;
  sample.face = {20, 10, 30, 20};
  CropRule crop;
  crop.margin = 0.25f;
  const Box around = SampleRegion(sample, crop, picture);
  EXPECT_NEAR(around.x1, 17.5, 1e-4);
  EXPECT_NEAR(around.y2, 22.5, 1e-4);
  sample.whole_picture = true;
  const Box whole = SampleRegion(sample, crop, picture);
  EXPECT_EQ(whole.x1, 0);
  EXPECT_EQ(whole.x2, 60);
  EXPECT_EQ(whole.y2, 40);
}

TEST(CountSamples, CountsBySetAndState) {
  std::vector<MaskSample> samples = Unbalanced();
  for (MaskSample& sample : samples) sample.set = "first";
  samples.push_back(Sample(MaskState::kNone, "g"));
  samples.back().set = "second";
  const nlohmann::json expected{{"first", {{"correct", 60}, {"incorrect", 3}, {"none", 20}}},
                                {"second", {{"none", 1}}}};
  EXPECT_EQ(CountSamples(samples), expected);
}

TEST(MaskSampleOptions, NamesEveryBadField) {
  MaskSampleOptions options;
  options.validation_share = 1;
  options.least_face = 0;
  options.limit = -1;
  ExpectError(ErrorKind::kUsage, {"data", "validation_share", "least_face", "limit"}, [&] { options.Validate(); });
}

}  // namespace
}  // namespace maskscope
