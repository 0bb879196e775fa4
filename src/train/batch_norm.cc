#include "train/batch_norm.h"

#include <torch/torch.h>

#include "base/error.h"

namespace maskscope {

namespace {

struct Moments {
  at::Tensor sum, squares;  // [channels], double
  double count = 0;
};

Moments Measure(const std::vector<at::Tensor>& batches) {
  Moments moments;
  for (const at::Tensor& x : batches) {
    const at::Tensor wide = x.to(at::kDouble);
    std::vector<int64_t> axes{0};
    for (int64_t i = 2; i < x.dim(); ++i) axes.push_back(i);
    const at::Tensor sum = wide.sum(axes), squares = (wide * wide).sum(axes);
    moments.sum = moments.count > 0 ? moments.sum + sum : sum;
    moments.squares = moments.count > 0 ? moments.squares + squares : squares;
    moments.count += static_cast<double>(x.numel() / x.size(1));
  }
  return moments;
}

at::Tensor Find(const NamedTensors& tensors, const Node& node, size_t input) {
  const auto found = tensors.find(node.inputs.at(input));
  if (found == tensors.end()) {
    throw Error{ErrorKind::kUnsupported, "node '" + node.name + "' (BatchNormalization): input " +
                                             std::to_string(input) + " is computed, wanted a weight"};
  }
  return found->second;
}

}  // namespace

void RecenterBatchNorm(TorchGraph& graph, const std::vector<NamedTensors>& batches) {
  const at::NoGradGuard no_grad;
  // Sums rather than the values themselves: those of all layers at once would fill the memory.
  std::map<std::string, Moments> moments;
  std::vector<std::string> taps;
  for (const Node& node : graph.structure().nodes) {
    if (node.op == "BatchNormalization") taps.push_back(node.inputs.at(0));
  }
  for (const NamedTensors& batch : batches) {
    for (const auto& [name, value] : graph.Forward(batch, false, taps)) {
      const Moments measured = Measure({value});
      Moments& all = moments[name];
      all.sum = all.count > 0 ? all.sum + measured.sum : measured.sum;
      all.squares = all.count > 0 ? all.squares + measured.squares : measured.squares;
      all.count += measured.count;
    }
  }
  for (const Node& node : graph.structure().nodes) {
    if (node.op != "BatchNormalization" || batches.empty()) continue;
    const Moments& measured = moments.at(node.inputs[0]);
    const double epsilon = node.Float("epsilon", 1e-5f);
    const at::Tensor mean = measured.sum / measured.count;
    const at::Tensor variance = (measured.squares / measured.count - mean * mean).clamp_min(0);
    at::Tensor scale = Find(graph.parameters(), node, 1), shift = Find(graph.parameters(), node, 2);
    at::Tensor old_mean = Find(graph.buffers(), node, 3), old_variance = Find(graph.buffers(), node, 4);
    const auto exact = [](const at::Tensor& tensor) { return tensor.to(at::kCPU, at::kDouble); };
    const at::Tensor slope = exact(scale) / (exact(old_variance) + epsilon).sqrt();
    shift.add_((slope * (mean - exact(old_mean))).to(shift.options()));
    scale.copy_(slope * (variance + epsilon).sqrt());
    old_mean.copy_(mean);
    old_variance.copy_(variance);
  }
}

}  // namespace maskscope
