#ifndef MASKSCOPE_GRAPH_AVERAGE_WEIGHTS_H_
#define MASKSCOPE_GRAPH_AVERAGE_WEIGHTS_H_

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace maskscope {

// One network with the mean of the weights and statistics of several that were trained from one start ("model soup",
// Wortsman et al. 2022): often better than each of them, and as fast as one. Everything else is the first's. Names are
// for errors. Errors: kUsage (fewer than two); kBadModel naming the model and the first node or initializer that
// differs from the first model's in more than its floats.
Graph AverageWeights(const std::vector<std::pair<std::string, Graph>>& models);

}  // namespace maskscope

#endif  // MASKSCOPE_GRAPH_AVERAGE_WEIGHTS_H_
