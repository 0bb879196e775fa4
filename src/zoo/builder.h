#ifndef MASKSCOPE_ZOO_BUILDER_H_
#define MASKSCOPE_ZOO_BUILDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "graph/graph.h"

// Writes layers into a graph one after the other. Internal to zoo. Every layer is named by the caller; its node and its
// output value carry that name, its initializers the name and a suffix. Every function returns the output value.
namespace maskscope {

struct ConvLayer {
  int in = 0, out = 0;
  int kernel = 1, stride = 1, groups = 1;
  std::vector<int64_t> pads{0, 0, 0, 0};  // ONNX order: top, left, bottom, right
  bool bias = false;
  int dilation = 1;
};

// Names of a BatchNormalization's four initializers: BatchNorm names differ between the publishers of weights.
struct BatchNormNames {
  std::string scale, shift, mean, variance;
};

// As PyTorch names a BatchNorm's parameters: MODULE.weight, .bias, .running_mean, .running_var.
BatchNormNames TorchBatchNormNames(const std::string& module);
// Of networks whose weights are published with BatchNorm folded into the convolution `conv`: CONV.bn.scale, .shift,
// .mean, .variance.
BatchNormNames FoldedBatchNormNames(const std::string& conv);

class GraphBuilder {
 public:
  // Without `draw_weights` what would be drawn stays zero: for counting, or where weights are put in afterwards.
  GraphBuilder(std::string graph_name, uint64_t seed, bool draw_weights = true);

  // Weight drawn from a normal distribution of variance 2 / fan-out (He et al. 2015), bias zero. Initializers
  // NAME.weight and NAME.bias.
  std::string Conv(const std::string& name, const std::string& input, const ConvLayer& layer);
  // Scale 1, shift 0, mean 0, variance 1.
  std::string BatchNorm(const std::string& name, const std::string& input, int channels, const BatchNormNames& names,
                        float epsilon = 1e-5f);
  std::string Node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                   std::map<std::string, Attribute> attributes = {});
  // Parts of the given lengths along `axis`, channels by default: values NAME.0, NAME.1, ...
  std::vector<std::string> Split(const std::string& name, const std::string& input, const std::vector<int64_t>& lengths,
                                 int64_t axis = 1);
  // Copies what `values` of another network depend on, its input becoming `input` and every other name getting `prefix`
  // before it: a classifier as the body of a detector. Returns the new names of `values`.
  std::vector<std::string> Embed(const Graph& network, const std::string& prefix, const std::string& input,
                                 const std::vector<std::string>& values);
  // A constant; writing the same name twice keeps one.
  std::string Constant(const std::string& name, Tensor value);
  Tensor DrawNormal(Shape shape, double standard_deviation);
  // Makes a value an output of the graph.
  void Output(const std::string& value, std::vector<Dim> shape);

  // The checked graph.
  Graph Finish();

 private:
  Graph graph_;
  Random random_;
  bool draw_weights_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_BUILDER_H_
