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
  std::map<std::string, Tensor> constants;  // values that do not depend on input data (Shape/Gather/Cast/... chains)
};

// Concrete shapes per graph input, by name.
using InputShapes = std::map<std::string, Shape>;

// Walks the graph, folding integer chains (Shape, Gather, Cast, ConstantOfShape, Slice, Concat, arithmetic) as it goes.
// Guards against absurd sizes: no value may exceed `max_elements`. Errors: kBadModel naming node, operator and shapes.
InferredShapes InferShapes(const Graph& graph, const InputShapes& inputs, int64_t max_elements = int64_t{1} << 31);

// The graph for these input shapes only: inputs are fixed, values in `constants` become initializers, dead nodes go.
// Computes the same function; a runtime that knows no Shape/Resize arithmetic can then read it.
Graph Specialize(const Graph& graph, const InputShapes& inputs);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_SHAPE_INFERENCE_H_
