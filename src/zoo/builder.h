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
};

// Names of a BatchNormalization's four initializers: BatchNorm names differ between the publishers of weights.
struct BatchNormNames {
  std::string scale, shift, mean, variance;
};

class GraphBuilder {
 public:
  GraphBuilder(std::string graph_name, uint64_t seed);

  // Weight drawn from a normal distribution of variance 2 / fan-out (He et al. 2015), bias zero. Initializers
  // NAME.weight and NAME.bias.
  std::string Conv(const std::string& name, const std::string& input, const ConvLayer& layer);
  // Scale 1, shift 0, mean 0, variance 1.
  std::string BatchNorm(const std::string& name, const std::string& input, int channels, const BatchNormNames& names);
  std::string Node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                   std::map<std::string, Attribute> attributes = {});
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
};

}  // namespace maskscope

#endif  // MASKSCOPE_ZOO_BUILDER_H_
