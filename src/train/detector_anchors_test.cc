#include "train/detector_anchors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "train/detector_trainer.h"

namespace maskscope {
namespace {

constexpr int kSize = 128;

std::vector<Prior> Priors() { return MakePriors(RetinaFaceRecord(kSize).decoding, kSize, kSize); }

std::vector<size_t> AnchorsWith(const AnchorTargets& targets, AnchorRole role) {
  std::vector<size_t> found;
  for (size_t i = 0; i < targets.roles.size(); ++i) {
    if (targets.roles[i] == role) found.push_back(i);
  }
  return found;
}

TEST(MatchAnchors, AFaceThatIsAnAnchorTakesIt) {
  const std::vector<Prior> priors = Priors();
  // Row 3, column 5 of stride 8, the second of its anchors: 32 x 32 around (44, 28).
  const size_t wanted = (3 * 16 + 5) * 2 + 1;
  const AnchorTargets targets = MatchAnchors(priors, kSize, kSize, {{{28, 12, 60, 44}, {}}}, {});
  EXPECT_EQ(targets.roles[wanted], AnchorRole::kFace);
  EXPECT_EQ(targets.face[wanted], 0);
  // Its neighbour one cell (8 pixels) to the right overlaps by 24 x 32 of 40 x 32: IoU 0.6.
  EXPECT_EQ(targets.roles[wanted + 2], AnchorRole::kFace);
  // Two cells: 16 x 32 of 48 x 32, IoU 1/3, between the two limits: neither face nor background.
  EXPECT_EQ(targets.roles[wanted + 4], AnchorRole::kIgnored);
  // Three cells: 8 / 56 = 0.14.
  EXPECT_EQ(targets.roles[wanted + 6], AnchorRole::kBackground);
}

TEST(MatchAnchors, ATinyFaceStillGetsItsBestAnchor) {
  // 4 x 4 in the middle of the cell at row 2, column 2: IoU 16 / 256 with the anchor of 16 there.
  const AnchorTargets targets = MatchAnchors(Priors(), kSize, kSize, {{{18, 18, 22, 22}, {}}}, {});
  EXPECT_EQ(AnchorsWith(targets, AnchorRole::kFace), (std::vector<size_t>{(2 * 16 + 2) * 2}));
}

TEST(MatchAnchors, AnAnchorGoesToTheFaceItOverlapsMost) {
  const size_t anchor = (3 * 16 + 5) * 2 + 1;
  const std::vector<TrainingFace> faces{{{36, 12, 68, 44}, {}}, {{29, 12, 61, 44}, {}}};
  EXPECT_EQ(MatchAnchors(Priors(), kSize, kSize, faces, {}).face[anchor], 1);
}

TEST(MatchAnchors, WithoutFacesAllIsBackground) {
  const AnchorTargets targets = MatchAnchors(Priors(), kSize, kSize, {}, {});
  EXPECT_EQ(AnchorsWith(targets, AnchorRole::kBackground).size(), targets.roles.size());
}

TEST(MatchAnchors, RegionsSilenceAnchorsOfTheirSizeOnly) {
  const std::vector<Prior> priors = Priors();
  const AnchorTargets targets = MatchAnchors(priors, kSize, kSize, {}, {{18, 18, 22, 22}});  // 4 x 4
  const std::vector<size_t> ignored = AnchorsWith(targets, AnchorRole::kIgnored);
  ASSERT_FALSE(ignored.empty());
  for (const size_t i : ignored) EXPECT_LE(priors[i].w * kSize, 16.01f) << "anchor " << i;
  EXPECT_EQ(targets.roles[(2 * 16 + 2) * 2], AnchorRole::kIgnored);
  EXPECT_EQ(targets.roles[(9 * 16 + 9) * 2], AnchorRole::kBackground);
}

TEST(MatchAnchors, ALabelledFaceInsideAnIgnoredRegionIsLearnt) {
  const size_t anchor = (3 * 16 + 5) * 2 + 1;
  const AnchorTargets targets = MatchAnchors(Priors(), kSize, kSize, {{{28, 12, 60, 44}, {}}}, {{20, 4, 70, 54}});
  EXPECT_EQ(targets.roles[anchor], AnchorRole::kFace);
}

TEST(EncodeBox, TurnsTheAnchorItselfIntoZeros) {
  const Prior prior{0.5f, 0.25f, 0.125f, 0.25f};
  const auto code = EncodeBox({56, 16, 72, 48}, prior, 128, 128, {0.1f, 0.2f});
  for (const float value : code) EXPECT_NEAR(value, 0.0f, 1e-5f);
}

TEST(EncodeBox, FollowsTheFormula) {
  const Prior prior{0.5f, 0.5f, 0.25f, 0.25f};  // 32 x 32 around (64, 64)
  const auto code = EncodeBox({64, 48, 128, 80}, prior, 128, 128, {0.1f, 0.2f});
  EXPECT_NEAR(code[0], 1.0f / 0.1f, 1e-4f);  // centre one anchor's width to the right
  EXPECT_NEAR(code[1], 0.0f, 1e-5f);
  EXPECT_NEAR(code[2], std::log(2.0f) / 0.2f, 1e-5f);  // twice as wide
  EXPECT_NEAR(code[3], 0.0f, 1e-5f);
  const auto point = EncodePoint({80, 32}, prior, 128, 128, {0.1f, 0.2f});
  EXPECT_NEAR(point[0], 0.5f / 0.1f, 1e-4f);
  EXPECT_NEAR(point[1], -1.0f / 0.1f, 1e-4f);
}

TEST(MatchOptions, RefusesWhatMakesNoSense) {
  MatchOptions options;
  options.negative_iou = 0.9f;
  EXPECT_THROW(options.Validate(), Error);
}

}  // namespace
}  // namespace maskscope
