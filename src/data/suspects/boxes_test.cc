#include "data/suspects/boxes.h"

#include <gtest/gtest.h>

namespace maskscope {
namespace {

ManifestFace Label(const Box& box, bool ignore = false) {
  ManifestFace face;
  face.face.box = box;
  face.face.ignore = ignore;
  return face;
}

Detection Found(const Box& box, float score) {
  Detection detection;
  detection.box = box, detection.score = score;
  return detection;
}

TEST(Boxes, TellsMissedMisplacedAndEmpty) {
  const std::vector<ManifestFace> labels{Label({0, 0, 50, 50}), Label({100, 0, 150, 50}), Label({200, 0, 250, 50}),
                                         Label({300, 0, 350, 50}, true), Label({400, 0, 420, 20})};
  const std::vector<Detection> detections{Found({1, 1, 51, 51}, 0.99f),      // well on the first
                                          Found({125, 0, 175, 50}, 0.9f),    // IoU 1/3 with the second
                                          Found({0, 100, 50, 150}, 0.95f),   // nobody's
                                          Found({0, 200, 50, 250}, 0.6f),    // nobody's, but unsure
                                          Found({0, 300, 20, 320}, 0.99f),   // too small
                                          Found({302, 0, 352, 50}, 0.95f)};  // on an ignored face
  const std::vector<BoxSuspect> suspects = CompareBoxes(labels, detections, {});
  ASSERT_EQ(suspects.size(), 3u);
  EXPECT_EQ(suspects[0].kind, BoxSuspectKind::kMissed);
  EXPECT_EQ(suspects[0].box, (Box{0, 100, 50, 150}));
  EXPECT_EQ(suspects[1].kind, BoxSuspectKind::kMisplaced);
  EXPECT_EQ(suspects[1].face, 1u);
  EXPECT_EQ(suspects[1].found, (Box{125, 0, 175, 50}));
  EXPECT_NEAR(suspects[1].score, 0.9 * 2 / 3, 1e-5);
  EXPECT_EQ(suspects[2].kind, BoxSuspectKind::kEmpty);
  EXPECT_EQ(suspects[2].face, 2u);
  EXPECT_EQ(suspects[2].score, 1);
}

TEST(Boxes, ADetectionOfAnotherFaceIsNoDisplacement) {
  // Two faces close together; only the first is found. The second is neither misplaced nor, being overlapped, empty.
  const std::vector<ManifestFace> labels{Label({0, 0, 50, 50}), Label({30, 0, 80, 50})};
  const std::vector<BoxSuspect> suspects = CompareBoxes(labels, {Found({0, 0, 50, 50}, 0.99f)}, {});
  EXPECT_TRUE(suspects.empty());
}

}  // namespace
}  // namespace maskscope
