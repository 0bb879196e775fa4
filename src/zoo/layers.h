#ifndef MASKSCOPE_ZOO_LAYERS_H_
#define MASKSCOPE_ZOO_LAYERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "zoo/builder.h"

// What several families of networks are made of. Internal to zoo. Every function returns the name of its output value.
namespace maskscope {

enum class ActivationKind { kNone, kRelu, kRelu6, kSilu, kHardSwish };

// The value NAME.relu, NAME.relu6, NAME.silu or NAME.hard_swish; `input` itself for kNone. SiLU is written as
// Mul(x, Sigmoid(x)): ONNX has no operator for it at the opset a Graph speaks.
std::string Activate(GraphBuilder& builder, ActivationKind kind, const std::string& name, const std::string& input);

// A convolution without bias, a BatchNorm and an activation: node and parameters named after the modules `conv` and
// `bn`, the parameters as in PyTorch.
struct ConvUnit {
  std::string conv, bn;
  ConvLayer layer;
  ActivationKind activation = ActivationKind::kNone;
  float epsilon = 1e-5f;  // of the BatchNorm
};
std::string WriteConvUnit(GraphBuilder& builder, const std::string& input, const ConvUnit& unit);

// Square window with as much padding on each side as keeps the size at stride 1 (PyTorch's padding = kernel / 2).
ConvLayer PaddedConv(int in, int out, int kernel, int stride = 1, int groups = 1);

// Squeeze and excitation (Hu et al. 2018): x * gate(fc2(activation(fc1(mean of x)))), the linear layers as 1x1
// convolutions NAME.fc1 and NAME.fc2 with bias.
struct SqueezeExcite {
  int channels = 0, squeezed = 0;
  ActivationKind activation = ActivationKind::kRelu;
  bool hard_gate = false;  // HardSigmoid x / 6 + 1 / 2 (Howard et al. 2019) rather than Sigmoid
};
std::string WriteSqueezeExcite(GraphBuilder& builder, const std::string& name, const std::string& input,
                               const SqueezeExcite& layer);

// The end of a classifier: the mean over height and width as value "features" [batch, channels] ...
std::string WriteFeatures(GraphBuilder& builder, const std::string& input);
// ... a Dropout node "dropout", or nothing at ratio 0 ...
std::string WriteDropout(GraphBuilder& builder, const std::string& input, float ratio);
// ... and the linear layer `module` that makes the graph's output "logits" [batch, classes]. As all linear layers its
// weights are drawn small (normal, deviation 0.01): the first steps of training then correct the backbone little.
void WriteLogits(GraphBuilder& builder, const std::string& module, const std::string& input, int features, int classes);

// A linear layer in between, [batch, in] -> [batch, out], named after its module.
std::string WriteLinear(GraphBuilder& builder, const std::string& module, const std::string& input, int in, int out);

// Rounds to a multiple of 8 without losing more than a tenth (the MobileNets' reference code).
int RoundChannels(double channels);

// TensorFlow's SAME for the 3x3 windows of one layer after another: one row and column on each side, but at stride 2
// an even side gets only those behind.
class SamePadding {
 public:
  explicit SamePadding(int side) : side_(side) {}
  // ONNX pads of the next window.
  std::vector<int64_t> Next(int stride);

 private:
  int side_;  // of the feature map, pixels
};

// Bad values that all classifiers have in common, for their Validate().
void CheckClassifier(int classes, float dropout, Problems& problems);

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_LAYERS_H_
