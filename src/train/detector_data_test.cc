#include "train/detector_data.h"

#include <gtest/gtest.h>

#include "train/detector_validation.h"

namespace maskscope {
namespace {

Detection Found(const Box& box, float score) {
  Detection detection;
  detection.box = box;
  detection.score = score;
  detection.landmarks = {{1, 1}, {2, 1}, {1.5f, 2}, {1, 3}, {2, 3}};
  return detection;
}

LabelledImage Picture(const std::vector<Box>& boxes) {
  LabelledImage picture;
  picture.set = "a";
  for (const Box& box : boxes) {
    LabelledFace face;
    face.box = box;
    picture.faces.push_back(face);
  }
  return picture;
}

TEST(CompleteLabels, IgnoresFacesThatNobodyLabelled) {
  LabelledImage picture = Picture({{0, 0, 20, 20}});
  const std::vector<Detection> found{Found({50, 50, 70, 70}, 0.8f), Found({90, 90, 99, 99}, 0.6f),
                                     Found({10, 0, 30, 20}, 0.9f)};  // the last one overlaps the label by a third
  CompleteLabels(found, TeacherOptions{}, picture);
  ASSERT_EQ(picture.faces.size(), 2u);
  EXPECT_TRUE(picture.faces[1].ignore);
  EXPECT_EQ(picture.faces[1].box, (Box{50, 50, 70, 70}));
  EXPECT_FALSE(picture.faces[0].ignore);
}

TEST(CompleteLabels, TakesLandmarksOfSureFindsOnly) {
  LabelledImage picture = Picture({{0, 0, 20, 20}, {40, 0, 60, 20}});
  CompleteLabels({Found({1, 0, 20, 20}, 0.95f), Found({41, 0, 60, 20}, 0.85f)}, TeacherOptions{}, picture);
  EXPECT_EQ(picture.faces[0].landmarks.size(), 5u);
  EXPECT_TRUE(picture.faces[1].landmarks.empty());
  EXPECT_EQ(picture.faces.size(), 2u);
}

TEST(CompleteLabels, KeepsLandmarksThatWereLabelled) {
  LabelledImage picture = Picture({{0, 0, 20, 20}});
  picture.faces[0].landmarks = std::vector<Point>(5, Point{7, 7});
  CompleteLabels({Found({0, 0, 20, 20}, 0.99f)}, TeacherOptions{}, picture);
  EXPECT_EQ(picture.faces[0].landmarks[0], (Point{7, 7}));
}

TEST(ScoreDetections, CountsSmallFacesOnlyWhereAskedTo) {
  // A face of 20 px that is found and one of 10 px that is not.
  const std::vector<LabelledImage> pictures{Picture({{0, 0, 20, 20}, {50, 50, 60, 60}})};
  const std::vector<std::vector<Detection>> detections{{Found({0, 0, 20, 20}, 0.9f)}};
  const NamedNumbers numbers = ScoreDetections(pictures, detections, 16);
  EXPECT_DOUBLE_EQ(FindNumber(numbers, "ap50"), 1.0);
  EXPECT_DOUBLE_EQ(FindNumber(numbers, "ap50_a"), 1.0);
  EXPECT_DOUBLE_EQ(FindNumber(numbers, "ap50_all"), 0.5);
}

TEST(ScoreDetections, NeitherRewardsNorPunishesIgnoredFaces) {
  LabelledImage picture = Picture({{0, 0, 20, 20}, {50, 50, 90, 90}});
  picture.faces[1].ignore = true;
  const std::vector<std::vector<Detection>> detections{{Found({50, 50, 90, 90}, 0.99f), Found({0, 0, 20, 20}, 0.5f)}};
  EXPECT_DOUBLE_EQ(FindNumber(ScoreDetections({picture}, detections), "ap50"), 1.0);
}

}  // namespace
}  // namespace maskscope
