#ifndef MASKSCOPE_GRAPH_SHAPE_INFERENCE_H_
#define MASKSCOPE_GRAPH_SHAPE_INFERENCE_H_

#include <map>
#include <string>

#include "graph/graph.h"

namespace maskscope {

// What is known of every value once the inputs have concrete shapes.
struct InferredShapes {
  std::map<std::string, Shape> shapes;  // every value, initializers included
  std::map<std::string, DataType> types;
  // Values that nodes make without looking at input data (Shape/Gather/Cast/... chains); initializers are not repeated
  // here. Values so large that a small file could exhaust the memory with them are left out.
  std::map<std::string, Tensor> constants;
};

// Concrete shapes per graph input, by name.
using InputShapes = std::map<std::string, Shape>;

// Walks the graph, folding integer chains (Shape, Gather, Cast, ConstantOfShape, Slice, Concat, arithmetic) as it goes.
// Guards against absurd sizes: no value may exceed `max_elements`. The graph must be sorted
// (SortAndCheck). Errors: kBadModel naming node, operator and shapes; kUnsupported for an operator that has no rule and
// for shapes that depend on the data fed.
InferredShapes InferShapes(const Graph& graph, const InputShapes& inputs, int64_t max_elements = int64_t{1} << 31);

// The graph for these input shapes only: inputs are fixed, values in `constants` become initializers, dead nodes go.
// Computes the same function; a runtime that knows no Shape/Resize arithmetic can then read it.
Graph Specialize(const Graph& graph, const InputShapes& inputs);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_SHAPE_INFERENCE_H_
