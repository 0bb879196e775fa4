#ifndef MASKSCOPE_ZOO_DETECTORS_H_
#define MASKSCOPE_ZOO_DETECTORS_H_

#include <array>
#include <cstdint>

#include "graph/graph.h"

// Detectors that others designed and published, as functions that build graphs; RetinaFace is in zoo/zoo.h. All of
// them: input "input" [batch, 3, height, width]; BatchNorm is kept as nodes; weights are drawn from `seed` as in
// zoo/classifiers.h, or zero without `draw_weights`. Initializers carry the names of the published weights, in
// PyTorch's words (weight, bias, running_mean, running_var); zoo/detector_weights.h puts those in. Errors: kUsage
// naming every bad field.
namespace maskscope {

// YOLOv5 in the layout of release 6 (Jocher et al. 2020-2022, described in the model tables of ultralytics/yolov5): C3
// blocks, SPPF, SiLU, three heads of three anchors each at strides 8, 16, 32. Sides of the input are multiples of 32.
// Initializers model.0.conv.weight ... model.24.m.2.bias.
struct YoloV5Options {
  float depth = 0.33f;  // multiplies the number of bottlenecks; n and s: 0.33, m: 0.67, l: 1, x: 1.33
  float width = 0.25f;  // multiplies channels, rounded up to multiples of 8; n: 0.25, s: 0.5, m: 0.75, l: 1, x: 1.25
  int classes = 80;
  // Anchor sides by stride: width, height, width ... in input pixels. Only the decoded form has them in the graph.
  std::array<std::array<float, 6>, 3> anchors{
      {{10, 13, 16, 30, 33, 23}, {30, 61, 62, 45, 59, 119}, {116, 90, 156, 198, 373, 326}}};
  // 0: output "predictions" [batch, anchors, 5 + classes] as the heads say them, before any sigmoid, by stride, row,
  // column and anchor of a cell. Else, multiples of 32: the input's sides in pixels; the same tensor then holds centre
  // x and y, width and height in input pixels, objectness and class scores in 0..1, by stride, anchor, row and column,
  // as the published program exports it.
  int decoded_height = 0, decoded_width = 0;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildYoloV5(const YoloV5Options& options);

// The face detector that OpenCV ships, "res10_300x300_ssd": SSD (Liu et al. 2016) on a small residual network. Input
// 300 x 300. Outputs "loc" [batch, 8892, 4] and "conf" [batch, 8892, 2] (softmax: background, face); value
// "conf_logits" is the input of the softmax. Initializers after the Caffe layers: conv1_h.weight, conv1_scale_h.weight
// (BatchNorm and scale layer as one) ...
struct Res10SsdOptions {
  uint64_t seed = 1;
  bool draw_weights = true;
};
Graph BuildRes10Ssd(const Res10SsdOptions& options = {});

// AIZOO's face-mask SSD (AIZOOTech/FaceMaskDetection): eight convolutions and ten heads. Input 260 x 260, other sizes
// run with other numbers of anchors. Outputs "loc" [batch, anchors, 4] and "cls" [batch, anchors, 2] (sigmoid: mask, no
// mask); value "cls_logits" is the input of the sigmoid. Initializers conv2d_0.weight, conv2d_0_bn.weight ...
struct AizooSsdOptions {
  int classes = 2;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildAizooSsd(const AizooSsdOptions& options = {});

// The three networks of MTCNN (Zhang et al. 2016) as in facenet-pytorch. Initializers conv1.weight, prelu1.weight ...
//   kProposal    any size from 12 pixels: "boxes" [batch, 4, h, w], "scores" [batch, 2, h, w] (softmax: background,
//                face), a cell every two pixels, each of a window of 12
//   kRefinement  24 x 24: "boxes" [batch, 4], "scores" [batch, 2]
//   kOutput      48 x 48: the same and "landmarks" [batch, 10], x of the five points before their y
enum class MtcnnNetwork { kProposal, kRefinement, kOutput };
struct MtcnnOptions {
  MtcnnNetwork network = MtcnnNetwork::kProposal;
  uint64_t seed = 1;
  bool draw_weights = true;
};
Graph BuildMtcnn(const MtcnnOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_DETECTORS_H_
