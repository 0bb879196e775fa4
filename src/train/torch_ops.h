#ifndef MASKSCOPE_TRAIN_TORCH_OPS_H_
#define MASKSCOPE_TRAIN_TORCH_OPS_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

// ONNX operators as libtorch expressions that autograd can go back through. Internal to train.
namespace maskscope {

// One node at the moment it runs. Integer values (shapes, indices) are int64 tensors on the CPU; floats may be
// anywhere.
struct OpCall {
  const Node& node;
  const std::vector<at::Tensor>& inputs;  // undefined where an optional input is absent
  bool training = false;
  bool batch_statistics = false;     // BatchNormalization: take (and learn) the statistics of the batch
  float batch_norm_momentum = 0.1f;  // share of the new batch in the running statistics
  const std::function<at::Tensor(const at::Tensor&)>* sum_over_peers = nullptr;  // for the statistics, when not null
  bool may_overwrite_input =
      false;  // nobody else reads input 0, and its producer does not need its value for the gradient

  bool Has(size_t i) const { return i < inputs.size() && inputs[i].defined(); }
  // Errors: kBadModel naming the node when the input is absent.
  const at::Tensor& In(size_t i) const;
  // The integers of input i (a CPU int64 tensor). Errors: kBadModel when it is float or absent.
  std::vector<int64_t> Ints(size_t i) const;
};

using OpFunction = std::vector<at::Tensor> (*)(const OpCall&);
using OpTable = std::map<std::string, OpFunction>;

// Every operator the trainer runs.
const OpTable& TorchOps();

// Its parts, by subject.
void AddLayerOps(OpTable& table);        // torch_ops_layers.cc: convolution, pooling, normalisation, linear
void AddElementwiseOps(OpTable& table);  // torch_ops_elementwise.cc: arithmetic and activations
void AddShapeOps(OpTable& table);        // torch_ops_shape.cc: everything that only moves values about
void AddResizeOps(OpTable& table);       // torch_ops_resize.cc

// Throws Error{kUnsupported} "node 'N' (Op): MESSAGE".
[[noreturn]] void Unsupported(const Node& node, const std::string& message);
// Throws Error{kBadModel} in the same form.
[[noreturn]] void BadNode(const Node& node, const std::string& message);
// `axis` counted from the front. Errors: kBadModel when it is outside [-rank, rank).
int64_t NormalAxis(const Node& node, int64_t axis, int64_t rank);

at::Tensor ToTorch(const Tensor& tensor);    // floats as float32, everything else as int64; a copy
Tensor FromTorch(const at::Tensor& tensor);  // float32 or int64, any memory format; a copy

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_TORCH_OPS_H_
