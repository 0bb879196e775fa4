#include "train/yolo_targets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

namespace maskscope {
namespace {

// One anchor at stride 8, one at stride 16; the input is 64 x 64.
Decoding Heads() {
  Decoding decoding;
  decoding.kind = "yolov5_raw";
  decoding.strides = {8, 16};
  decoding.anchors = {{8, 8}, {32, 32}};
  return decoding;
}

YoloPictureTargets Match(const std::vector<TrainingFace>& faces, const std::vector<Box>& ignored = {}) {
  return MatchYolo(Heads(), 64, 64, faces, ignored, 4, {});
}

std::set<std::pair<int, int>> Cells(const YoloPictureTargets& targets, int level) {
  std::set<std::pair<int, int>> cells;
  for (const YoloMatch& match : targets.matches) {
    if (match.level == level) cells.emplace(match.column, match.line);
  }
  return cells;
}

using CellSet = std::set<std::pair<int, int>>;

TEST(MatchYolo, TakesTheCellOfTheCentreAndItsTwoNearestNeighbours) {
  // Centre (26, 21): column 3.25, line 2.625. 10 x 10 is within 4 of 8, and within 4 of 32 (3.2).
  const YoloPictureTargets targets = Match({{{21, 16, 31, 26}, {}}});
  EXPECT_EQ(Cells(targets, 0), (CellSet{{3, 2}, {2, 2}, {3, 3}}));
  EXPECT_EQ(Cells(targets, 1), (CellSet{{1, 1}, {2, 1}, {1, 0}}));  // 1.625, 1.3125
  for (const YoloMatch& match : targets.matches) {
    const int64_t row = match.level == 0 ? match.line * 8 + match.column : 64 + match.line * 4 + match.column;
    EXPECT_EQ(match.row, row);
    EXPECT_FALSE(targets.silent[static_cast<size_t>(row)]);
  }
  EXPECT_EQ(std::count(targets.silent.begin(), targets.silent.end(), true), 0);
}

TEST(MatchYolo, StaysOnTheMap) {
  const YoloPictureTargets targets = Match({{{0, 54, 6, 64}, {}}});  // centre (3, 59): column 0.375, line 7.375
  EXPECT_EQ(Cells(targets, 0), (CellSet{{0, 7}, {0, 6}}));
}

TEST(MatchYolo, LeavesOutAnchorsOfOtherSizes) {
  const YoloPictureTargets targets = Match({{{24, 24, 30, 30}, {}}});  // 6 x 6: 32 is over 5 times as large
  EXPECT_FALSE(Cells(targets, 0).empty());
  EXPECT_TRUE(Cells(targets, 1).empty());
}

TEST(MatchYolo, AFaceThatNoAnchorFitsIsNotBackground) {
  const YoloPictureTargets targets = Match({{{10, 10, 11.5f, 11.5f}, {}}});
  EXPECT_TRUE(targets.matches.empty());
  EXPECT_TRUE(targets.silent[1 * 8 + 1]);
  EXPECT_FALSE(targets.silent[5 * 8 + 5]);
}

TEST(MatchYolo, RegionsSilenceTheirPlaceButNoFaceInIt) {
  const Box region{16, 16, 40, 40};
  const YoloPictureTargets without = Match({}, {region});
  EXPECT_TRUE(without.silent[3 * 8 + 3]);
  EXPECT_FALSE(without.silent[7 * 8 + 7]);
  EXPECT_TRUE(without.silent[64 + 1 * 4 + 1]);
  const YoloPictureTargets with = Match({{{24, 24, 32, 32}, {}}}, {region});
  for (const YoloMatch& match : with.matches) EXPECT_FALSE(with.silent[static_cast<size_t>(match.row)]);
  EXPECT_TRUE(with.silent[2 * 8 + 2]);
}

TEST(MatchYolo, RegionsSilenceExactlyTheRowsThatLieOnThem) {
  const MatchOptions options;
  for (const Box& region : {Box{3, 5, 9, 30}, Box{-4, 40, 70, 70}, Box{31, 31, 33, 33}}) {
    const YoloPictureTargets targets = Match({}, {region});
    size_t row = 0;
    for (const auto& [stride, side] : {std::pair{8, 8.0f}, std::pair{16, 32.0f}}) {
      for (int line = 0; line < 64 / stride; ++line) {
        for (int column = 0; column < 64 / stride; ++column, ++row) {
          const float x = (static_cast<float>(column) + 0.5f) * static_cast<float>(stride);
          const float y = (static_cast<float>(line) + 0.5f) * static_cast<float>(stride);
          const Box box{x - side / 2, y - side / 2, x + side / 2, y + side / 2};
          EXPECT_EQ(targets.silent[row], LiesOnIgnored(box, region, options)) << "row " << row;
        }
      }
    }
  }
}

TEST(SideRatio, IsTheGreatestOfAllFour) {
  EXPECT_FLOAT_EQ(SideRatio(10, 10, 10, 10), 1);
  EXPECT_FLOAT_EQ(SideRatio(10, 40, 10, 10), 4);
  EXPECT_FLOAT_EQ(SideRatio(5, 10, 10, 10), 2);
}

TEST(YoloLevelRows, CountsCellsTimesAnchors) {
  EXPECT_EQ(YoloLevelRows(Heads(), 64, 32), (std::vector<int64_t>{32, 8}));
}

}  // namespace
}  // namespace maskscope
