#ifndef MASKSCOPE_TRAIN_TORCH_GRAPH_H_
#define MASKSCOPE_TRAIN_TORCH_GRAPH_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "train/device.h"

namespace maskscope {

// A graph run under autograd: the initializers that are weights become parameters, BatchNormalization learns its
// statistics in training mode, Dropout drops. Not thread-safe.
class TorchGraph {
 public:
  // Initializers that are learned (graph/cost.h) become parameters, running mean and variance buffers, the rest
  // constants. Weights and all products live on `device`. Errors: kUnsupported naming node and operator.
  explicit TorchGraph(const Graph& graph, const at::Device& device = at::Device(at::kCPU));
  ~TorchGraph();

  // Values by name for the given inputs ([batch, ...] float tensors on any device). `outputs` empty = the graph's
  // outputs; any value name may be asked for. They come on the CPU, floats as float32, wherever they were computed:
  // whoever takes a loss of them need not know.
  std::map<std::string, at::Tensor> Forward(const std::map<std::string, at::Tensor>& inputs, bool training,
                                            const std::vector<std::string>& outputs = {});

  // Parameters by initializer name, in graph order. Gradients accumulate in them.
  const std::map<std::string, at::Tensor>& parameters() const;
  const std::map<std::string, at::Tensor>& buffers() const;
  // BatchNormalization layers whose names start with a prefix in `frozen` use (and keep) their running statistics in
  // training too.
  void FreezeBatchNorm(const std::vector<std::string>& frozen_prefixes);
  // Nodes for which `frozen` holds stop learning, statistics included, until the next call; a parameter that a learning
  // node reads as well goes on.
  void Freeze(const std::function<bool(const Node&)>& frozen);
  // When set, BatchNormalization over planes takes its batch statistics from all processes: the differentiable sum over
  // them (Peers::Sum).
  std::function<at::Tensor(const at::Tensor&)> sum_over_peers;
  float batch_norm_momentum = 0.1f;                       // share of the new batch in the running statistics
  TrainingPrecision precision = TrainingPrecision::kF32;  // of Forward with `training`

  // Nodes and edges as given (its initializers are the weights at the start).
  const Graph& structure() const;
  // The graph with the present weights and statistics.
  Graph Export() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_TORCH_GRAPH_H_
