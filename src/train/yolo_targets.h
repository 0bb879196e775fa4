#ifndef MASKSCOPE_TRAIN_YOLO_TARGETS_H_
#define MASKSCOPE_TRAIN_YOLO_TARGETS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "graph/decoding.h"
#include "train/detector_anchors.h"

// What each row of a YOLOv5's table should say about a labelled picture. Rows stand by stride, row, column and anchor
// of a cell, as BuildYoloV5 writes them and decoding "yolov5_raw" reads them.
namespace maskscope {

// An anchor of a cell that learns a face.
struct YoloMatch {
  int64_t row = 0;  // of the picture's table
  int level = 0;    // index of the stride
  int column = 0, line = 0;
  std::array<float, 2> anchor{};  // sides, input pixels
  int face = 0;
};

struct YoloPictureTargets {
  std::vector<YoloMatch> matches;
  std::vector<bool> silent;  // by row: what is there is not known, so it says nothing about objectness
};

// Rows of each stride's map for an input of these sides, multiples of the strides.
std::vector<int64_t> YoloLevelRows(const Decoding& decoding, int width, int height);

// How far the sides of a box are from an anchor's: the greatest of width and height ratio, each taken from 1 up.
float SideRatio(float width, float height, float anchor_width, float anchor_height);

// A face is learnt at every stride by the anchors whose SideRatio is below `greatest_ratio`, in the cell of its centre
// and in the two neighbours nearest to it (fewer at the border): the matching of YOLOv5 since its second release. A
// face that no anchor fits becomes an ignored region. Ignored regions silence the rows that lie on them
// (LiesOnIgnored) and learn no face.
YoloPictureTargets MatchYolo(const Decoding& decoding, int width, int height, const std::vector<TrainingFace>& faces,
                             const std::vector<Box>& ignored, float greatest_ratio, const MatchOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_YOLO_TARGETS_H_
