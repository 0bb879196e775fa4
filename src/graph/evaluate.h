#ifndef MASKSCOPE_GRAPH_EVALUATE_H_
#define MASKSCOPE_GRAPH_EVALUATE_H_

#include <vector>

#include "graph/shape_rules.h"

namespace maskscope {

// How many values may be written down as constants that a graph's own arithmetic makes. A file of a few bytes can ask
// for a constant of gigabytes, so the sum is bounded by what the model itself holds; what would go beyond simply counts
// as not known.
int64_t ConstantBudget(const Graph& graph);

// Whether Evaluate knows the operator: those of which shape arithmetic and weight preparation are made (moving values,
// integer and float arithmetic), not layers.
bool CanEvaluate(const std::string& op);

// Values of a node's outputs when all inputs that are there are constants; `outs` holds their shapes and types. One
// tensor per entry of `outs`. Integer arithmetic wraps. Errors: kBadModel (division by zero, an index out of range).
std::vector<Tensor> Evaluate(const shape_rules::Call& call, const std::vector<shape_rules::Fact>& outs);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_EVALUATE_H_
