#ifndef MASKSCOPE_EXPLAIN_LAYERS_H_
#define MASKSCOPE_EXPLAIN_LAYERS_H_

#include <string>
#include <vector>

#include "explain/gradient.h"
#include "graph/graph.h"
#include "graph/shape_inference.h"

// The layers of a network that can be looked at, and the one that a score is best explained by. Graphs are fixed to
// their shapes (Probe::graph).
namespace maskscope {

struct Layer {
  std::string node;  // that makes it
  std::string op;
  std::string value;  // what it is called in the graph
  Shape shape;        // [batch, channels, height, width] where it is spatial
  bool is_spatial() const { return shape.size() == 4 && shape[2] * shape[3] > 1; }
};

// Every value of floats that a node makes, in the order of the graph.
std::vector<Layer> ListLayers(const Graph& graph, const InferredShapes& inferred);
std::vector<Layer> ListSpatialLayers(const Graph& graph, const InferredShapes& inferred);

// The spatial layer that is called so: by node, by value, or by its number among the spatial layers (from 0; -1 is the
// last). Errors: kUsage naming the near ones; kUnsupported where the network has no spatial layer.
Layer FindLayer(const Graph& graph, const InferredShapes& inferred, const std::string& name);

// The last layer that all that the score is made of goes through and of which more than one cell counts for it: before
// the global pooling of a classifier, and of a detector the map from which the head of the box's level works. Layers of
// at least kLeastMapSide cells a side are preferred. Errors: kUnsupported where there is none.
inline constexpr int64_t kLeastMapSide = 4;
Layer ChooseLayer(const Graph& graph, const InferredShapes& inferred, const Score& score);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_LAYERS_H_
