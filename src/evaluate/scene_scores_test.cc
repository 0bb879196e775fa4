#include "evaluate/scene_scores.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "evaluate/eval_report.h"
#include "evaluate/scene_testing.h"

namespace maskscope {
namespace {

constexpr size_t kCorrect = 0, kIncorrect = 1, kNone = 2;

TEST(ScoreScenesTest, CountsAnswers) {
  const auto all = ThreeStates().Score();
  ASSERT_EQ(all.size(), 1u);
  const SceneScores& s = all[0];
  EXPECT_EQ(s.name, "three");
  EXPECT_TRUE(s.states);
  EXPECT_TRUE(s.has_incorrect);
  EXPECT_EQ(s.pictures, 2);
  EXPECT_EQ(s.faces, 4);
  EXPECT_EQ(s.faces_of_state, (std::array<int64_t, 3>{1, 2, 1}));
  EXPECT_DOUBLE_EQ(s.recall.value, 0.75);
  EXPECT_DOUBLE_EQ(s.precision.value, 0.75);
  EXPECT_EQ(s.confusion.at(0, 0), 1);
  EXPECT_EQ(s.confusion.at(1, 2), 1);
  EXPECT_EQ(s.confusion.at(1, 3), 1);  // unsure
  EXPECT_EQ(s.best_guess.at(1, 1), 1);
  EXPECT_EQ(s.unsure, 1);
  EXPECT_DOUBLE_EQ(s.state_accuracy.value, 2.0 / 3);
  EXPECT_DOUBLE_EQ(s.right.value, 0.5);
  EXPECT_DOUBLE_EQ(s.right_strict.value, 0.25);
  EXPECT_DOUBLE_EQ(s.f1[kCorrect].value, 1);
  EXPECT_DOUBLE_EQ(s.f1[kIncorrect].value, 2.0 / 3);  // 1 hit, 2 labelled, 1 called
  EXPECT_EQ(s.f1[kIncorrect].count, 2);
  EXPECT_DOUBLE_EQ(s.f1_strict[kIncorrect].value, 0);
  EXPECT_DOUBLE_EQ(s.f1_large[kIncorrect].value, 1);  // only the face of 50 px
  EXPECT_EQ(s.f1_large[kIncorrect].count, 1);
  EXPECT_FALSE(s.f1[kNone].defined());  // the only face without a mask was missed
}

TEST(ScoreScenesTest, ComputesAveragePrecision) {
  const SceneScores s = ThreeStates().Score()[0];
  EXPECT_DOUBLE_EQ(s.face_ap.value, 0.75);  // three hits before the false one
  EXPECT_DOUBLE_EQ(s.state_ap[kCorrect].value, 1);
  EXPECT_DOUBLE_EQ(s.state_ap[kIncorrect].value, 0.5);  // 0.7 * 0.5 hits one of two
  EXPECT_DOUBLE_EQ(s.state_ap[kNone].value, 0);
  // Mask: both faces labelled incorrect are passed over; the third is hit. None: its face is missed.
  EXPECT_DOUBLE_EQ(s.mask_ap.value, 1);
  EXPECT_DOUBLE_EQ(s.no_mask_ap.value, 0);
}

TEST(ScoreScenesTest, CandidatesServeAveragePrecisionOnly) {
  Scene scene = ThreeStates();
  std::vector<Result> answers = scene.results;
  for (Result& answer : answers) answer.faces.clear();
  const SceneScores s = ScoreScenes(scene.images, answers, scene.results)[0];
  EXPECT_DOUBLE_EQ(s.face_ap.value, 0.75);
  EXPECT_DOUBLE_EQ(s.recall.value, 0);
  EXPECT_DOUBLE_EQ(s.right.value, 0);
  EXPECT_FALSE(s.precision.defined());
}

TEST(ScoreScenesTest, WithoutTheClassIncorrectIsNeitherRightNorWrong) {
  Scene scene;
  scene.Add(
      "two", {Truth(0, MaskState::kCorrect), Truth(100, MaskState::kNone), Truth(200, MaskState::kCorrect)},
      {Found(0, 0.9f, {0.3f, 0.6f, 0.1f}), Found(100, 0.9f, {0.1f, 0.1f, 0.8f}), Found(200, 0.8f, {0.1f, 0.2f, 0.7f})});
  const SceneScores s = scene.Score()[0];
  EXPECT_FALSE(s.has_incorrect);
  EXPECT_EQ(s.incorrect_without_class, 1);
  EXPECT_DOUBLE_EQ(s.right.value, 0.5);  // of the two others
  EXPECT_EQ(s.right.count, 2);
  EXPECT_DOUBLE_EQ(s.state_accuracy.value, 0.5);
  EXPECT_FALSE(s.state_ap[kCorrect].defined());
  EXPECT_FALSE(s.f1[kIncorrect].defined());
  // Mask list: 0.9 * 3/4 hits one of two faces.
  EXPECT_DOUBLE_EQ(s.mask_ap.value, 0.5);
  // None list: 0.9 * 8/9 hits, 0.8 * 7/8 is false.
  EXPECT_DOUBLE_EQ(s.no_mask_ap.value, 1);
}

TEST(ScoreScenesTest, IgnoredFacesAreNeitherHitNorMiss) {
  Scene scene;
  LabelledFace ignored = Truth(100, MaskState::kNone);
  ignored.ignore = true;
  scene.Add("a", {Truth(0, MaskState::kNone), ignored},
            {Found(0, 0.5f, {0, 0, 1}), Found(100, 0.9f, {0, 0, 1}), Found(100, 0.8f, {1, 0, 0})});
  const SceneScores s = scene.Score()[0];
  EXPECT_EQ(s.faces, 1);
  EXPECT_EQ(s.ignored, 1);
  EXPECT_DOUBLE_EQ(s.face_ap.value, 1);
  EXPECT_DOUBLE_EQ(s.no_mask_ap.value, 1);
  EXPECT_DOUBLE_EQ(s.precision.value, 1);
  EXPECT_DOUBLE_EQ(s.right.value, 1);
}

TEST(ScoreScenesTest, SmallFacesLeaveTheSizeLimitedNumbers) {
  Scene scene;
  scene.Add("a", {Truth(0, MaskState::kNone), Truth(100, MaskState::kNone, 20), Truth(200, MaskState::kNone, 10)},
            {Found(0, 0.9f, {0, 0, 1})});
  const SceneScores s = scene.Score()[0];
  EXPECT_NEAR(s.face_ap.value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(s.face_ap_16.value, 1.0 / 2, 1e-12);
  EXPECT_NEAR(s.face_ap_32.value, 1, 1e-12);
  EXPECT_NEAR(s.no_mask_ap.value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(s.no_mask_ap_16.value, 1.0 / 2, 1e-12);
  EXPECT_NEAR(s.right.value, 1.0 / 3, 1e-12);
  EXPECT_NEAR(s.right_16.value, 1.0 / 2, 1e-12);
}

TEST(ScoreScenesTest, PoolsAllSetsButTheOnesApart) {
  Scene scene = ThreeStates();
  scene.Add("two", {Truth(0, MaskState::kCorrect)}, {Found(0, 0.9f, {0.3f, 0.6f, 0.1f})});
  // Half as high: IoU 0.5 would miss it by a hair, 0.45 finds it.
  LabelledFace tall = Truth(0, MaskState::kCorrect);
  tall.box = {0, 0, 40, 83};
  FaceResult half = Found(0, 0.9f, {1, 0, 0});
  half.box = {0, 0, 40, 40};
  scene.Add("roboflow149", {tall}, {half});
  const auto all = scene.Score();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].name, "roboflow149");
  EXPECT_DOUBLE_EQ(all[2].face_ap.value, 1);
  const SceneScores& pooled = all[3];
  EXPECT_EQ(pooled.name, "pooled");
  EXPECT_EQ(pooled.pictures, 3);
  EXPECT_EQ(pooled.faces, 5);
  EXPECT_EQ(pooled.incorrect_without_class, 1);
  EXPECT_DOUBLE_EQ(pooled.state_ap[kCorrect].value, 1);  // over the set with three states
  EXPECT_EQ(pooled.state_ap[kCorrect].count, 1);
  EXPECT_EQ(pooled.mask_ap.count, 2);
}

TEST(ScoreScenesTest, PlainFaceDetectorsHaveNoStates) {
  Scene scene;
  FaceResult found;
  found.box = At(0);
  found.score = 0.9f;
  scene.Add("a", {Truth(0, MaskState::kNone)}, {found});
  const SceneScores s = scene.Score()[0];
  EXPECT_FALSE(s.states);
  EXPECT_DOUBLE_EQ(s.face_ap.value, 1);
  EXPECT_FALSE(s.right.defined());
  const auto json = ToJson(s);
  EXPECT_FALSE(json.contains("right"));
  EXPECT_EQ(SceneMarkdown({s}, {}).find("AP50 mask"), std::string::npos);
}

TEST(ScoreScenesTest, ForeignClassNamesAreStatesToo) {
  Scene scene = ThreeStates();
  scene.results[0].faces[0].probabilities = {{"Mask", 1.0f}, {"NoMask", 0.0f}};
  EXPECT_EQ(scene.Score()[0].confusion.at(0, 0), 1);
  scene.results[0].faces[0].probabilities = {{"cat", 1.0f}};
  EXPECT_THROW(scene.Score(), Error);
}

TEST(ScoreScenesTest, RefusesWhatCannotBeMeasured) {
  Scene scene = ThreeStates();
  scene.results[1].error = Result::Failure{ErrorKind::kBadImage, "broken"};
  try {
    scene.Score();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadImage);
  }
  scene = ThreeStates();
  scene.results[1].width = 400;
  EXPECT_THROW(scene.Score(), Error);
  SceneScoreOptions options;
  options.not_pooled.clear();
  EXPECT_THROW(options.Validate(), Error);
}

TEST(SceneReportTest, TellsValuesWithIntervalsAndNullWhereUndefined) {
  const SceneScores s = ThreeStates().Score()[0];
  const auto json = ToJson(s);
  EXPECT_EQ(json["set"], "three");
  EXPECT_DOUBLE_EQ(json["right"]["value"].get<double>(), 0.5);
  EXPECT_EQ(json["right"]["count"], 4);
  EXPECT_TRUE(json["f1"]["none"].is_null());
  EXPECT_EQ(json["confusion"]["incorrect"]["unsure"], 1);
  const std::string text = SceneMarkdown({s}, {});
  EXPECT_NE(text.find("| face AP50 "), std::string::npos);
  EXPECT_NE(text.find("75.0 ("), std::string::npos);
}

// Boxes round whole heads: half the side, same centre.
TEST(SceneScoresTest, SetsWithHeadBoxesAreMatchedByCentre) {
  for (const std::string set : {"roboflow149", "other"}) {
    Scene scene;
    scene.Add(set, {Truth(100, MaskState::kNone, 80)}, {Found(110, 0.9f, {0, 0, 1}, false, 40)});
    EXPECT_EQ(scene.Score().at(0).face_ap.value, set == "other" ? 0 : 1) << set;
  }
  SceneScoreOptions options;
  options.not_pooled.clear();
  EXPECT_THROW(options.Validate(), Error);
}

}  // namespace
}  // namespace maskscope
