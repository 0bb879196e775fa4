#ifndef MASKSCOPE_ZOO_ZOO_H_
#define MASKSCOPE_ZOO_ZOO_H_

#include <cstdint>
#include <string>

#include "graph/graph.h"
#include "zoo/classifiers.h"

// Architectures as functions that build graphs. Weights are drawn (He et al. 2015 fan-out normal for convolutions,
// zeros for biases, BatchNorm 1/0/0/1) from `seed`; zoo/weights.h then puts published ones in.
namespace maskscope {

// RetinaFace (Deng et al. 2019) with MobileNetV1 body, FPN and SSH heads, as in shared weights retinaface_mnet025.
// Input "input" [batch, 3, height, width], symbolic sizes. Outputs over all anchors of strides 8, 16, 32 (2 anchors a
// cell): "boxes" [batch, anchors, 4], "scores" [batch, anchors, 2] (softmax: background, face), "landmarks" [batch,
// anchors, 10]. Value "score_logits" is the input of the softmax. Node and initializer names follow the upstream tensor
// names (body.stage1.0.0.weight ...).
struct RetinaFaceOptions {
  float width = 0.25f;       // of the MobileNetV1 body
  int neck_channels = 64;    // FPN and SSH
  float leaky_slope = 0.0f;  // 0: ReLU, the published finished detector; 0.1: LeakyReLU, the ImageNet body
  bool landmarks = true;
  uint64_t seed = 1;
  void Validate() const;
};
Graph BuildRetinaFace(const RetinaFaceOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_ZOO_H_
