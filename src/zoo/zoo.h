#ifndef MASKSCOPE_ZOO_ZOO_H_
#define MASKSCOPE_ZOO_ZOO_H_

#include <cstdint>
#include <string>

#include "graph/graph.h"
#include "zoo/classifiers.h"

// Architectures as functions that build graphs. Weights are drawn (He et al. 2015 fan-out normal for convolutions,
// zeros for biases, BatchNorm 1/0/0/1) from `seed`; zoo/weights.h then puts published ones in.
namespace maskscope {

// What RetinaFace looks at pictures with: maps of strides 8, 16 and 32 of a classifier.
enum class RetinaFaceBody {
  kMobileNetV1,  // of the given width, as upstream's own definition of it
  kMobileNetV2,  // of the given width: the ends of its stages of 32, 96 and 160 channels, as retinaface-tf2 takes them
  kResNet50,     // its last three stages
};

// RetinaFace (Deng et al. 2019) with FPN and SSH heads in the layout of biubug6/Pytorch_Retinaface. Input "input"
// [batch, 3, height, width], symbolic sizes. Outputs over all anchors of strides 8, 16, 32 (2 anchors a cell): "boxes"
// [batch, anchors, 4], "scores" [batch, anchors, 2] (softmax: background, face), "landmarks" [batch, anchors, 10].
// Value "score_logits" is the input of the softmax. Node and initializer names follow the upstream tensor names
// (body.stage1.0.0.weight ...; for the other bodies torchvision's names after "body.": body.layer1.0.conv1.weight,
// body.features.0.0.weight ...).
struct RetinaFaceOptions {
  RetinaFaceBody body = RetinaFaceBody::kMobileNetV1;
  float width = 0.25f;       // of a MobileNet body
  int neck_channels = 64;    // FPN and SSH; upstream has 256 with kResNet50
  float leaky_slope = 0.0f;  // of FPN, SSH and the MobileNetV1 body. 0: ReLU, the published finished detector and
                             // kResNet50; 0.1: LeakyReLU, the ImageNet body
  bool landmarks = true;
  uint64_t seed = 1;
  bool draw_weights = true;  // without: zeros (see zoo/classifiers.h)
  void Validate() const;
};
Graph BuildRetinaFace(const RetinaFaceOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_ZOO_H_
