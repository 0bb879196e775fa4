#include "evaluate/scene_view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/expect_error.h"
#include "evaluate/answers.h"
#include "evaluate/cost_thresholds.h"
#include "evaluate/curves.h"
#include "evaluate/protocols.h"
#include "evaluate/scene_testing.h"
#include "evaluate/slices.h"

namespace maskscope {
namespace {

Resampler MakeResampler(const SceneView& view) { return Resampler(view.Groups(), 50, 1); }

int CountKind(const std::vector<FaceRow>& rows, FaceRow::Kind kind) {
  return static_cast<int>(
      std::count_if(rows.begin(), rows.end(), [&](const FaceRow& row) { return row.kind == kind; }));
}

TEST(MatchAnswersTest, EveryFaceAndDetectionHasOneRow) {
  Scene scene = ThreeStates();
  LabelledFace ignored = Truth(400, MaskState::kNone);
  ignored.ignore = true;
  scene.Add("three", {ignored, ignored}, {Found(400, 0.5f, {1, 0, 0})});
  const SceneView view = scene.View();
  const std::vector<FaceRow> rows = MatchAnswers(view);
  EXPECT_EQ(CountKind(rows, FaceRow::Kind::kFound), 3);
  EXPECT_EQ(CountKind(rows, FaceRow::Kind::kMissed), 1);
  EXPECT_EQ(CountKind(rows, FaceRow::Kind::kFalse), 1);
  EXPECT_EQ(CountKind(rows, FaceRow::Kind::kIgnored), 2);
  EXPECT_EQ(rows[0].predicted.best, MaskState::kCorrect);
  EXPECT_EQ(TruthOf(view, rows[0])->state, MaskState::kCorrect);
}

TEST(CountAnswersTest, BackgroundAndPicturesWithoutFaces) {
  Scene scene = ThreeStates();
  scene.Add("three", {}, {Found(10, 0.9f, {1, 0, 0}), Found(200, 0.8f, {0, 0, 1})});
  scene.Add("three", {}, {});
  scene.Add("three", {Truth(0, std::nullopt)}, {});
  const SceneView view = scene.View();
  const AnswerCounts counts = CountAnswers(view, MatchAnswers(view));
  EXPECT_EQ(counts.counts[0][0], 1);
  EXPECT_EQ(counts.counts[1][2], 1);                            // incorrect called none
  EXPECT_EQ(counts.counts[1][AnswerCounts::kUnsureColumn], 1);  // the unsure one
  EXPECT_EQ(counts.counts[2][AnswerCounts::kMissedColumn], 1);
  EXPECT_EQ(counts.counts[AnswerCounts::kNoFaceRow][0], 1);
  EXPECT_EQ(counts.counts[AnswerCounts::kNoFaceRow][2], 2);
  EXPECT_EQ(counts.pictures_without_faces, 2);
  EXPECT_EQ(counts.of_these_with_false, 1);
  EXPECT_EQ(counts.false_on_these, 2);
  EXPECT_EQ(counts.faces_without_state, 1);
}

TEST(MeasureCalibrationTest, WithoutTemperatureProbabilitiesAreFlatterOrSharper) {
  const Scene scene = ThreeStates();
  const SceneView view = scene.View();
  const Resampler resampler = MakeResampler(view);
  const Calibration c = MeasureCalibration(view, MatchAnswers(view), 2.0, resampler);
  ASSERT_EQ(c.confidence.size(), 3u);
  // 0.8, 0.1, 0.1 squared and normalised.
  EXPECT_NEAR(c.before[0], 0.64 / 0.66, 1e-5);
  EXPECT_EQ(c.right, (std::vector<bool>{true, false, true}));
  EXPECT_TRUE(c.says_confidence);
  EXPECT_NEAR(c.error.value, ExpectedCalibrationError(c.confidence, c.right), 1e-12);
  EXPECT_GE(c.error.interval.high, c.error.interval.low);
  EXPECT_TRUE(MeasureCalibration(view, MatchAnswers(view), std::nullopt, resampler).before.empty());
}

TEST(MakeCurvesTest, AgreesWithTheListAtEveryThreshold) {
  const Scene scene = ThreeStates();
  const SceneView view = scene.View();
  const ClassCurves curves = MakeCurves(view, ListKind::kFace, MakeResampler(view));
  EXPECT_EQ(curves.faces, 4);
  // At 0.74: scores 0.9 and 0.8 are shown, both faces, of four.
  EXPECT_DOUBLE_EQ(curves.thresholds[37], 0.74);
  EXPECT_DOUBLE_EQ(curves.precision[37].value, 1);
  EXPECT_DOUBLE_EQ(curves.recall[37].value, 0.5);
  EXPECT_DOUBLE_EQ(curves.f1[37].value, 2 * 2.0 / (2 + 4));
  // At 0: three of four detections are faces.
  EXPECT_DOUBLE_EQ(curves.precision[0].value, 0.75);
  EXPECT_DOUBLE_EQ(curves.recall[0].value, 0.75);
  EXPECT_FALSE(curves.precision[50].defined()) << "nothing has the score 1";
  EXPECT_DOUBLE_EQ(curves.recall[50].value, 0);
  EXPECT_DOUBLE_EQ(curves.precision_at_recall[75].value, 1);
  EXPECT_FALSE(curves.precision_at_recall[76].defined()) << "more recall is not reached";
  const ClassCurves nothing = MakeCurves(SceneView{}, ListKind::kFace, Resampler({}, 10, 1));
  EXPECT_FALSE(nothing.ap.defined());
  EXPECT_FALSE(nothing.f1[0].defined());
}

TEST(ScoreProtocolsTest, NamesAndMeans) {
  const Scene scene = ThreeStates();
  const auto all = ScoreProtocols(scene.View(), true, 20, 1);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "three states");
  EXPECT_EQ(all[0].classes, (std::vector<std::string>{"correct", "incorrect", "none"}));
  EXPECT_EQ(all[2].name, "face only");
  const auto& states = all[0];
  EXPECT_NEAR(states.mean_voc_all.value,
              (states.voc_all[0].value + states.voc_all[1].value + states.voc_all[2].value) / 3, 1e-12);
  const SceneScores scores = scene.Score()[0];
  EXPECT_DOUBLE_EQ(states.voc_all[1].value, scores.state_ap[1].value);
  EXPECT_DOUBLE_EQ(all[2].voc_all[0].value, scores.face_ap.value);
  EXPECT_FALSE(all[2].coco[3].value > 1);
  EXPECT_FALSE(all[2].coco[3].defined()) << "no face is small";
  EXPECT_EQ(ScoreProtocols(scene.View(), false, 20, 1).size(), 1u);
}

TEST(RunningAccuracyOfTest, CountsStates) {
  const Scene scene = ThreeStates();
  const auto running = RunningAccuracyOf(scene.View(), 0.5);
  ASSERT_EQ(running.size(), 2u);
  EXPECT_DOUBLE_EQ(running[0].strict, 1.0 / 3);
  EXPECT_DOUBLE_EQ(running[1].strict, 0.5);  // the unsure one is right by its likeliest state
}

TEST(ScoreSlicesTest, PartsAreMeasuredByThemselves) {
  Scene scene;
  // A large face that is found, a small one that is missed, a small false detection.
  scene.Add("a", {Truth(0, MaskState::kNone, 70), Truth(100, MaskState::kNone, 12)},
            {Found(0, 0.9f, {0, 0, 1}, false, 70), Found(200, 0.95f, {0, 0, 1}, false, 12)});
  scene.Add("mafa", {Truth(0, MaskState::kNone, 70), Truth(200, MaskState::kIncorrect, 70)},
            {Found(0, 0.9f, {1, 0, 0}, false, 70)});
  const SceneView view = scene.View();
  std::vector<PictureLooks> looks(2);
  for (size_t i = 0; i < 2; ++i) {
    looks[i].truths.resize(scene.images[i].faces.size());
    looks[i].answers.resize(scene.results[i].faces.size());
    looks[i].candidates = looks[i].answers;
  }
  const auto axes = ScoreSlices(view, looks, true, {}, MakeResampler(view));
  const ScoredAxis& height = axes[0];
  EXPECT_EQ(height.name, "face height");
  ASSERT_EQ(height.parts.size(), 2u);
  EXPECT_EQ(height.parts[0].name, "below 16 px");
  EXPECT_DOUBLE_EQ(height.parts[0].face_ap.value, 0);
  EXPECT_EQ(height.parts[1].name, "64–128 px");
  // Three large faces, two found, and the small false detection does not count here.
  EXPECT_NEAR(height.parts[1].face_ap.value, 2.0 / 3, 1e-12);
  EXPECT_NEAR(height.parts[1].right.value, 1.0 / 3, 1e-12);
  EXPECT_EQ(axes[1].parts[0].name, "a");
  const ScoredAxis& occluder = axes.back();
  ASSERT_EQ(occluder.parts.size(), 2u);
  EXPECT_EQ(occluder.parts[0].faces, 1);
  EXPECT_DOUBLE_EQ(occluder.parts[0].bare_as_mask.value, 1) << "mafa's bare face is called correct";
  EXPECT_DOUBLE_EQ(occluder.parts[1].bare_as_mask.value, 0);
}

TEST(ChooseThresholdsTest, WeighsMistakes) {
  Scene scene;
  // A violation seen with 0.4, a false alarm with 0.5, a doubtful face labelled correct that is called none.
  for (int i = 0; i < 4; ++i) {
    scene.Add(
        "s", {Truth(0, MaskState::kNone), Truth(100, MaskState::kCorrect)},
        {Found(0, 0.4f, {0, 0.1f, 0.9f}), Found(200, 0.5f, {0, 0.1f, 0.9f}), Found(100, 0.9f, {0.45f, 0, 0.55f})});
  }
  scene.Add("s", {Truth(0, MaskState::kIncorrect)}, {});
  const SceneView view = scene.View();
  CostOptions dear{.missed = 10, .false_alarm = 1, .unsure = 0.1, .resamples = 20};
  const CostChoice careful = ChooseThresholds(view, 0.5, 0, dear);
  EXPECT_LE(careful.best.score, 0.4);
  // A look costs less than a false alarm, so every detection is looked at.
  EXPECT_GE(careful.best.confidence, 0.9);
  EXPECT_EQ(careful.best.missed, 1);
  EXPECT_EQ(careful.best.false_alarms, 0);
  EXPECT_EQ(careful.best.unsure, 12);
  EXPECT_NEAR(careful.best.cost, 10 + 12 * 0.1, 1e-9);
  EXPECT_EQ(careful.present.missed, 5);
  EXPECT_EQ(careful.present.false_alarms, 8);
  EXPECT_NEAR(careful.saved.value, careful.present_cost.value - careful.best_cost.value, 1e-9);
  CostOptions cheap{.missed = 0.1, .false_alarm = 5, .unsure = 5, .resamples = 20};
  EXPECT_GE(ChooseThresholds(view, 0.5, 0, cheap).best.score, 0.9);
  dear.choose_confidence = false;
  EXPECT_EQ(ChooseThresholds(view, 0.5, 0, dear).best.unsure, 0);
}

TEST(ChooseThresholdsTest, SaysWhatIsMissing) {
  Scene scene;
  scene.Add("s", {Truth(0, MaskState::kCorrect)}, {});
  ExpectError(ErrorKind::kBadData, {"1 labelled faces, of them 0"},
              [&] { ChooseThresholds(scene.View(), 0.5, 0, {}); });
  ExpectError(ErrorKind::kUsage, {"missed cost", "-1"}, [] { CostOptions{.missed = -1}.Validate(); });
  ExpectError(ErrorKind::kUsage, {"at least one"}, [] { CostOptions{.missed = 0, .false_alarm = 0}.Validate(); });
}

}  // namespace
}  // namespace maskscope
