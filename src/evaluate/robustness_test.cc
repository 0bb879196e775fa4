#include "evaluate/robustness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/test_folder.h"
#include "evaluate/scene_testing.h"
#include "image/draw.h"
#include "image/quality.h"

namespace maskscope {
namespace {

double Mean(const Image& image) {
  return std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) / static_cast<double>(image.pixels.size());
}

Image Checks() {
  Image image(640, 48, 40);  // strengths are stated for 640 pixels
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 640; ++x) {
      if ((x / 4 + y / 4) % 2 == 0) std::fill_n(image.row(y) + 3 * x, 3, uint8_t{200});
    }
  }
  return image;
}

TEST(CorruptTest, StrengthZeroIsThePictureAndEveryKindGetsWorse) {
  const Image image = Checks();
  for (int k = 0; k < kCorruptions; ++k) {
    const Corruption kind = static_cast<Corruption>(k);
    EXPECT_EQ(Corrupt(image, kind, 0, 1).pixels, image.pixels);
    double last = 0;
    for (const int strength : {1, 5}) {
      const Image worse = Corrupt(image, kind, strength, 1);
      ASSERT_EQ(worse.pixels.size(), image.pixels.size()) << CorruptionName(kind);
      double difference = 0;
      for (size_t i = 0; i < image.pixels.size(); ++i) {
        difference += std::abs(double{static_cast<double>(worse.pixels[i])} - image.pixels[i]);
      }
      EXPECT_GT(difference, last) << CorruptionName(kind) << " " << strength;
      last = difference;
    }
    EXPECT_EQ(ParseCorruption(CorruptionName(kind)), kind);
    EXPECT_FALSE(DescribeStrength(kind, 3).empty());
  }
  EXPECT_FALSE(ParseCorruption("fog").has_value());
}

TEST(CorruptTest, DoesWhatItSays) {
  const Image image = Checks();
  EXPECT_NEAR(Mean(Corrupt(image, Corruption::kBlur, 3, 1)), Mean(image), 1.5);
  EXPECT_LT(LaplacianVariance(Corrupt(image, Corruption::kLowResolution, 5, 1)), LaplacianVariance(image) / 4);
  EXPECT_LT(Mean(Corrupt(image, Corruption::kDarkness, 4, 1)), Mean(image) / 2);
  EXPECT_GT(Mean(Corrupt(image, Corruption::kHaze, 4, 1)), Mean(image));
  EXPECT_EQ(Corrupt(image, Corruption::kNoise, 2, 7).pixels, Corrupt(image, Corruption::kNoise, 2, 7).pixels);
  EXPECT_NE(Corrupt(image, Corruption::kNoise, 2, 7).pixels, Corrupt(image, Corruption::kNoise, 2, 8).pixels);
  EXPECT_EQ(Corrupt(image, Corruption::kRain, 2, 7).pixels, Corrupt(image, Corruption::kRain, 2, 7).pixels);
  EXPECT_NE(Corrupt(image, Corruption::kRain, 2, 7).pixels, Corrupt(image, Corruption::kRain, 2, 8).pixels);
  // 0.3 of the light: a grey of 200 becomes 255 * (0.3 (200 / 255)^2.2)^(1 / 2.2).
  EXPECT_NEAR(Corrupt(Image(8, 8, 200), Corruption::kDarkness, 2, 1).pixels[0], 200 * std::pow(0.3, 1 / 2.2), 1);
}

// Streaks are brighter than a dark picture behind its veil, taller than wide, and as many on a picture twice as large.
TEST(CorruptTest, RainIsMadeOfStreaks) {
  constexpr int kBright = 60;
  const auto share_of_bright = [](const Image& image, int right, int down) {
    int64_t bright = 0, followed = 0;
    for (int y = 0; y + down < image.height; ++y) {
      for (int x = 0; x + right < image.width; ++x) {
        if (image.row(y)[3 * x] < kBright) continue;
        ++bright;
        followed += image.row(y + down)[3 * (x + right)] >= kBright;
      }
    }
    return std::pair(static_cast<double>(bright) / (image.width * image.height),
                     static_cast<double>(followed) / static_cast<double>(std::max<int64_t>(bright, 1)));
  };
  const Image wet = Corrupt(Image(640, 640, 0), Corruption::kRain, 3, 1);
  const auto [share, down] = share_of_bright(wet, 0, 3);
  EXPECT_GT(share, 0.01);
  EXPECT_LT(share, 0.3);
  EXPECT_GT(down, 2 * share_of_bright(wet, 3, 0).second) << "streaks fall";
  const double large = share_of_bright(Corrupt(Image(1280, 1280, 0), Corruption::kRain, 3, 1), 0, 3).first;
  EXPECT_NEAR(large / share, 1, 0.25);
}

TEST(CorruptTest, ARotationMovesTheBoxWithTheFace) {
  Image image(200, 160, 0);
  const Box face{130, 30, 150, 50};
  FillEllipse(image, face, {255, 255, 255});
  for (int strength = 1; strength <= kStrengths; ++strength) {
    const Image turned = Corrupt(image, Corruption::kRotation, strength, 1);
    const Box box = CorruptedBox(face, 200, 160, Corruption::kRotation, strength);
    EXPECT_NEAR(box.width(), 20, 0.01) << "a circle stays one";
    double bright = 0, x = 0, y = 0;
    for (int row = 0; row < 160; ++row) {
      for (int column = 0; column < 200; ++column) {
        if (turned.row(row)[3 * column] < 200) continue;
        ++bright;
        x += column + 0.5;
        y += row + 0.5;
      }
    }
    EXPECT_NEAR(x / bright, (box.x1 + box.x2) / 2, 0.5) << strength;
    EXPECT_NEAR(y / bright, (box.y1 + box.y2) / 2, 0.5) << strength;
  }
}

TEST(MeasureRobustnessTest, CurvesOverStrengths) {
  const TestFolder folder;
  folder.WritePicture("a.png", 100, 80);
  LabelledImage image;
  image.path = folder / "a.png";
  image.set = "s";
  image.group = "g";
  image.faces = {Truth(10, MaskState::kNone)};
  RobustnessOptions options;
  options.kinds = {Corruption::kDarkness};
  options.scores.resamples = 10;
  int steps = 0;
  options.step = [&] { return ++steps > 0; };
  // Sees the face while the picture is not too dark.
  const auto analyze = [](const Image& picture, const std::string&) {
    Result result;
    result.width = picture.width;
    result.height = picture.height;
    if (picture.pixels[0] > 60) result.faces = {Found(10, 0.9f, {0, 0, 1})};
    return result;
  };
  const auto curves = MeasureRobustness({image}, analyze, options);
  ASSERT_EQ(curves.size(), 1u);
  ASSERT_EQ(curves[0].points.size(), 6u);
  EXPECT_DOUBLE_EQ(curves[0].points[0].right.value, 1);
  EXPECT_DOUBLE_EQ(curves[0].points[1].right.value, 1);
  EXPECT_DOUBLE_EQ(curves[0].points[5].found.value, 0);
  EXPECT_EQ(static_cast<size_t>(steps), RobustnessSteps(1, options));
}

}  // namespace
}  // namespace maskscope
