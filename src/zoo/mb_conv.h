#ifndef MASKSCOPE_ZOO_MB_CONV_H_
#define MASKSCOPE_ZOO_MB_CONV_H_

#include <string>

#include "zoo/layers.h"

// The inverted residual with squeeze-and-excite that MobileNetV3 and EfficientNet are made of. Internal to zoo.
namespace maskscope {

struct MbConv {
  int in = 0, expanded = 0, out = 0;  // channels
  int kernel = 3, stride = 1;
  ActivationKind activation = ActivationKind::kSilu;  // after expansion and depthwise convolution
  int squeezed = 0;                                   // channels between the two layers of the gate; 0: no gate
  ActivationKind gate_activation = ActivationKind::kSilu;
  bool hard_gate = false;
  float epsilon = 1e-5f;  // of every BatchNorm
};

// Expand 1x1 (left out where nothing expands), depthwise, gate, project 1x1, plus the input where the shapes are the
// same. The parts that there are carry torchvision's numbers: NAME.block.0.0 is the first one's convolution,
// NAME.block.0.1 its BatchNorm, NAME.block.N.fc1 and .fc2 the gate's layers.
std::string WriteMbConv(GraphBuilder& builder, const std::string& name, const std::string& input, const MbConv& block);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_MB_CONV_H_
