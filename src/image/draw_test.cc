#include "image/draw.h"

#include <gtest/gtest.h>

#include <limits>

#include "image/test_pictures.h"

namespace maskscope {
namespace {

Color At(const Image& image, int x, int y) {
  const uint8_t* p = image.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}

int Count(const Image& image, Color color) {
  int count = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) count += At(image, x, y) == color;
  }
  return count;
}

constexpr Color kRed{255, 0, 0}, kBlack{0, 0, 0}, kWhite{255, 255, 255};

TEST(Draw, FilledRectangleCoversItsPixelsOnly) {
  Image image(20, 10);
  FillRectangle(image, {3, 2, 8, 6}, kRed);
  EXPECT_EQ(20, Count(image, kRed));
  EXPECT_EQ(kRed, At(image, 3, 2));
  EXPECT_EQ(kRed, At(image, 7, 5));
  EXPECT_EQ(kBlack, At(image, 8, 5));
}

TEST(Draw, FilledEllipseHasTheRightArea) {
  Image image(100, 60);
  FillEllipse(image, {10, 10, 90, 50}, kWhite);
  double area = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) area += image.pixels[i] / 255.0;
  EXPECT_NEAR(3.14159265 * 40 * 20, area, 60);
  EXPECT_EQ(kWhite, At(image, 50, 30));
  EXPECT_EQ(kBlack, At(image, 12, 12));
}

TEST(Draw, LineStylesCoverDifferentShares) {
  const auto coloured = [](LineStyle style) {
    Image image(200, 200, 128);
    DrawBox(image, {20, 20, 180, 180}, kRed, 4, style);
    return Count(image, kRed);
  };
  const int solid = coloured(LineStyle::kSolid), dashed = coloured(LineStyle::kDashed),
            dotted = coloured(LineStyle::kDotted);
  EXPECT_NEAR(4 * 160 * 4, solid, 40);
  EXPECT_NEAR(0.625 * solid, dashed, 0.1 * solid);
  EXPECT_NEAR(0.5 * solid, dotted, 0.1 * solid);
}

TEST(Draw, BoxesShowOnTheirOwnColour) {
  Image image(60, 60);
  FillRectangle(image, {0, 0, 60, 60}, kRed);
  DrawBox(image, {10, 10, 50, 50}, kRed, 3);
  EXPECT_GT(Count(image, ContrastingColor(kRed)), 100);
}

TEST(Draw, ContrastIsTheGreaterOfBlackAndWhite) {
  EXPECT_EQ(kBlack, ContrastingColor(kWhite));
  EXPECT_EQ(kWhite, ContrastingColor(kBlack));
  EXPECT_EQ(kBlack, ContrastingColor({240, 228, 66}));
  EXPECT_EQ(kWhite, ContrastingColor({0, 0, 160}));
}

bool Inside(const Box& box, const Image& image) {
  return box.x1 >= 0 && box.y1 >= 0 && box.x2 <= float(image.width) && box.y2 <= float(image.height);
}

TEST(Draw, LabelsStayInsideAndDoNotCoverTheFace) {
  for (const Box& face : {Box{100, 80, 160, 140}, Box{0, 0, 40, 40}, Box{260, 160, 300, 200}, Box{100, 0, 140, 200}}) {
    Image image(300, 200);
    const Box place = DrawLabel(image, face, "correct 98%", kRed, 10);
    EXPECT_TRUE(Inside(place, image)) << face.x1;
    EXPECT_LT(Iou(place, face), 0.01f) << face.x1;
    EXPECT_GT(Count(image, kRed), 300);
    EXPECT_GT(Count(image, ContrastingColor(kRed)), 20) << "letters";
  }
}

TEST(Draw, LabelsAvoidEachOther) {
  Image image(400, 300);
  std::vector<Box> taken;
  for (int i = 0; i < 3; ++i) taken.push_back(DrawLabel(image, {150, 120, 210, 180}, "none 97%", kRed, 10, taken));
  EXPECT_EQ(0, Iou(taken[0], taken[1]));
  EXPECT_EQ(0, Iou(taken[0], taken[2]));
  EXPECT_EQ(0, Iou(taken[1], taken[2]));
}

TEST(Draw, BlurKeepsOnlyAFewColours) {
  Image image = test::NoisyImage(100, 100, 5);
  PixelateRegion(image, {0, 0, 100, 100}, 4);
  std::vector<int> changes;
  for (int x = 1; x < 100; ++x) {
    if (!(At(image, x, 50) == At(image, x - 1, 50))) changes.push_back(x);
  }
  EXPECT_EQ((std::vector<int>{25, 50, 75}), changes);
}

TEST(Draw, AnythingOutsideOrOddIsHarmless) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const auto& [width, height] : {std::pair(0, 0), std::pair(1, 1), std::pair(40, 3)}) {
    for (const Box& box :
         {Box{nan, nan, nan, nan}, Box{-infinity, -infinity, infinity, infinity}, Box{1e30f, 0, 2e30f, 5},
          Box{5, 5, 1, 1}, Box{-50, -50, -10, -10}, Box{0.2f, 0.2f, 0.3f, 0.3f}}) {
      Image image(width, height, 9);
      FillRectangle(image, box, kRed);
      FillEllipse(image, box, kRed);
      DrawDot(image, {box.x1, box.y1}, 3, kRed);
      for (const LineStyle style : {LineStyle::kSolid, LineStyle::kDashed, LineStyle::kDotted}) {
        DrawBox(image, box, kRed, 3, style);
      }
      DrawLabel(image, box, "a label far longer than the picture is wide \xc3\xa9\n", kRed, 12);
      DrawText(image, {box.x1, box.y1}, "text", kRed, 8);
      BlurRegion(image, box);
      PixelateRegion(image, box);
      EXPECT_EQ(size_t(width) * height * 3, image.pixels.size());
    }
  }
}

}  // namespace
}  // namespace maskscope
