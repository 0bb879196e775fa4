#include "train/mosaic.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace maskscope {
namespace {

constexpr int kSize = 128;

// Black with a white face.
Image Picture(int width, int height, const Box& face) {
  Image image(width, height);
  for (int y = static_cast<int>(face.y1); y < static_cast<int>(face.y2); ++y) {
    std::fill_n(image.row(y) + 3 * static_cast<int>(face.x1), 3 * static_cast<int>(face.width()), uint8_t{255});
  }
  return image;
}

DetectorSampleOptions Plain() {
  DetectorSampleOptions options;
  options.size = options.longest_side = kSize;
  options.least_scale = 0.8f;
  options.greatest_scale = 2;
  options.aim_at_face = 1;
  options.flip = 0.5;
  options.colour = options.grey = options.blur = options.jpeg = options.noise = 0;
  return options;
}

TEST(DrawMosaic, FacesComeWithTheirPictures) {
  const std::array<Box, 4> boxes{Box{20, 30, 60, 70}, Box{100, 10, 160, 60}, Box{5, 5, 45, 55}, Box{60, 60, 110, 110}};
  std::array<Image, 4> sources;
  std::array<LabelledImage, 4> labels;
  std::array<const LabelledImage*, 4> pointers;
  for (size_t i = 0; i < 4; ++i) {
    sources[i] = Picture(200, 120 + static_cast<int>(i) * 10, boxes[i]);
    LabelledFace face;
    face.box = boxes[i];
    face.state = static_cast<MaskState>(i % 3);
    face.ignore = i == 3;
    labels[i].faces.push_back(face);
    pointers[i] = &labels[i];
  }
  Random random(4);
  size_t faces = 0, ignored = 0;
  std::ptrdiff_t states = 0;
  for (int round = 0; round < 30; ++round) {
    const DetectorSample sample = DrawMosaic(sources, pointers, Plain(), random);
    ASSERT_EQ(sample.image.width, kSize);
    ASSERT_EQ(sample.image.height, kSize);
    const auto value = [&](float x, float y) {
      const int column = std::clamp(static_cast<int>(x), 0, kSize - 1),
                row = std::clamp(static_cast<int>(y), 0, kSize - 1);
      return static_cast<int>(sample.image.row(row)[3 * column]);
    };
    for (const TrainingFace& face : sample.faces) {
      const Box& box = face.box;
      const float cx = (box.x1 + box.x2) / 2, cy = (box.y1 + box.y2) / 2;
      EXPECT_EQ(value(cx, cy), 255) << "round " << round;
      EXPECT_GT(value(box.x1 + 2, cy), 150) << "round " << round;
      EXPECT_GT(value(cx, box.y2 - 3), 150) << "round " << round;
    }
    for (const Box& box : sample.ignored) {
      if (box.width() > 8 && box.height() > 8) {
        EXPECT_EQ(value((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2), 255) << "round " << round;
      }
    }
    faces += sample.faces.size();
    states += std::count_if(sample.faces.begin(), sample.faces.end(),
                            [](const auto& face) { return face.state.has_value(); });
    ignored += sample.ignored.size();
  }
  EXPECT_GT(faces, 60u);  // three a round, some cut off
  EXPECT_GT(states, 40);  // those whose lower part is seen
  EXPECT_GT(ignored, 10u);
}

}  // namespace
}  // namespace maskscope
