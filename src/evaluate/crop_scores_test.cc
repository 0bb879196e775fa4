#include "evaluate/crop_scores.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

struct Crops {
  std::vector<LabelledCrop> crops;
  std::vector<Result> results;

  void Add(const std::string& set, std::optional<MaskState> state, std::array<float, 3> p, bool unsure = false) {
    LabelledCrop crop;
    crop.set = set;
    crop.group = std::to_string(crops.size());
    crop.state = state;
    crops.push_back(crop);
    FaceResult face;
    face.probabilities = {{"correct", p[0]}, {"incorrect", p[1]}, {"none", p[2]}};
    face.state = unsure ? "unsure" : "whatever";
    Result result;
    result.faces.push_back(face);
    results.push_back(result);
  }
};

Crops Some() {
  Crops crops;
  crops.Add("kaggle12k", MaskState::kCorrect, {0.9f, 0.1f, 0});
  crops.Add("kaggle12k", MaskState::kCorrect, {0.2f, 0.7f, 0.1f});
  crops.Add("kaggle12k", MaskState::kNone, {0.1f, 0.1f, 0.8f}, true);
  crops.Add("kaggle12k", MaskState::kNone, {0.5f, 0.1f, 0.4f});
  crops.Add("visiont3lab", MaskState::kCorrect, {1, 0, 0});
  crops.Add("nonface", std::nullopt, {0, 0, 1}, true);
  return crops;
}

TEST(ScoreCropsTest, CountsPerSetAndPooled) {
  const Crops crops = Some();
  const auto all = ScoreCrops(crops.crops, crops.results);
  ASSERT_EQ(all.size(), 4u);
  const CropScores& s = all[0];
  EXPECT_EQ(s.name, "kaggle12k");
  EXPECT_EQ(s.crops, 4);
  EXPECT_DOUBLE_EQ(s.accuracy.value, 0.5);
  EXPECT_DOUBLE_EQ(s.accuracy_strict.value, 0.25);
  EXPECT_DOUBLE_EQ(s.two_class_accuracy.value, 0.75);  // incorrect is a mask
  EXPECT_DOUBLE_EQ(s.f1[0].value, 0.5);                // 1 hit, 2 labelled, 2 called
  EXPECT_FALSE(s.f1[1].defined());
  EXPECT_DOUBLE_EQ(s.f1[2].value, 2.0 / 3);
  EXPECT_EQ(s.confusion.at(2, 3), 1);
  EXPECT_EQ(s.unsure, 1);
  EXPECT_EQ(all[1].name, "visiont3lab");
  EXPECT_FALSE(all[2].faces);
  EXPECT_EQ(all[2].called, (std::array<int64_t, 3>{0, 0, 1}));
  EXPECT_EQ(all[2].unsure, 1);
  EXPECT_EQ(all[3].name, "pooled");
  EXPECT_EQ(all[3].crops, 5);
  EXPECT_DOUBLE_EQ(all[3].two_class_accuracy.value, 0.8);
}

TEST(ScoreCropsTest, RefusesFailedPictures) {
  Crops crops = Some();
  crops.results[2].error = Result::Failure{ErrorKind::kBadImage, "broken"};
  EXPECT_THROW(ScoreCrops(crops.crops, crops.results), Error);
}

TEST(CropReportTest, ShowsFacesAndOthersApart) {
  const Crops crops = Some();
  const auto all = ScoreCrops(crops.crops, crops.results);
  const std::string text = CropMarkdown(all);
  EXPECT_NE(text.find("| kaggle12k "), std::string::npos);
  EXPECT_NE(text.find("| not faces"), std::string::npos);
  EXPECT_TRUE(ToJson(all[0])["f1"]["incorrect"].is_null());
  EXPECT_FALSE(ToJson(all[2]).contains("accuracy"));
}

}  // namespace
}  // namespace maskscope
