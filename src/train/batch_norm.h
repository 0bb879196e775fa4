#ifndef MASKSCOPE_TRAIN_BATCH_NORM_H_
#define MASKSCOPE_TRAIN_BATCH_NORM_H_

#include <vector>

#include "train/optimizer.h"
#include "train/torch_graph.h"

namespace maskscope {

// Weights that were published with BatchNormalization folded come back with statistics 0 and 1, which are not those of
// any data: the first training step would normalise by the batch's own and so compute another function. This measures
// mean and variance of what every BatchNormalization really gets on `batches` (each a set of graph inputs), makes them
// its statistics and adapts scale and shift so that the inference function stays what it was. Call it before the first
// step.
void RecenterBatchNorm(TorchGraph& graph, const std::vector<NamedTensors>& batches);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_BATCH_NORM_H_
