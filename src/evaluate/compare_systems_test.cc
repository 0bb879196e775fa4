#include "evaluate/compare_systems.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/expect_error.h"
#include "evaluate/scene_testing.h"

namespace maskscope {
namespace {

SceneScoreOptions FewDraws() {
  SceneScoreOptions options;
  options.resamples = 100;
  return options;
}

// Twenty pictures with one masked and one bare face. `a` misses every third bare face, `b` finds all of them and calls
// every fourth masked face none; `c` says no states.
struct TwoSystems {
  Scene a, b, c;
  TwoSystems() {
    for (int i = 0; i < 20; ++i) {
      const std::vector<LabelledFace> truths{Truth(0, MaskState::kCorrect), Truth(100, MaskState::kNone)};
      const FaceResult mask = Found(0, 0.9f, {0.9f, 0, 0.1f}), bare = Found(100, 0.8f, {0.1f, 0, 0.9f});
      FaceResult called_bare = Found(0, 0.9f, {0.1f, 0, 0.9f});
      a.Add("s", truths, i % 3 == 0 ? std::vector<FaceResult>{mask} : std::vector<FaceResult>{mask, bare});
      b.Add("s", truths, {i % 4 == 0 ? called_bare : mask, bare});
      FaceResult plain = mask;
      plain.probabilities.clear();
      c.Add("s", truths, {plain});
    }
  }
  std::vector<SystemRun> Runs() const {
    return {
        {"a", a.results, a.results, 10, ""}, {"b", b.results, b.results, 20, ""}, {"c", c.results, c.results, 5, ""}};
  }
};

const ComparedNumber& Find(const SystemComparison& comparison, const std::string& name) {
  for (const ComparedNumber& number : comparison.numbers) {
    if (number.name == name) return number;
  }
  throw Error(ErrorKind::kInternal, "no number " + name);
}

TEST(CompareSystemsTest, DifferencesAreDrawnTogether) {
  const TwoSystems two;
  const std::vector<SystemRun> runs = two.Runs();
  const SystemComparison comparison = CompareSystems(two.a.images, runs, FewDraws());
  const ComparedNumber& found = Find(comparison, "labelled faces found");
  EXPECT_DOUBLE_EQ(found.of_system[0].value, 33.0 / 40);
  EXPECT_DOUBLE_EQ(found.of_system[1].value, 1);
  EXPECT_NEAR(found.difference[1].value, 7.0 / 40, 1e-12);
  EXPECT_EQ(Judge(found.difference[1]), Comparison::kBetter);
  EXPECT_EQ(Judge(found.difference[2]), Comparison::kWorse);
  EXPECT_EQ(Judge(found.difference[0]), Comparison::kUndefined);
  const ComparedNumber& state = Find(comparison, "state right, of faces found");
  EXPECT_DOUBLE_EQ(state.of_system[1].value, 35.0 / 40);
  EXPECT_EQ(Judge(state.difference[1]), Comparison::kWorse);
  // 7 missed against 5 wrong: nobody can tell.
  EXPECT_EQ(Judge(Find(comparison, "found and mask / no mask right").difference[1]), Comparison::kNotTold);
  const SceneScores alone = two.a.Score()[0];
  EXPECT_DOUBLE_EQ(Find(comparison, "AP50 face").of_system[0].value, alone.face_ap.value);
  EXPECT_DOUBLE_EQ(Find(comparison, "AP50 no mask").of_system[0].value, alone.no_mask_ap.value);
}

TEST(CompareSystemsTest, WhatASystemDoesNotSayIsUndefined) {
  const TwoSystems two;
  const std::vector<SystemRun> runs = two.Runs();
  const SystemComparison comparison = CompareSystems(two.a.images, runs, FewDraws());
  EXPECT_FALSE(Find(comparison, "AP50 mask").of_system[2].defined());
  EXPECT_FALSE(Find(comparison, "found and state right").difference[2].defined());
  EXPECT_TRUE(Find(comparison, "AP50 face").of_system[2].defined());
  EXPECT_EQ(comparison.pictures[0][0].merit(), 1);
  EXPECT_EQ(comparison.pictures[1][0].merit(), 0);  // one right, one wrong
  EXPECT_EQ(comparison.pictures[2][0].right, 1);
}

TEST(CompareSystemsTest, ASystemDoesNotDifferFromItself) {
  const TwoSystems two;
  const std::vector<SystemRun> runs{two.Runs()[0], two.Runs()[0]};
  const SystemComparison comparison = CompareSystems(two.a.images, runs, FewDraws());
  for (const ComparedNumber& number : comparison.numbers) {
    if (!number.difference[1].defined()) continue;
    EXPECT_EQ(number.difference[1].interval.low, 0) << number.name;
    EXPECT_EQ(number.difference[1].interval.high, 0) << number.name;
  }
  ExpectError(ErrorKind::kUsage, {"no system"}, [&] { CompareSystems(two.a.images, {}, FewDraws()); });
}

}  // namespace
}  // namespace maskscope
