#ifndef MASKSCOPE_GRAPH_CANONICALIZE_H_
#define MASKSCOPE_GRAPH_CANONICALIZE_H_

#include "graph/graph.h"

namespace maskscope {

// Rewrites a sorted graph whose nodes have the form of ONNX opset `opset` (9..17) to the canonical form of graph.h:
//   Constant          becomes an initializer
//   Clip, Dropout, Pad, ReduceSum, Slice, Split, Squeeze, Unsqueeze   attributes that later opsets made inputs become
//   inputs Upsample, Resize  become Resize(X, "", scales) or Resize(X, "", "", sizes); opset 10 forms get the
//   coordinates they imply Softmax           before opset 13 it ran over all axes from `axis` on: Flatten + Softmax +
//   Reshape where that is not the last one Cast              half and double are float
// Attributes without meaning here are dropped. Errors: kBadModel, kUnsupported, naming node and operator.
void Canonicalize(Graph& graph, int opset);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_CANONICALIZE_H_
