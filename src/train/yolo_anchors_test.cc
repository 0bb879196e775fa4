#include "train/yolo_anchors.h"

#include <gtest/gtest.h>

#include "base/expect_error.h"
#include "base/random.h"

namespace maskscope {
namespace {

Decoding ThreeAnchors() {
  Decoding decoding;
  decoding.strides = {8, 16, 32};
  decoding.anchors = {{10, 10}, {20, 20}, {40, 40}};
  return decoding;
}

// Three sizes of faces, each within a tenth of its own.
FaceSides ThreeSizes() {
  Random random(3);
  FaceSides faces;
  for (int i = 0; i < 90; ++i) {
    const std::array<float, 2> sides[] = {{12, 16}, {60, 80}, {200, 260}};
    const auto near = [&](float side) { return side * static_cast<float>(random.Uniform(0.95, 1.05)); };
    faces.push_back({near(sides[i % 3][0]), near(sides[i % 3][1])});
  }
  return faces;
}

TEST(MeasureAnchors, CountsFacesWithinTheRatio) {
  const AnchorFit fit = MeasureAnchors(ThreeAnchors().anchors, {{10, 10}, {20, 40}, {200, 200}, {2, 2}}, 4);
  EXPECT_DOUBLE_EQ(fit.best_possible_recall, 0.5);
  EXPECT_NEAR(fit.mean_likeness, (1 + 0.5 + 0.2 + 0.2) / 4, 1e-6);
}

TEST(FitAnchors, FindsTheSizesThereAre) {
  const auto anchors = FitAnchors(ThreeAnchors(), ThreeSizes(), 1);
  const std::vector<std::vector<float>> wanted{{12, 16}, {60, 80}, {200, 260}};
  ASSERT_EQ(anchors.size(), 3u);
  for (size_t level = 0; level < 3; ++level) {
    ASSERT_EQ(anchors[level].size(), 2u);
    for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(anchors[level][i], wanted[level][i], 0.03f * wanted[level][i]);
  }
  EXPECT_EQ(FitAnchors(ThreeAnchors(), ThreeSizes(), 1), anchors);
}

TEST(FitAnchors, SaysWhenThereAreTooFewFaces) {
  ExpectError(ErrorKind::kBadData, {"2 faces", "3 anchors", "keep"}, [] {
    FitAnchors(ThreeAnchors(), {{1, 1}, {2, 2}, {2, 2}}, 1);
  });
}

TEST(ChooseAnchors, FitsThemOnlyWhereTheStartsMissFaces) {
  Decoding decoding = ThreeAnchors();
  nlohmann::json told = ChooseAnchors(AnchorChoice::kAuto, {{12, 12}, {30, 30}}, 4, 1, decoding);
  EXPECT_EQ(told["chosen"], "start");
  EXPECT_EQ(told["best_possible_recall"], 1.0);
  EXPECT_EQ(decoding.anchors, ThreeAnchors().anchors);
  told = ChooseAnchors(AnchorChoice::kKeep, ThreeSizes(), 4, 1, decoding);
  EXPECT_EQ(told["chosen"], "start");
  EXPECT_EQ(decoding.anchors, ThreeAnchors().anchors);
  told = ChooseAnchors(AnchorChoice::kAuto, ThreeSizes(), 4, 1, decoding);
  EXPECT_EQ(told["chosen"], "fitted");
  EXPECT_NEAR(told["start_best_possible_recall"].get<double>(), 2.0 / 3, 1e-9);
  EXPECT_EQ(told["best_possible_recall"], 1.0);
  EXPECT_NE(decoding.anchors, ThreeAnchors().anchors);
}

TEST(SidesInUse, AreThoseOfTheInput) {
  LabelledImage picture;
  picture.width = 800;
  picture.height = 400;
  for (const Box& box : {Box{0, 0, 80, 120}, Box{0, 0, 4, 4}, Box{0, 0, 90, 90}}) {
    LabelledFace face;
    face.box = box;
    picture.faces.push_back(face);
  }
  picture.faces[2].ignore = true;
  EXPECT_EQ(SidesInUse({picture}, 400, 8), (FaceSides{{40, 60}}));
}

TEST(AnchorChoice, NamesComeBack) {
  for (const AnchorChoice choice : {AnchorChoice::kAuto, AnchorChoice::kKeep, AnchorChoice::kFit}) {
    AnchorChoice parsed{};
    ParseEnum(std::string(EnumText(choice)), parsed);
    EXPECT_EQ(parsed, choice);
  }
  AnchorChoice choice{};
  ExpectError(ErrorKind::kUsage, {"'fitted'", "fit"}, [&] { ParseEnum("fitted", choice); });
}

}  // namespace
}  // namespace maskscope
