#include "analyze/preprocess.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "image/test_pictures.h"

namespace maskscope {
namespace {

using test::NoisyImage;

Preprocessing RandomRule(Random& random) {
  Preprocessing rule;
  rule.channels = random.Chance(0.5) ? ChannelOrder::kRgb : ChannelOrder::kBgr;
  for (int c = 0; c < 3; ++c) {
    rule.mean[static_cast<size_t>(c)] = static_cast<float>(random.Int(0, 255));
    rule.std[static_cast<size_t>(c)] = static_cast<float>(random.Uniform(0.5, 255));
  }
  rule.pad_value = static_cast<float>(random.Int(0, 255));
  return rule;
}

// (pixel - mean) / std as the record defines it, one value at a time.
float PlainValue(const Preprocessing& rule, const Image& image, int channel, int y, int x) {
  const auto c = static_cast<size_t>(channel);
  const bool inside = y < image.height && x < image.width;
  const int source = rule.channels == ChannelOrder::kRgb ? channel : 2 - channel;
  const float value = inside ? static_cast<float>(image.row(y)[3 * x + source]) : rule.pad_value;
  return (value - rule.mean[c]) / rule.std[c];
}

void ExpectPlanes(const Preprocessing& rule, const Image& content, InputSize input, const std::vector<float>& planes) {
  size_t at = 0;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < input.height; ++y) {
      for (int x = 0; x < input.width; ++x, ++at) {
        const float expected = PlainValue(rule, content, c, y, x);
        ASSERT_NEAR(expected, planes[at], 1e-5f * std::max(1.0f, std::abs(expected)))
            << "channel " << c << ", row " << y << ", column " << x << " of " << input.width << " x " << input.height;
      }
    }
  }
}

TEST(Preprocess, PlanesAgreeWithThePlainDefinitionOnRandomShapes) {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const Image image = NoisyImage(random.Int(1, 70), random.Int(1, 20), random.Next());
    const Preprocessing rule = RandomRule(random);
    std::vector<float> planes(image.pixels.size());
    NormalizeToPlanes(rule, image, planes.data());
    ExpectPlanes(rule, image, {image.width, image.height}, planes);
  }
}

TEST(Preprocess, DetectorInputAgreesWithThePlainDefinition) {
  Random random(2);
  for (int round = 0; round < 90; ++round) {
    Preprocessing rule = RandomRule(random);
    rule.resize = static_cast<ResizeRule>(round % 3);
    rule.width = random.Int(1, 50);
    rule.height = random.Int(1, 50);
    rule.longest_side = random.Int(8, 60);
    rule.size_multiple = random.Int(1, 32);
    rule.enlarge = random.Chance(0.5);
    const Image image = NoisyImage(random.Int(1, 80), random.Int(1, 80), random.Next());
    const InputSize input = DetectorInputSize(rule, image.width, image.height);
    std::vector<float> planes(size_t(3) * input.width * input.height);
    const Placement placement = FillDetectorInput(rule, image, planes.data());
    // Where the picture lies is what the placement says; the rest is padding.
    const int width = static_cast<int>(std::lround(image.width * placement.scale_x));
    const int height = static_cast<int>(std::lround(image.height * placement.scale_y));
    ASSERT_LE(width, input.width);
    ASSERT_LE(height, input.height);
    if (rule.resize == ResizeRule::kStretch) {
      EXPECT_EQ(rule.width, width);
      EXPECT_EQ(rule.height, height);
    } else if (rule.resize == ResizeRule::kLetterbox) {
      EXPECT_TRUE(width == rule.width || height == rule.height);
    } else {
      EXPECT_EQ(0, input.width % rule.size_multiple);
      EXPECT_EQ(0, input.height % rule.size_multiple);
      const int longest = std::max(image.width, image.height);
      const bool scaled = longest > rule.longest_side || rule.enlarge;
      EXPECT_EQ(scaled ? rule.longest_side : longest, std::max(width, height));
    }
    ExpectPlanes(rule, Resize(image, width, height), input, planes);
  }
}

TEST(Preprocess, InputSizesByHand) {
  Preprocessing rule;
  rule.resize = ResizeRule::kFitLongest;
  rule.longest_side = 640;
  rule.size_multiple = 32;
  const auto size = [&](int width, int height) {
    const InputSize input = DetectorInputSize(rule, width, height);
    return std::pair(input.width, input.height);
  };
  EXPECT_EQ(std::pair(640, 480), size(1280, 960));
  EXPECT_EQ(std::pair(640, 448), size(400, 267));  // 427.2 -> 427 -> 448
  EXPECT_EQ(std::pair(32, 640), size(1, 4000));
  rule.enlarge = false;
  EXPECT_EQ(std::pair(416, 288), size(400, 267));
  EXPECT_EQ(std::pair(32, 32), size(1, 1));
  EXPECT_THROW(size(0, 4), Error);
}

TEST(Preprocess, AFolderOfPicturesMeetsFewInputShapes) {
  Preprocessing rule;
  rule.resize = ResizeRule::kFitLongest;
  rule.longest_side = 640;
  Random random(3);
  std::set<std::pair<int, int>> shapes;
  for (int i = 0; i < 5000; ++i) {
    const InputSize input = DetectorInputSize(rule, random.Int(1, 6000), random.Int(1, 6000));
    shapes.emplace(input.width, input.height);
  }
  EXPECT_LE(shapes.size(), 39u);
}

TEST(Preprocess, LeastUsefulSide) {
  Preprocessing rule;
  rule.resize = ResizeRule::kFitLongest;
  rule.longest_side = 640;
  EXPECT_EQ(640, LeastUsefulLongestSide(rule, 4000, 3000));
  EXPECT_EQ(500, LeastUsefulLongestSide(rule, 500, 300));
  rule.resize = ResizeRule::kStretch;
  rule.width = rule.height = 260;
  EXPECT_EQ(520, LeastUsefulLongestSide(rule, 2000, 1000));  // the shorter side must keep 260
}

TEST(Preprocess, ClassifierRegions) {
  EXPECT_EQ((Box{10, 20, 30, 60}), ClassifierRegion({0, false}, {10, 20, 30, 60}));
  EXPECT_EQ((Box{0, 20, 40, 60}), ClassifierRegion({0, true}, {10, 20, 30, 60}));
  EXPECT_EQ((Box{-10, 10, 50, 70}), ClassifierRegion({0.25f, true}, {10, 20, 30, 60}));
  EXPECT_EQ((Box{5, 10, 35, 70}), ClassifierRegion({0.25f, false}, {10, 20, 30, 60}));
}

TEST(Preprocess, ClassifierInputIsTheCropNormalised) {
  Random random(5);
  for (int round = 0; round < 20; ++round) {
    Preprocessing rule = RandomRule(random);
    rule.width = 24;
    rule.height = 16;
    const Image image = NoisyImage(40, 30, random.Next());
    const Box region{static_cast<float>(random.Uniform(-10, 20)), static_cast<float>(random.Uniform(-10, 20)),
                     static_cast<float>(random.Uniform(21, 60)), static_cast<float>(random.Uniform(21, 60))};
    std::vector<float> planes(3 * 24 * 16);
    FillClassifierInput(rule, image, region, ClassifierInputSize(rule, region), planes.data());
    const Image crop = CropResize(image, region, 24, 16, static_cast<uint8_t>(rule.pad_value));
    ExpectPlanes(rule, crop, {24, 16}, planes);
  }
}

TEST(Preprocess, ARegionIsFedAtTheSmallestSideThatHoldsItsPixels) {
  Preprocessing rule;
  rule.width = rule.height = 128;
  const auto side = [&](float width, float height) {
    const InputSize size = ClassifierInputSize(rule, {10, 20, 10 + width, 20 + height});
    EXPECT_EQ(size.width, size.height);
    return size.width;
  };
  EXPECT_EQ(128, side(5, 5));
  rule.sides = {64, 96, 128};
  EXPECT_EQ(64, side(5, 5));
  EXPECT_EQ(64, side(64, 3));
  EXPECT_EQ(96, side(3, 65));
  EXPECT_EQ(128, side(97, 97));
  EXPECT_EQ(128, side(1000, 10));
}

}  // namespace
}  // namespace maskscope
