#ifndef MASKSCOPE_GRAPH_PASSES_H_
#define MASKSCOPE_GRAPH_PASSES_H_

#include "graph/graph.h"

// Rewritings that keep the function a graph computes. Each takes a graph and leaves a sorted, checked graph.
namespace maskscope {

// Removes nodes whose outputs nobody reads, initializers nobody reads, Identity and Dropout (inference: the identity).
// Graph inputs and outputs keep their names; an Identity between an input and an output stays.
void RemoveDead(Graph& graph);

// Evaluates nodes whose inputs are all initializers (Constant, Shape of an input of fixed shape, and integer chains
// included); their outputs become initializers. Errors: kBadModel naming the node.
void FoldConstants(Graph& graph);

// Conv (or Gemm) followed by BatchNormalization becomes Conv (or Gemm) alone: scale and shift go into weights and bias.
// Only where all of these are initializers and nobody else reads the Conv's output. Other BatchNormalizations stay.
void FoldBatchNorm(Graph& graph);

// The opposite, for training from weights that were published folded: every Conv with a bias becomes a Conv without
// one, followed by a BatchNormalization (node CONV.bn, initializers CONV.bn.scale, .shift, .mean, .variance) with scale
// 1, shift = bias, mean 0, variance 1 - epsilon, so that the function is unchanged up to float rounding. Requires 0 <
// epsilon < 1.
void UnfoldBatchNorm(Graph& graph, float epsilon = 1e-5f);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_PASSES_H_
