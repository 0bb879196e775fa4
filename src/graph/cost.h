#ifndef MASKSCOPE_GRAPH_COST_H_
#define MASKSCOPE_GRAPH_COST_H_

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "graph/shape_inference.h"

// What a network costs, in the numbers that are usually quoted.
namespace maskscope {

// Whether initializer `tensor`, which `node` reads as its input number `position`, is something that training changes:
// weights and biases, the scale and shift of BatchNormalization, and what Add and Mul read, except a lone number, which
// is part of the formula. Running statistics are not.
bool IsLearned(const Node& node, size_t position, const Tensor& tensor);

// Values of all initializers that are learned, each counted once.
int64_t CountLearnedParameters(const Graph& graph);

// Multiplications followed by an addition in Conv, Gemm and MatMul nodes: "MACs", half of the "FLOPs" of those who
// count both.
int64_t CountMultiplyAdds(const Graph& graph, const InferredShapes& inferred);

// The same of one node. Parameters that several nodes share count for the first of them alone, so that the sum is
// right.
struct NodeCost {
  int64_t parameters = 0, multiply_adds = 0;
};
// In the order of graph.nodes.
std::vector<NodeCost> CountNodeCosts(const Graph& graph, const InferredShapes& inferred);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_COST_H_
