#ifndef MASKSCOPE_ENGINE_REFERENCE_H_
#define MASKSCOPE_ENGINE_REFERENCE_H_

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace maskscope {

// Runs a graph node by node with plain loops, float accumulated in double. Slow and obvious: it is what the engine
// and the trainer are compared with. Every operator of SupportedOperators() is here. Inputs are float or integer
// tensors. `taps` asks for further values by name. Returns outputs and taps by name. Errors as Engine.
std::map<std::string, Tensor> RunReference(const Graph& graph, const std::map<std::string, Tensor>& inputs,
                                           const std::vector<std::string>& taps = {});

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_REFERENCE_H_
