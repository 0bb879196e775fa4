#include "cli/boxes_file.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace maskscope {
namespace {

std::string FailureOf(std::string_view text) {
  try {
    ParseBoxes(text, "boxes.csv");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

TEST(BoxesFile, GroupsByPictureInOrderOfAppearance) {
  const auto pictures = ParseBoxes("b.jpg,1,2,3,4\na.jpg,0,0,1.5,1\nb.jpg,5,6,7,8\n", "boxes.csv");
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[0].path, "b.jpg");
  EXPECT_EQ(pictures[0].boxes, (std::vector<Box>{{1, 2, 3, 4}, {5, 6, 7, 8}}));
  EXPECT_EQ(pictures[1].boxes, (std::vector<Box>{{0, 0, 1.5f, 1}}));
}

TEST(BoxesFile, AFirstLineMayNameColumnsInAnyOrder) {
  const auto pictures = ParseBoxes("x2,note,image,y2,x1,y1\r\n3,\"a, b\",p.jpg,4,1,2\r\n", "boxes.csv");
  ASSERT_EQ(pictures.size(), 1u);
  EXPECT_EQ(pictures[0].path, "p.jpg");
  EXPECT_EQ(pictures[0].boxes, (std::vector<Box>{{1, 2, 3, 4}}));
}

TEST(BoxesFile, RowsOfPicturesWithoutFacesAreLeftOut) {
  EXPECT_TRUE(ParseBoxes("source,x1,y1,x2,y2\np.jpg,,,,\n", "boxes.csv").empty());
}

TEST(BoxesFile, EveryBadRowIsNamed) {
  const std::string message =
      FailureOf("p.jpg,1,2,3,4\np.jpg,1,2,x,4\np.jpg,3,2,1,4\np.jpg,1,nan,3,4\np.jpg,1,2,inf,4\n");
  EXPECT_NE(message.find("4 bad rows"), std::string::npos) << message;
  EXPECT_EQ(message.find("line 1"), std::string::npos) << message;
  for (const char* line : {"line 2: x2: found 'x'", "line 3", "line 4", "line 5"}) {
    EXPECT_NE(message.find(line), std::string::npos) << line << " is missing in " << message;
  }
}

TEST(BoxesFile, TablesOfAnotherShapeAreRefused) {
  EXPECT_NE(FailureOf("p.jpg,1,2,3\n").find("wanted path,x1,y1,x2,y2"), std::string::npos);
  FailureOf("p.jpg,1,2,3,4\np.jpg,1,2\n");
  FailureOf("");
}

}  // namespace
}  // namespace maskscope
