#ifndef MASKSCOPE_ENGINE_RESIZE_AXIS_H_
#define MASKSCOPE_ENGINE_RESIZE_AXIS_H_

#include <cstdint>
#include <vector>

#include "graph/graph.h"

// Where the output places of a Resize node lie in its input, one axis at a time (ONNX operator Resize, opset 13).
namespace maskscope {

struct ResizeAxis {
  std::vector<int64_t> low;    // nearest: the place itself; linear: its lower neighbour
  std::vector<int64_t> high;   // linear: the upper neighbour
  std::vector<double> weight;  // linear: share of the upper neighbour, 0..1
};

struct ResizeGeometry {
  Shape out;
  bool linear = false;
  std::vector<ResizeAxis> axes;
};

// `scales` and `sizes` are the node's inputs 2 and 3, nullptr where absent. Errors: kBadModel, kUnsupported (cubic,
// crops).
ResizeGeometry ResolveResize(const Node& node, const Shape& in, const Tensor* scales, const Tensor* sizes);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_RESIZE_AXIS_H_
