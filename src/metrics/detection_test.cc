#include "metrics/detection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "metrics/coco.h"
#include "metrics/running_accuracy.h"

namespace maskscope {
namespace {

constexpr double kTolerance = 1e-9;

nlohmann::json ReadGolden(const std::string& name) {
  const char* shared = std::getenv("MASKSCOPE_SHARED");
  std::ifstream file(std::filesystem::path(shared != nullptr ? shared : "../shared") / "golden/eval" / name);
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

class GoldenTest : public testing::Test {
 protected:
  void SetUp() override {
    const nlohmann::json input = ReadGolden("eval_input.json");
    expected_ = ReadGolden("eval_expected.json");
    if (input.is_null() || expected_.is_null()) GTEST_SKIP() << "golden/eval is absent: set MASKSCOPE_SHARED";
    classes_ = input["classes"].get<std::vector<std::string>>();
    for (const auto& one : input["ground_truth"]) {
      truths_.push_back({one["image"], one["class"], one["box"], one["difficult"], one["crowd"]});
    }
    for (const auto& one : input["detections"]) {
      detections_.push_back({one["image"], one["class"], one["box"], one["score"]});
    }
  }

  void CompareVoc(const nlohmann::json& expected, bool plus_one) {
    double sum_11 = 0, sum_all = 0;
    int counted = 0;
    for (size_t c = 0; c < classes_.size(); ++c) {
      const PrCurve curve = VocCurve(truths_, detections_, static_cast<int>(c), 0.5, plus_one);
      const nlohmann::json& wanted = expected["per_class"][classes_[c]];
      std::string outcomes;
      for (const Outcome outcome : curve.outcomes) outcomes += static_cast<char>(outcome);
      EXPECT_EQ(outcomes, wanted["outcomes"].get<std::string>()) << classes_[c];
      EXPECT_EQ(curve.positives, wanted["npos"].get<int64_t>());
      if (wanted["ap_all"].is_null()) {
        EXPECT_TRUE(std::isnan(curve.ap_all));
        EXPECT_TRUE(std::isnan(curve.ap_11));
        continue;
      }
      EXPECT_NEAR(curve.ap_all, wanted["ap_all"].get<double>(), kTolerance) << classes_[c];
      EXPECT_NEAR(curve.ap_11, wanted["ap_11"].get<double>(), kTolerance) << classes_[c];
      EXPECT_NEAR(curve.recall.back(), wanted["final_recall"].get<double>(), kTolerance);
      EXPECT_NEAR(curve.precision.back(), wanted["final_precision"].get<double>(), kTolerance);
      sum_all += curve.ap_all;
      sum_11 += curve.ap_11;
      ++counted;
    }
    EXPECT_NEAR(sum_all / counted, expected["mAP_all"].get<double>(), kTolerance);
    EXPECT_NEAR(sum_11 / counted, expected["mAP_11"].get<double>(), kTolerance);
  }

  void CompareCoco(const nlohmann::json& stats, bool difficult_is_ignored) {
    const CocoSummary got = CocoEvaluate(truths_, detections_, {difficult_is_ignored});
    for (const auto& [name, member] : kCocoNumbers) {
      EXPECT_NEAR(got.*member, stats[name].get<double>(), kTolerance) << name;
    }
  }

  std::vector<std::string> classes_;
  std::vector<GroundTruth> truths_;
  std::vector<ScoredBox> detections_;
  nlohmann::json expected_;
};

TEST_F(GoldenTest, VocWithPlusOneWidths) { CompareVoc(expected_["voc"]["iou_plus_one"], true); }
TEST_F(GoldenTest, VocWithContinuousWidths) { CompareVoc(expected_["voc"]["iou_continuous"], false); }
TEST_F(GoldenTest, CocoWithDifficultOrdinary) {
  CompareCoco(expected_["coco"]["difficult_is_ordinary"]["stats"], false);
}
TEST_F(GoldenTest, CocoWithDifficultIgnored) { CompareCoco(expected_["coco"]["difficult_is_ignored"]["stats"], true); }

// A resample that takes every image once is the data itself; one that takes each twice has the same AP.
TEST_F(GoldenTest, ResamplingAllImagesChangesNothing) {
  const PrCurve curve = VocCurve(truths_, detections_, 0);
  std::vector<int> image_of, positives(50);
  for (const int d : curve.order) image_of.push_back(detections_[static_cast<size_t>(d)].image);
  for (const GroundTruth& truth : truths_) {
    if (truth.label == 0 && !truth.difficult && !truth.crowd) ++positives[static_cast<size_t>(truth.image)];
  }
  EXPECT_NEAR(ResampledAp(curve, image_of, positives, std::vector<int>(50, 1)), curve.ap_all, 1e-12);
  EXPECT_NEAR(ResampledAp(curve, image_of, positives, std::vector<int>(50, 2)), curve.ap_all, 1e-12);
}

// Dropping an image by weight 0 equals leaving it out of the data.
TEST_F(GoldenTest, ResamplingWithoutAnImageEqualsLeavingItOut) {
  const PrCurve curve = VocCurve(truths_, detections_, 0);
  std::vector<int> image_of, positives(50), weight(50, 1);
  weight[7] = 0;
  for (const int d : curve.order) image_of.push_back(detections_[static_cast<size_t>(d)].image);
  for (const GroundTruth& truth : truths_) {
    if (truth.label == 0 && !truth.difficult && !truth.crowd) ++positives[static_cast<size_t>(truth.image)];
  }
  const auto gone = [](const auto& one) { return one.image == 7; };
  std::erase_if(truths_, gone);
  std::erase_if(detections_, gone);
  EXPECT_NEAR(ResampledAp(curve, image_of, positives, weight), VocCurve(truths_, detections_, 0).ap_all, 1e-12);
}

// The same for all twelve numbers of COCO.
TEST_F(GoldenTest, CocoWithWeightsEqualsTheDataTheyStandFor) {
  const CocoEvaluation evaluation(truths_, detections_);
  std::vector<int> weight(50, 3);
  weight[7] = 0;
  const CocoSummary weighted = evaluation.Summary(weight);
  const auto gone = [](const auto& one) { return one.image == 7; };
  std::erase_if(truths_, gone);
  std::erase_if(detections_, gone);
  const CocoSummary left_out = CocoEvaluate(truths_, detections_);
  for (const auto& [name, member] : kCocoNumbers) EXPECT_NEAR(weighted.*member, left_out.*member, 1e-12) << name;
}

// One face, called right twice and wrong once, then one that is missed.
TEST(RunningAccuracyTest, CountsWithoutOneToOneMatching) {
  const std::vector<GroundTruth> truths{{0, 1, {0, 0, 10, 10}, false, false}, {1, 0, {0, 0, 10, 10}, false, false}};
  const std::vector<ScoredBox> detections{
      {0, 1, {0, 0, 10, 10}, 0.9}, {0, 1, {0, 0, 10, 9}, 0.8}, {0, 0, {0, 0, 10, 10}, 0.7}};
  const auto running = RunningAccuracy(truths, detections, 3);
  ASSERT_EQ(running.size(), 3u);
  EXPECT_EQ(running[0].faces, 1);
  EXPECT_DOUBLE_EQ(running[0].running, 2);
  EXPECT_DOUBLE_EQ(running[0].strict, 1);
  EXPECT_DOUBLE_EQ(running[1].running, 1);
  EXPECT_DOUBLE_EQ(running[1].strict, 0.5);
  EXPECT_EQ(running[2].faces, 2);
  EXPECT_TRUE(std::isnan(RunningAccuracy({}, detections, 1)[0].running));
}

TEST(BoxIouTest, KnownValues) {
  EXPECT_DOUBLE_EQ(BoxIou({0, 0, 10, 10}, {0, 0, 10, 10}), 1);
  EXPECT_DOUBLE_EQ(BoxIou({0, 0, 10, 10}, {0, 0, 10, 5}), 0.5);
  EXPECT_DOUBLE_EQ(BoxIou({0, 0, 10, 10}, {10, 0, 20, 10}), 0);
  EXPECT_DOUBLE_EQ(BoxIou({0, 0, 9, 9}, {9, 0, 18, 9}, true), 10.0 / 190);  // share one column of pixels
}

TEST(VocCurveTest, SmallFacesAreIgnoredOnBothSides) {
  const std::vector<GroundTruth> truths{{0, 0, {0, 0, 40, 40}, false, false}, {0, 0, {100, 0, 110, 10}, false, false}};
  const std::vector<ScoredBox> detections{
      {0, 0, {100, 0, 110, 10}, 0.9},  // hits a small face
      {0, 0, {200, 0, 210, 10}, 0.8},  // hits nothing, small
      {0, 0, {300, 0, 340, 40}, 0.7},  // hits nothing, large
      {0, 0, {0, 0, 40, 40}, 0.6},
  };
  const PrCurve curve = VocCurve(truths, detections, 0, VocOptions{0.5, false, 16});
  EXPECT_EQ(curve.positives, 1);
  EXPECT_EQ(curve.outcomes, (std::vector<Outcome>{Outcome::kIgnored, Outcome::kIgnored, Outcome::kFalsePositive,
                                                  Outcome::kTruePositive}));
  EXPECT_DOUBLE_EQ(curve.ap_all, 0.5);
  EXPECT_EQ(curve.matched_truth, (std::vector<int>{1, -1, -1, 0}));
}

TEST(VocCurveTest, SecondHitOnOneFaceIsFalse) {
  const std::vector<GroundTruth> truths{{3, 1, {0, 0, 10, 10}, false, false}};
  const std::vector<ScoredBox> detections{{3, 1, {0, 0, 10, 10}, 0.9}, {3, 1, {0, 0, 10, 10}, 0.8}};
  const PrCurve curve = VocCurve(truths, detections, -1);
  EXPECT_EQ(curve.outcomes, (std::vector<Outcome>{Outcome::kTruePositive, Outcome::kFalsePositive}));
  EXPECT_DOUBLE_EQ(curve.ap_all, 1);
}

TEST(VocCurveTest, ByCentreASmallBoxInsideALargeOneIsAHit) {
  const std::vector<GroundTruth> truths{{0, 0, {0, 0, 100, 100}, false, false},
                                        {0, 0, {90, 0, 190, 100}, false, false}};
  // Inside the first; centre in both, more of it in the second; centre outside although the IoU is high.
  const std::vector<ScoredBox> detections{
      {0, 0, {10, 10, 40, 40}, 0.9}, {0, 0, {88, 40, 108, 60}, 0.8}, {0, 0, {0, 1, 100, 210}, 0.7}};
  VocOptions options;
  EXPECT_EQ(VocCurve(truths, detections, -1, options).ap_all, 0);
  options.centre_hit = true;
  const PrCurve curve = VocCurve(truths, detections, -1, options);
  EXPECT_EQ(curve.outcomes,
            (std::vector<Outcome>{Outcome::kTruePositive, Outcome::kTruePositive, Outcome::kFalsePositive}));
  EXPECT_EQ(curve.matched_truth, (std::vector<int>{0, 1, -1}));
  EXPECT_DOUBLE_EQ(curve.ap_all, 1);
}

TEST(VocCurveTest, LabelSelectsTheClass) {
  const std::vector<GroundTruth> truths{{0, 0, {0, 0, 10, 10}, false, false}, {0, 1, {0, 0, 10, 10}, false, false}};
  const std::vector<ScoredBox> detections{{0, 1, {0, 0, 10, 10}, 0.9}};
  EXPECT_DOUBLE_EQ(VocCurve(truths, detections, 0).ap_all, 0);
  EXPECT_DOUBLE_EQ(VocCurve(truths, detections, 1).ap_all, 1);
}

}  // namespace
}  // namespace maskscope
