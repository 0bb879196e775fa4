#include "train/hsv_jitter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

namespace maskscope {
namespace {

using Pixel = std::vector<uint8_t>;

Pixel Changed(const Pixel& colour, const HsvChange& change) {
  Image image(1, 1);
  image.pixels = colour;
  JitterHsv(change, image);
  return image.pixels;
}

TEST(JitterHsv, ChangesNothingWhereNothingIsAsked) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto byte = [&] { return static_cast<uint8_t>(random.Int(0, 255)); };
    const Pixel colour{byte(), byte(), byte()};
    EXPECT_EQ(Changed(colour, {}), colour);
  }
}

TEST(JitterHsv, TurnsHues) {
  EXPECT_EQ(Changed({255, 0, 0}, {.hue_turn = 1.0f / 3}), (Pixel{0, 255, 0}));
  EXPECT_EQ(Changed({255, 0, 0}, {.hue_turn = -1.0f / 3}), (Pixel{0, 0, 255}));
  EXPECT_EQ(Changed({200, 100, 100}, {.hue_turn = 0.5f}), (Pixel{100, 200, 200}));
  EXPECT_EQ(Changed({255, 0, 0}, {.hue_turn = 1.0f / 6}), (Pixel{255, 255, 0}));
}

TEST(JitterHsv, ScalesSaturationAndValue) {
  EXPECT_EQ(Changed({200, 100, 100}, {.saturation = 0}), (Pixel{200, 200, 200}));
  EXPECT_EQ(Changed({200, 100, 150}, {.saturation = 0.5f}), (Pixel{200, 150, 175}));
  EXPECT_EQ(Changed({200, 100, 50}, {.saturation = 10}), (Pixel{200, 67, 0}));  // clipped
  EXPECT_EQ(Changed({200, 100, 50}, {.value = 0.5f}), (Pixel{100, 50, 25}));
  EXPECT_EQ(Changed({200, 200, 200}, {.value = 2}), (Pixel{255, 255, 255}));
  EXPECT_EQ(Changed({0, 0, 0}, {.hue_turn = 0.3f, .saturation = 2, .value = 2}), (Pixel{0, 0, 0}));
}

TEST(DrawHsvChange, StaysWithinItsBounds) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const HsvChange change = DrawHsvChange({0.1f, 0.5f, 0.2f}, random);
    EXPECT_LE(std::abs(change.hue_turn), 0.1f);
    EXPECT_LE(std::abs(change.saturation - 1), 0.5f);
    EXPECT_LE(std::abs(change.value - 1), 0.2001f);
  }
}

}  // namespace
}  // namespace maskscope
