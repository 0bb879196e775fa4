#ifndef MASKSCOPE_GRAPH_PASSES_H_
#define MASKSCOPE_GRAPH_PASSES_H_

#include "graph/graph.h"

// Rewritings that keep the function a graph computes. Each takes a graph and leaves a sorted, checked graph.
namespace maskscope {

// Removes nodes whose outputs nobody reads, initializers nobody reads, Identity and Dropout (inference: the identity).
void RemoveDead(Graph& graph);

// Evaluates nodes whose inputs are all initializers (Constant and integer chains included).
void FoldConstants(Graph& graph);

// Conv (or Gemm) followed by BatchNormalization, and a BatchNormalization followed by nothing that blocks it: scale and
// shift go into weights and bias. Only where the Conv's output has no other reader.
void FoldBatchNorm(Graph& graph);

// The opposite, for training from weights that were published folded: every Conv with bias of which `select` says yes becomes Conv
// without bias + BatchNormalization with scale 1, shift = bias, mean 0, variance 1 - epsilon (so the function is unchanged).
// When all tensors stay as they are, the output is identical up to float rounding.
void UnfoldBatchNorm(Graph& graph, float epsilon = 1e-5f);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_PASSES_H_
