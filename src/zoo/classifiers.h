#ifndef MASKSCOPE_ZOO_CLASSIFIERS_H_
#define MASKSCOPE_ZOO_CLASSIFIERS_H_

#include <cstdint>
#include <optional>

#include "graph/graph.h"

// Families of classifiers as functions that build graphs. All of them: input "input" [batch, 3, height, width], output
// "logits" [batch, classes] (no softmax), value "features" [batch, channels] the pooled vector. Any picture size of 32
// pixels and more runs. A Dropout node stands before the last layer where `dropout` is above 0: identity outside
// training. BatchNorm is kept as nodes. Weights are drawn from `seed` (convolutions He et al. 2015 fan-out normal,
// biases 0, BatchNorm 1/0/0/1, the last layer normal with deviation 0.01); without `draw_weights` they are zero, which
// is enough for counting and for weights that are loaded afterwards. Errors: kUsage naming every bad field.
//
// Initializers are named as in the implementation that publishes weights: torchvision's state_dict where it has the
// family, so that LoadByName (zoo/weights.h) fits. Conv weights are [out, in / groups, height, width], linear ones
// [out, in].
namespace maskscope {

// MobileNetV1 (Howard et al. 2017, table 1) as published by TensorFlow: SAME padding, written as explicit pads for
// `input_size` as in MobileNetV2Options. Initializers stem.weight, stem.bn.scale, block1.dw.weight ...
// block13.pw.weight, classifier.weight: LoadMobileNetV1 puts the published (folded) weights in.
struct MobileNetV1Options {
  float width = 1.0f;  // channel multiplier, 0.1 to 4
  int classes = 3;
  int input_size = 224;    // height = width, pixels, 32 to 4096
  float dropout = 0.001f;  // the published ratio
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildMobileNetV1(const MobileNetV1Options& options);

// Whose MobileNetV2: they differ in where strided windows lie, so weights of the one do not serve the other, and in the
// names of initializers (stem.weight, block1.dw.weight ... / features.0.0.weight, features.1.conv.0.0.weight ...).
enum class MobileNetV2Layout { kTensorFlow, kTorchvision };

// MobileNetV2 (Sandler et al. 2018, table 2). kTensorFlow: SAME padding written as explicit ONNX pads for `input_size`
// ([0,0,1,1] at stride 2 where the side is even, else all 1), as the published weights need; other sizes run too, with
// the same pads. kTorchvision: one row and column on each side, whatever the size.
struct MobileNetV2Options {
  float width = 1.0f;  // channel multiplier, 0.1 to 4; channels rounded to multiples of 8 as in the paper's code
  int classes = 3;
  int input_size = 128;  // height = width, pixels, 32 to 4096; kTensorFlow only
  float dropout = 0.2f;
  uint64_t seed = 1;
  bool draw_weights = true;
  MobileNetV2Layout layout = MobileNetV2Layout::kTensorFlow;
  void Validate() const;
};
Graph BuildMobileNetV2(const MobileNetV2Options& options);

// MobileNetV3 (Howard et al. 2019, tables 1 and 2) as in torchvision: squeeze-and-excite with a hard gate, HardSwish, a
// hidden linear layer between "features" and the last one.
enum class MobileNetV3Size { kSmall, kLarge };
struct MobileNetV3Options {
  MobileNetV3Size size = MobileNetV3Size::kLarge;
  float width = 1.0f;  // channel multiplier, 0.1 to 4
  int classes = 3;
  float dropout = 0.2f;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildMobileNetV3(const MobileNetV3Options& options);

// ResNet v1 (He et al. 2016a, table 1) as in torchvision: basic blocks at depths 18 and 34, bottlenecks that stride in
// their 3x3 convolution ("v1.5", Goyal et al. 2017) at 50, 101 and 152. The published networks have no dropout.
struct ResNetOptions {
  int depth = 50;  // 18, 34, 50, 101, 152
  int classes = 3;
  float dropout = 0;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildResNet(const ResNetOptions& options);

// ResNet v2, pre-activation (He et al. 2016b), in the layout of Keras: bottlenecks, each stage strides in its last
// block, biases where no BatchNorm follows, padding of the first pool with zeros. Initializers are Keras' layers with
// PyTorch's words for their parameters: conv2_block1_1_conv.weight (Keras' kernel, transposed),
// conv2_block1_1_bn.weight (gamma), .bias (beta), .running_mean (moving_mean), .running_var (moving_variance). No
// dropout in the published ones.
struct ResNetV2Options {
  int depth = 50;  // 50, 101, 152
  int classes = 3;
  float dropout = 0;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildResNetV2(const ResNetV2Options& options);

// ResNeSt (Zhang et al. 2020): split attention of radix 2, cardinality 1 ("2s1x64d"), deep stem, average pools where
// the convolutions of a ResNet stride. Initializers are named as in the authors' implementation. The published networks
// drop nothing before the last layer; DropBlock (training only) is left out.
struct ResNeStOptions {
  int depth = 50;  // 50, 101, 200
  int classes = 3;
  float dropout = 0;
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildResNeSt(const ResNeStOptions& options);

// EfficientNet (Tan and Le 2019, table 1 and its compound scaling) as in torchvision. Stochastic depth (training only)
// is left out.
struct EfficientNetOptions {
  int variant = 0;  // 0 to 7: B0 to B7
  int classes = 3;
  std::optional<float> dropout = {};  // absent: the variant's published ratio, 0.2 to 0.5
  uint64_t seed = 1;
  bool draw_weights = true;
  void Validate() const;
};
Graph BuildEfficientNet(const EfficientNetOptions& options);
// Side of the square pictures the variant was published for, pixels: 224 to 600.
int EfficientNetInputSize(int variant);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_CLASSIFIERS_H_
