#ifndef MASKSCOPE_GRAPH_OPERATORS_H_
#define MASKSCOPE_GRAPH_OPERATORS_H_

#include <string>
#include <vector>

#include "graph/graph.h"

// What an operator's attributes and inputs mean once the input shapes are known. Shape inference, engine,
// reference interpreter and trainer all take their geometry from here, so that it is worked out once.
namespace maskscope {

// Names of every operator that may stand in a Graph, sorted.
const std::vector<std::string>& SupportedOperators();

// Geometry of Conv, MaxPool and AveragePool over two spatial axes (one-dimensional convolutions are not supported).
struct Window {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;  // auto_pad already resolved
  int64_t groups = 1;
  bool ceil_mode = false;          // pools only
  bool count_include_pad = false;  // AveragePool only
  int64_t out_h = 0, out_w = 0;
};
// `input` is [batch, channels, height, width]; `kernel` is the spatial kernel (from the weights for Conv).
// Errors: kBadModel naming the node.
Window ResolveWindow(const Node& node, const Shape& input, const Shape& kernel);

// Activation bounds of a Clip node whose min and max are initializers; absent ones are -inf and +inf.
// Errors: kUnsupported where a bound is computed at run time.
struct ClipBounds {
  float min, max;
};
ClipBounds ResolveClip(const Graph& graph, const Node& node);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_OPERATORS_H_
