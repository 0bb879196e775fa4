#ifndef MASKSCOPE_EXPLAIN_NETWORK_UNITS_H_
#define MASKSCOPE_EXPLAIN_NETWORK_UNITS_H_

#include <string>
#include <vector>

#include "explain/network_plan.h"

// The layers of a network: a convolution with its normalisation and activation is one. Internal to PlanNetwork.
namespace maskscope {

struct NetworkUnit {
  std::vector<size_t> nodes;   // of graph.nodes; the first one gives it its kind
  std::vector<size_t> inputs;  // units; 0 is the network's input, which has no nodes
  std::string text;            // "conv 3×3 /2, 64, ReLU6"
  BoxKind kind = BoxKind::kOther;
};

std::vector<NetworkUnit> FindUnits(const Graph& graph, const InferredShapes& inferred);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_NETWORK_UNITS_H_
