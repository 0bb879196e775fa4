#include <gtest/gtest.h>

#include "data/formats/collection.h"
#include "data/test_folder.h"

namespace maskscope {
namespace {

class YoloTest : public testing::Test {
 protected:
  void SetUp() override { folder_.WritePicture("images/p.png", 200, 100); }
  std::vector<LabelledImage> Read(const std::string& labels) {
    folder_.Write("labels/p.txt", labels);
    return ReadYolo(folder_ / "labels", folder_ / "images", {"mask", "no-mask"});
  }
  void ExpectBad(std::initializer_list<std::string> parts, const std::string& labels) {
    ExpectError(ErrorKind::kBadData, parts, [&] { Read(labels); });
  }
  TestFolder folder_;
};

TEST_F(YoloTest, ReadsFaces) {
  const auto images = Read("0 0.5 0.5 0.1 0.2\r\n\n1 0.05 0.9 0.2 0.4\n");
  ASSERT_EQ(images.size(), 1u);
  EXPECT_EQ(images[0].width, 200);
  EXPECT_EQ(images[0].height, 100);
  EXPECT_EQ(images[0].name, "images/p.png");
  ASSERT_EQ(images[0].faces.size(), 2u);
  EXPECT_EQ(images[0].faces[0].state, MaskState::kCorrect);
  EXPECT_FLOAT_EQ(images[0].faces[0].box.x1, 90);
  EXPECT_FLOAT_EQ(images[0].faces[0].box.y1, 40);
  EXPECT_FLOAT_EQ(images[0].faces[0].box.x2, 110);
  EXPECT_FLOAT_EQ(images[0].faces[0].box.y2, 60);
  EXPECT_EQ(images[0].faces[1].state, MaskState::kNone);
  EXPECT_FLOAT_EQ(images[0].faces[1].box.x1, 0);  // reaches over the frame
  EXPECT_FLOAT_EQ(images[0].faces[1].box.y2, 100);
}

TEST_F(YoloTest, PicturesWithoutLabelsHaveNoFaces) {
  folder_.WritePicture("images/empty.png", 8, 8);
  const auto images = Read("0 0.5 0.5 0.1 0.2\n");
  ASSERT_EQ(images.size(), 2u);
  EXPECT_TRUE(images[0].faces.empty());
  EXPECT_EQ(images[1].faces.size(), 1u);
}

TEST_F(YoloTest, RefusesBadLinesByNumber) {
  ExpectBad({"p.txt", "line 2", "found 4 fields"}, "0 0.5 0.5 0.1 0.2\n0 0.5 0.5 0.1\n");
  ExpectBad({"line 1", "found class 2", "0 to 1"}, "2 0.5 0.5 0.1 0.2\n");
  ExpectBad({"line 1", "class -1"}, "-1 0.5 0.5 0.1 0.2\n");
  ExpectBad({"line 1", "centre x 1.5"}, "0 1.5 0.5 0.1 0.2\n");
  ExpectBad({"line 1", "width -0.1"}, "0 0.5 0.5 -0.1 0.2\n");
  ExpectBad({"line 1", "height 0"}, "0 0.5 0.5 0.1 0\n");
  ExpectBad({"line 1, centre y", "'nan'"}, "0 0.5 nan 0.1 0.2\n");
}

TEST_F(YoloTest, RefusesLabelsWithoutPicture) {
  folder_.Write("labels/q.txt", "");
  ExpectBad({"q.txt", "no picture"}, "0 0.5 0.5 0.1 0.2\n");
}

TEST_F(YoloTest, RefusesTwoPicturesOfOneStem) {
  folder_.WritePicture("images/p.jpg", 8, 8);
  ExpectBad({"p.png", "p.jpg", "shares"}, "");
}

TEST_F(YoloTest, RefusesPicturesThatAreNone) {
  folder_.Write("images/r.jpg", "not a picture");
  ExpectError(ErrorKind::kBadImage, {"r.jpg"}, [&] { Read(""); });
}

}  // namespace
}  // namespace maskscope
