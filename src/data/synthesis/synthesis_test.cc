#include "data/synthesis/synthesis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "data/painter.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

Painting Portrait(uint64_t seed, int side = 240) {
  PainterOptions options;
  options.width = side;
  options.height = side;
  options.people = 1;
  options.covers = {FaceCover::kBare};
  options.seed = seed;
  return PaintGroup(options);
}

int Change(const Image& before, const Image& after, Point at) {
  const int x = static_cast<int>(at.x), y = static_cast<int>(at.y);
  int sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::abs(before.row(y)[3 * x + c] - after.row(y)[3 * x + c]);
  return sum;
}

// Share of pixels within `radius` of `at` that changed by more than the photo's own grain.
double ChangedAround(const Image& before, const Image& after, Point at, float radius) {
  int changed = 0, all = 0;
  for (float dy = -radius; dy <= radius; ++dy) {
    for (float dx = -radius; dx <= radius; ++dx) {
      const Point p{at.x + dx, at.y + dy};
      if (p.x < 0 || p.y < 0 || p.x >= before.width || p.y >= before.height) continue;
      ++all;
      changed += Change(before, after, p) > 6;
    }
  }
  return all ? static_cast<double>(changed) / all : 0;
}

SynthesisPlan Worn(MaskFit fit, MaskCut cut = MaskCut::kSurgical) {
  SynthesisPlan plan;
  plan.fit = fit;
  plan.cut = cut;
  return plan;
}

Point Middle(const std::vector<Point>& l, size_t a, size_t b) {
  return {0.5f * (l[a].x + l[b].x), 0.5f * (l[a].y + l[b].y)};
}

struct Seen {
  double eyes, nose, mouth;
};
Seen DrawOn(const Painting& portrait, const SynthesisPlan& plan, uint64_t seed) {
  Image image = portrait.image;
  std::string reason;
  const LabelledFace& face = portrait.faces[0].label;
  const auto drawn = DrawCover(plan, face, {}, seed, image, &reason);
  EXPECT_TRUE(drawn) << reason;
  if (!drawn) return {};
  EXPECT_EQ(drawn->state, plan.state());
  const auto& l = face.landmarks;
  const double eyes =
      std::max(ChangedAround(portrait.image, image, l[0], 3), ChangedAround(portrait.image, image, l[1], 3));
  return {eyes, ChangedAround(portrait.image, image, l[2], 2),
          ChangedAround(portrait.image, image, Middle(l, 3, 4), 3)};
}

TEST(Synthesis, ACorrectMaskCoversNoseAndMouthAndLeavesTheEyes) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    for (const MaskCut cut :
         {MaskCut::kSurgical, MaskCut::kFoldedRespirator, MaskCut::kCloth, MaskCut::kPatterned, MaskCut::kGaiter}) {
      const Seen seen = DrawOn(Portrait(seed), Worn(MaskFit::kCorrect, cut), seed);
      EXPECT_GT(seen.nose, 0.8) << seed << " " << MaskCutName(cut);
      EXPECT_GT(seen.mouth, 0.8) << seed << " " << MaskCutName(cut);
      EXPECT_LT(seen.eyes, 0.1) << seed << " " << MaskCutName(cut);
    }
  }
}

TEST(Synthesis, ANoseOutMaskLeavesTheNoseAndCoversTheMouth) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Seen seen = DrawOn(Portrait(seed), Worn(MaskFit::kNoseOut), seed);
    EXPECT_LT(seen.nose, 0.05) << seed;
    EXPECT_LT(seen.eyes, 0.05) << seed;
    EXPECT_GT(seen.mouth, 0.8) << seed;
  }
}

TEST(Synthesis, AMaskUnderTheChinLeavesMouthAndNose) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Painting portrait = Portrait(seed);
    const Seen seen = DrawOn(portrait, Worn(MaskFit::kUnderChin), seed);
    EXPECT_LT(seen.nose, 0.05) << seed;
    EXPECT_LT(seen.mouth, 0.05) << seed;
    Image image = portrait.image;
    ASSERT_TRUE(DrawCover(Worn(MaskFit::kUnderChin), portrait.faces[0].label, {}, seed, image, nullptr));
    EXPECT_NE(image.pixels, portrait.image.pixels);
  }
}

TEST(Synthesis, EveryCutAndFitAndOccluderDrawsSomethingAndSaysSo) {
  const Painting portrait = Portrait(3);
  for (int cut = 0; cut < kMaskCuts; ++cut) {
    for (int fit = 0; fit < kMaskFits; ++fit) {
      Image image = portrait.image;
      const auto drawn = DrawCover(Worn(static_cast<MaskFit>(fit), static_cast<MaskCut>(cut)), portrait.faces[0].label,
                                   {}, 5, image, nullptr);
      ASSERT_TRUE(drawn);
      EXPECT_NE(image.pixels, portrait.image.pixels) << cut << " " << fit;
      EXPECT_EQ(drawn->state, fit == 0 ? MaskState::kCorrect : MaskState::kIncorrect);
      EXPECT_EQ(drawn->attributes.at("synthesis.cut"), MaskCutName(static_cast<MaskCut>(cut)));
      EXPECT_EQ(drawn->attributes.at("synthesis.fit"), MaskFitName(static_cast<MaskFit>(fit)));
      EXPECT_FALSE(drawn->attributes.at("synthesis.colour").empty());
    }
  }
  for (int occluder = 0; occluder < kOccluders; ++occluder) {
    SynthesisPlan plan;
    plan.occluder = static_cast<Occluder>(occluder);
    Image image = portrait.image;
    const auto drawn = DrawCover(plan, portrait.faces[0].label, {}, 5, image, nullptr);
    ASSERT_TRUE(drawn);
    EXPECT_NE(image.pixels, portrait.image.pixels) << occluder;
    EXPECT_EQ(drawn->state, MaskState::kNone);
    EXPECT_EQ(drawn->attributes.at("synthesis.occluder"), OccluderName(*plan.occluder));
  }
}

TEST(Synthesis, TheSameSeedDrawsTheSameBytesAndAnotherDoesNot) {
  const Painting portrait = Portrait(4);
  const auto draw = [&](uint64_t seed) {
    Image image = portrait.image;
    EXPECT_TRUE(
        DrawCover(Worn(MaskFit::kNoseOut, MaskCut::kPatterned), portrait.faces[0].label, {}, seed, image, nullptr));
    return image.pixels;
  };
  EXPECT_EQ(draw(7), draw(7));
  EXPECT_NE(draw(7), draw(8));
}

// A quarter turn of the picture turns what is drawn with it.
TEST(Synthesis, FollowsARotatedFace) {
  const Painting portrait = Portrait(5);
  const Image& from = portrait.image;
  Image turned(from.height, from.width);
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) std::copy_n(from.row(y) + 3 * x, 3, turned.row(x) + 3 * (from.height - 1 - y));
  }
  const auto turn = [&](Point p) { return Point{static_cast<float>(from.height) - p.y, p.x}; };
  LabelledFace face = portrait.faces[0].label;
  for (Point& p : face.landmarks) p = turn(p);
  const Point a = turn({face.box.x1, face.box.y2}), b = turn({face.box.x2, face.box.y1});
  face.box = {a.x, a.y, b.x, b.y};
  Image drawn = turned;
  std::string reason;
  ASSERT_TRUE(DrawCover(Worn(MaskFit::kCorrect), face, {}, 1, drawn, &reason)) << reason;
  EXPECT_GT(ChangedAround(turned, drawn, face.landmarks[2], 2), 0.8);
  EXPECT_GT(ChangedAround(turned, drawn, Middle(face.landmarks, 3, 4), 3), 0.8);
  EXPECT_LT(ChangedAround(turned, drawn, face.landmarks[0], 3), 0.1);
}

TEST(Synthesis, FacesAtTheEdgeAreDrawnOnOrRefusedButNeverWriteOutside) {
  const Painting portrait = Portrait(6);
  int drawn = 0, refused = 0;
  for (int cut = 0; cut < 230; cut += 16) {
    Image image(240 - cut, 240);
    for (int y = 0; y < 240; ++y) std::copy_n(portrait.image.row(y) + 3 * cut, 3 * (240 - cut), image.row(y));
    LabelledFace face = portrait.faces[0].label;
    for (Point& p : face.landmarks) p.x -= static_cast<float>(cut);
    face.box.x1 -= static_cast<float>(cut);
    face.box.x2 -= static_cast<float>(cut);
    const std::vector<uint8_t> before = image.pixels;
    std::string reason;
    if (DrawCover(Worn(MaskFit::kCorrect), face, {}, 1, image, &reason)) {
      ++drawn;
    } else {
      ++refused;
      EXPECT_EQ(reason, "outside");
      EXPECT_EQ(image.pixels, before);
    }
  }
  EXPECT_GT(drawn, 3);
  EXPECT_GT(refused, 3);
}

TEST(Synthesis, RefusesWhatCannotBeDrawnOnAndLeavesThePicture) {
  Painting portrait = Portrait(7);
  Image image = portrait.image;
  std::string reason;
  SynthesisOptions options;
  options.min_face = 4000;
  EXPECT_FALSE(DrawCover(Worn(MaskFit::kCorrect), portrait.faces[0].label, options, 1, image, &reason));
  EXPECT_EQ(reason, "too_small");
  LabelledFace profile = portrait.faces[0].label;
  // Both eyes on one side of the nose.
  const float half = 0.5f * (profile.landmarks[1].x - profile.landmarks[0].x);
  profile.landmarks[1].x = profile.landmarks[0].x + half;
  profile.landmarks[2].x = profile.landmarks[0].x - 0.9f * half;
  profile.landmarks[3].x = profile.landmarks[0].x - 0.3f * half;
  profile.landmarks[4].x = profile.landmarks[0].x + 0.4f * half;
  EXPECT_FALSE(DrawCover(Worn(MaskFit::kCorrect), profile, {}, 1, image, &reason));
  EXPECT_TRUE(reason == "profile" || reason == "bad_landmarks") << reason;
  LabelledFace broken = portrait.faces[0].label;
  broken.landmarks[0].x = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(DrawCover(Worn(MaskFit::kCorrect), broken, {}, 1, image, &reason));
  EXPECT_EQ(reason, "bad_landmarks");
  EXPECT_EQ(image.pixels, portrait.image.pixels);
}

TEST(Synthesis, TinyFacesAreDrawnOnWhenAskedFor) {
  const Painting portrait = Portrait(8, 72);
  SynthesisOptions options;
  options.min_face = 16;
  Image image = portrait.image;
  std::string reason;
  ASSERT_TRUE(DrawCover(Worn(MaskFit::kCorrect), portrait.faces[0].label, options, 1, image, &reason)) << reason;
  EXPECT_GT(ChangedAround(portrait.image, image, portrait.faces[0].label.landmarks[2], 1), 0.6);
}

// Neither the cut nor the colour may tell the state.
TEST(Synthesis, CutsAreAsFrequentAmongCorrectAsAmongIncorrect) {
  SynthesisOptions options;
  Random random(1);
  double counts[2][kMaskCuts] = {}, sums[2] = {};
  std::set<MaskFit> fits;
  for (int i = 0; i < 20000; ++i) {
    const SynthesisPlan plan = DrawPlan(options, random);
    if (!plan.fit) continue;
    fits.insert(*plan.fit);
    const int side = plan.state() == MaskState::kCorrect ? 0 : 1;
    ++counts[side][static_cast<int>(plan.cut)];
    ++sums[side];
  }
  for (int cut = 0; cut < kMaskCuts; ++cut)
    EXPECT_NEAR(counts[0][cut] / sums[0], counts[1][cut] / sums[1], 0.02) << cut;
  EXPECT_EQ(fits.size(), static_cast<size_t>(kMaskFits));
  EXPECT_NEAR(sums[0] / (sums[0] + sums[1]), 0.4, 0.02);
}

TEST(Synthesis, OptionsReportEveryBadField) {
  SynthesisOptions options;
  options.correct = -1;
  options.cuts["surgicl"] = 1;
  options.fits["nose_out"] = -2;
  options.min_face = 2;
  options.max_yaw = 100;
  ExpectError(ErrorKind::kUsage, {"correct", "did you mean 'surgical'", "nose_out", "min_face", "max_yaw"},
              [&] { options.Validate(); });
  SynthesisOptions impossible;
  for (int i = 0; i < kMaskCuts; ++i) impossible.cuts[std::string(MaskCutName(static_cast<MaskCut>(i)))] = 0;
  ExpectError(ErrorKind::kUsage, {"cuts"}, [&] { impossible.Validate(); });
}

}  // namespace
}  // namespace maskscope
