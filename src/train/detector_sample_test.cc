#include "train/detector_sample.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace maskscope {
namespace {

LabelledImage OneFace(const Box& box) {
  LabelledImage labels;
  LabelledFace face;
  face.box = box;
  labels.faces.push_back(face);
  return labels;
}

// Nothing but the placement is left to chance.
DetectorSampleOptions Plain() {
  DetectorSampleOptions options;
  options.size = 128;
  options.longest_side = 128;
  options.least_scale = options.greatest_scale = 1;
  options.aspect = 0;
  options.flip = options.colour = options.grey = options.blur = options.jpeg = options.noise = 0;
  return options;
}

TEST(DetectorSample, AWholePictureAtItsOwnSizeStaysWhatItIs) {
  Image image(128, 128);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i * 7);
  Random random(1);
  const DetectorSample sample = DrawDetectorSample(image, OneFace({10, 20, 40, 60}), Plain(), random);
  EXPECT_EQ(sample.image.pixels, image.pixels);
  ASSERT_EQ(sample.faces.size(), 1u);
  EXPECT_EQ(sample.faces[0].box, (Box{10, 20, 40, 60}));
}

TEST(DetectorSample, TheBoxStaysOnTheFace) {
  // A white face on black, anywhere, at any scale: the box must fit what is white.
  Image image(300, 200);
  for (int y = 80; y < 120; ++y) {
    for (int x = 200; x < 240; ++x) std::fill_n(image.row(y) + 3 * x, 3, uint8_t{255});
  }
  DetectorSampleOptions options = Plain();
  options.least_scale = 0.7f;
  options.greatest_scale = 2.5f;
  options.flip = 0.5;
  options.aim_at_face = 1;
  Random random(5);
  for (int round = 0; round < 40; ++round) {
    const DetectorSample sample = DrawDetectorSample(image, OneFace({200, 80, 240, 120}), options, random);
    ASSERT_EQ(sample.faces.size(), 1u);
    const Box& box = sample.faces[0].box;
    const auto value = [&](float x, float y) {
      const int column = std::clamp(static_cast<int>(x), 0, 127), row = std::clamp(static_cast<int>(y), 0, 127);
      return static_cast<int>(sample.image.row(row)[3 * column]);
    };
    const float cx = (box.x1 + box.x2) / 2, cy = (box.y1 + box.y2) / 2;
    EXPECT_EQ(value(cx, cy), 255);
    EXPECT_GT(value(box.x1 + 2, cy), 200) << "round " << round;
    EXPECT_GT(value(cx, box.y2 - 3), 200) << "round " << round;
    // Padding may be bright, so look just outside only where the picture goes on.
    if (box.x1 > 6 && box.x1 < 122) {
      EXPECT_LT(value(box.x1 - 3, cy), 60) << "round " << round;
    }
  }
}

TEST(PlaceLabels, SortsFacesByWhatCanBeSeen) {
  LabelledImage labels = OneFace({10, 10, 50, 50});                // inside
  labels.faces.push_back(OneFace({-30, 60, 10, 100}).faces[0]);    // a quarter inside
  labels.faces.push_back(OneFace({60, 60, 64, 65}).faces[0]);      // too small to learn
  labels.faces.push_back(OneFace({200, 200, 240, 240}).faces[0]);  // outside
  labels.faces.push_back(OneFace({70, 10, 100, 40}).faces[0]);
  labels.faces.back().ignore = true;
  DetectorSample sample;
  PlaceLabels(labels, {0, 0, 128, 128}, {0, 0, 128, 128}, Plain(), sample);
  ASSERT_EQ(sample.faces.size(), 1u);
  EXPECT_EQ(sample.faces[0].box, (Box{10, 10, 50, 50}));
  ASSERT_EQ(sample.ignored.size(), 3u);
  EXPECT_EQ(sample.ignored[0], (Box{0, 60, 10, 100}));
}

TEST(PlaceLabels, AFaceWithoutItsLowerPartHasNoState) {
  LabelledImage labels = OneFace({10, 10, 50, 60});              // whole
  labels.faces.push_back(OneFace({60, 90, 100, 150}).faces[0]);  // cut off below the nose
  labels.faces.push_back(OneFace({60, -20, 100, 40}).faces[0]);  // cut off above
  for (LabelledFace& face : labels.faces) face.state = MaskState::kNone;
  DetectorSample sample;
  PlaceLabels(labels, {0, 0, 128, 128}, {0, 0, 128, 128}, Plain(), sample);
  ASSERT_EQ(sample.faces.size(), 3u);
  EXPECT_EQ(sample.faces[0].state, MaskState::kNone);
  EXPECT_EQ(sample.faces[1].state, std::nullopt);
  EXPECT_EQ(sample.faces[2].state, MaskState::kNone);
}

TEST(PlaceLabels, ScalesBoxesAndLandmarks) {
  LabelledImage labels = OneFace({20, 30, 60, 70});
  labels.faces[0].landmarks = {{30, 40}, {50, 40}, {40, 50}, {32, 60}, {48, 60}};
  DetectorSample sample;
  PlaceLabels(labels, {10, 20, 74, 84}, {0, 0, 128, 128}, Plain(), sample);  // 64 pixels become 128
  ASSERT_EQ(sample.faces.size(), 1u);
  EXPECT_EQ(sample.faces[0].box, (Box{20, 20, 100, 100}));
  EXPECT_EQ(sample.faces[0].landmarks[0], (Point{40, 40}));
}

TEST(MirrorSample, SwapsLeftAndRight) {
  DetectorSample sample;
  sample.image = Image(100, 10);
  sample.image.row(0)[0] = 77;
  sample.faces.push_back({{10, 2, 30, 8}, {{12, 3}, {28, 3}, {20, 5}, {14, 7}, {26, 7}}});
  sample.ignored.push_back({0, 0, 5, 5});
  MirrorSample(sample);
  EXPECT_EQ(sample.image.row(0)[3 * 99], 77);
  EXPECT_EQ(sample.faces[0].box, (Box{70, 2, 90, 8}));
  EXPECT_EQ(sample.ignored[0], (Box{95, 0, 100, 5}));
  // The eye that is now on the left comes first again.
  EXPECT_EQ(sample.faces[0].landmarks[0], (Point{72, 3}));
  EXPECT_EQ(sample.faces[0].landmarks[1], (Point{88, 3}));
  EXPECT_EQ(sample.faces[0].landmarks[3], (Point{74, 7}));
}

TEST(DetectorSample, IsAFunctionOfTheSeed) {
  Image image(200, 160);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i * 31 >> 3);
  DetectorSampleOptions options;
  options.size = 96;
  options.longest_side = 160;
  options.jpeg = options.noise = options.blur = options.colour = 1;
  const LabelledImage labels = OneFace({50, 50, 90, 90});
  Random first(9), second(9), other(10);
  const DetectorSample a = DrawDetectorSample(image, labels, options, first);
  EXPECT_EQ(a.image.pixels, DrawDetectorSample(image, labels, options, second).image.pixels);
  EXPECT_NE(a.image.pixels, DrawDetectorSample(image, labels, options, other).image.pixels);
}

TEST(DetectorSampleOptions, NamesBadFields) {
  DetectorSampleOptions options;
  options.size = 100;
  options.flip = 2;
  try {
    options.Validate();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("size"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("probability"), std::string::npos);
  }
}

}  // namespace
}  // namespace maskscope
