#ifndef MASKSCOPE_EXPLAIN_GRADIENT_H_
#define MASKSCOPE_EXPLAIN_GRADIENT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/score_term.h"
#include "graph/shape_inference.h"

// Reverse-mode differentiation of a part of a graph: from a number that the network computes back to any value inside
// it, without libtorch. The values of the forward pass come from wherever the graph was run (explain/probe.h).
namespace maskscope {

// Where an output is squashed at its very end (Softmax or Sigmoid, with nothing after it but moving values), what
// counts for a score is the value before, the logit: a face found with certainty would otherwise have no gradient left.
// This is the class score y^c of the Grad-CAM paper (Selvaraju et al. 2017, section 3).

// Names of the values of the forward pass that Backpropagate will read to reach `wanted`. `graph` must be fixed to its
// shapes (Specialize). Errors: kUnsupported (an operator without a gradient in between), kBadModel.
std::vector<std::string> ValuesToRead(const Graph& graph, const Score& score, const std::set<std::string>& wanted);

// Derivatives of the score with respect to each of `wanted`, of their shapes; a value the score does not depend on is
// left out. `values` has at least what ValuesToRead names. Sums are float. Errors: as above.
std::map<std::string, Tensor> Backpropagate(const Graph& graph, const InferredShapes& inferred,
                                            const std::map<std::string, Tensor>& values, const Score& score,
                                            const std::set<std::string>& wanted);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_GRADIENT_H_
