#include "data/painter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace maskscope {
namespace {

PainterOptions Small() {
  PainterOptions options;
  options.width = 320;
  options.height = 200;
  options.people = 5;
  options.covers = {FaceCover::kMask, FaceCover::kMaskUnderNose, FaceCover::kMaskUnderChin, FaceCover::kBare,
                    FaceCover::kHand};
  return options;
}

double Difference(const uint8_t* a, const uint8_t* b) {
  return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]);
}

TEST(Painter, SameSeedSamePicture) {
  EXPECT_EQ(PaintGroup(Small()).image.pixels, PaintGroup(Small()).image.pixels);
  PainterOptions other = Small();
  other.seed = 2;
  EXPECT_NE(PaintGroup(Small()).image.pixels, PaintGroup(other).image.pixels);
}

TEST(Painter, TruthIsComplete) {
  const Painting painting = PaintGroup(Small());
  ASSERT_EQ(painting.faces.size(), 5u);
  const MaskState wanted[] = {MaskState::kCorrect, MaskState::kIncorrect, MaskState::kIncorrect, MaskState::kNone,
                              MaskState::kNone};
  for (size_t i = 0; i < painting.faces.size(); ++i) {
    const LabelledFace& face = painting.faces[i].label;
    EXPECT_EQ(face.state, wanted[i]);
    ASSERT_EQ(face.landmarks.size(), 5u);
    EXPECT_GT(face.box.width(), 20);
    for (const Point& p : face.landmarks) {
      EXPECT_TRUE(p.x > face.box.x1 && p.x < face.box.x2 && p.y > face.box.y1 && p.y < face.box.y2) << "face " << i;
    }
    EXPECT_LT(face.landmarks[0].x, face.landmarks[1].x);  // as seen in the picture
    EXPECT_LT(face.landmarks[0].y, face.landmarks[2].y);
    EXPECT_LT(face.landmarks[2].y, face.landmarks[3].y);
  }
}

TEST(Painter, FacesDoNotHideEachOther) {
  PainterOptions options = Small();
  options.width = 1280;
  options.height = 800;
  options.people = 24;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    options.seed = seed;
    const Painting painting = PaintGroup(options);
    for (size_t i = 0; i < painting.faces.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        EXPECT_LT(Iou(painting.faces[i].label.box, painting.faces[j].label.box), 0.02)
            << "seed " << seed << " faces " << i << " " << j;
      }
    }
  }
}

// The cover decides what stands at the mouth: cloth, skin or hand. Drawn without noise, mouths under a mask must differ
// from the bare mouth of the same person.
TEST(Painter, CoverChangesTheMouth) {
  PainterOptions bare = Small();
  bare.noise = 0;
  bare.people = 1;
  bare.covers = {FaceCover::kBare};
  PainterOptions masked = bare;
  masked.covers = {FaceCover::kMask};
  const Painting a = PaintGroup(bare), b = PaintGroup(masked);
  const Point mouth = a.faces[0].label.landmarks[3], eye = a.faces[0].label.landmarks[0];
  const auto at = [](const Image& image, Point p) {
    return image.row(static_cast<int>(p.y)) + 3 * static_cast<int>(p.x);
  };
  EXPECT_GT(Difference(at(a.image, mouth), at(b.image, mouth)), 30);
  EXPECT_EQ(Difference(at(a.image, eye), at(b.image, eye)), 0);
}

TEST(Painter, OptionsAreChecked) {
  PainterOptions options;
  options.width = 0;
  options.people = -1;
  try {
    PaintGroup(options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("width"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("people"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskscope
