#ifndef MASKSCOPE_TRAIN_YOLO_LOSS_H_
#define MASKSCOPE_TRAIN_YOLO_LOSS_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

namespace maskscope {

// Gains as YOLOv5's release 6 states them: for inputs of 640 pixels and 80 classes. As there, the objectness gain is
// scaled by the input's area and the class gain by the number of classes.
struct YoloLossOptions {
  double box_gain = 0.05, objectness_gain = 1.0, class_gain = 0.5;
  std::vector<double> balance{4.0, 1.0, 0.4};  // of the objectness loss by stride, from the smallest on
  double label_smoothing = 0;                  // 0..1 of a class's certainty
  float greatest_ratio = 4;                    // of a face's sides to an anchor's (MatchYolo)
  bool weigh_states = true;                    // rare states weigh more in the class loss
  void Validate() const;                       // Errors: kUsage
};

// What a batch should come to. M matches over all pictures; R rows a picture.
struct YoloTargets {
  at::Tensor row;                   // [M] int64, of the table of the whole batch
  at::Tensor level;                 // [M] int64
  at::Tensor cell;                  // [M, 2] float: column, line
  at::Tensor stride;                // [M, 1] float: pixels
  at::Tensor anchor;                // [M, 2] float: sides, pixels
  at::Tensor box;                   // [M, 4] float: centre and sides, pixels
  at::Tensor classes;               // [M] int64, -1 unknown
  at::Tensor silent;                // [batch, R] bool: no part in the objectness loss
  std::vector<int64_t> level_rows;  // R by stride
};

struct YoloLoss {
  at::Tensor total;                            // scalar, with its gradient graph
  double box = 0, objectness = 0, class_ = 0;  // the parts, with their gains
};

// IoU less what centres are apart and aspects differ (Zheng et al. 2020, "Distance-IoU loss", CIoU). `a` and `b` [n,
// 4]: centre and sides. Returns [n]. The weight of the aspect's part is a constant to the gradient, as in the paper.
at::Tensor CompleteIou(const at::Tensor& a, const at::Tensor& b);

// The boxes that raw values [M, 4] mean: centre and sides in pixels (decoding "yolov5_raw").
at::Tensor DecodeYoloBoxes(const at::Tensor& values, const YoloTargets& targets);

// `predictions` [batch, R, 5 + classes], before sigmoids; `size`: side of the input in pixels. Every part is a mean
// over what it is about at one stride, summed over strides:
//   box         1 - CIoU of the matches
//   objectness  binary cross-entropy of all rows that are not silent, by `balance`; a match should say its box's CIoU
//               (not below 0), where several want one row the best of them, all other rows 0
//   class       binary cross-entropy of all classes, over the matches whose class is known; `class_weights` [classes]
//               weigh matches by their class, or undefined
// The total is their sum by gain, times the pictures of the batch.
YoloLoss ComputeYoloLoss(const at::Tensor& predictions, const YoloTargets& targets, int size,
                         const YoloLossOptions& options = {}, const at::Tensor& class_weights = {});

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_YOLO_LOSS_H_
