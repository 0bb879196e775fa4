#ifndef MASKSCOPE_TRAIN_CLASSIFIER_HEAD_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_HEAD_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"

// A classifier of the zoo is a body that ends in the value "features" ([batch, channels]) and a head that makes
// "logits" of it.
namespace maskscope {

// Names of the nodes that "features" needs. Errors: kBadModel when the graph has no such value.
std::set<std::string> BodyNodes(const Graph& graph);

// Puts a dense layer of `width` values with ReLU and dropout before the last dense layer, drawn anew for it. Errors:
// kBadModel when "logits" does not come from a Gemm with its weights in the graph.
void AddHiddenLayer(int width, float dropout, uint64_t seed, Graph& graph);

// Adds `values` ([classes]) to "logits" for good, in the last dense layer's bias. Errors: kBadModel as above.
void AddToLogits(const std::vector<double>& values, Graph& graph);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_HEAD_H_
