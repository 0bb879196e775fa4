#include "train/torch_graph.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "graph/cost.h"
#include "train/torch_ops.h"

namespace maskscope {

namespace {

at::Tensor ChannelsLast(const at::Tensor& tensor) {
  return tensor.dim() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
}

}  // namespace

struct TorchGraph::Impl {
  struct Step {
    const Node* node;
    OpFunction function;
    std::vector<int> inputs, outputs;  // slots, -1 = absent
    bool batch_norm = false, frozen = false;
    bool may_overwrite = false;
  };

  Graph graph;
  at::Device device = at::Device(at::kCPU);
  std::map<std::string, at::Tensor> parameters, buffers;
  std::map<std::string, int> slots;   // value name -> slot
  std::vector<at::Tensor> constants;  // by slot; parameters, buffers and constants; undefined elsewhere
  std::vector<int> readers;           // by slot
  std::vector<Step> steps;

  int Slot(const std::string& value) {
    const auto [place, fresh] = slots.emplace(value, static_cast<int>(constants.size()));
    if (fresh) {
      constants.emplace_back();
      readers.push_back(0);
    }
    return place->second;
  }

  void SortInitializers();
  void BuildSteps();
  void FuseSilu();
  void MarkOverwrites();
  std::vector<bool> NeededSteps(const std::set<int>& wanted) const;
};

void TorchGraph::Impl::SortInitializers() {
  std::set<std::string> weights, statistics;
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor* tensor = graph.FindInitializer(node.inputs[i]);
      if (tensor == nullptr) continue;
      if (IsLearned(node, i, *tensor)) weights.insert(node.inputs[i]);
      if (node.op == "BatchNormalization" && i >= 3) statistics.insert(node.inputs[i]);
    }
  }
  for (const auto& [name, tensor] : graph.initializers) {
    at::Tensor value = ToTorch(tensor);
    // Single numbers stay where operators read them, and may be combined with tensors anywhere.
    if (tensor.is_float() && value.dim() > 0) value = value.to(device);
    if (weights.contains(name)) {
      value = ChannelsLast(value).requires_grad_(true);
      parameters.emplace(name, value);
    } else if (statistics.contains(name)) {
      buffers.emplace(name, value);
    }
    constants[static_cast<size_t>(Slot(name))] = value;
  }
}

void TorchGraph::Impl::BuildSteps() {
  for (const ValueInfo& input : graph.inputs) Slot(input.name);
  for (const Node& node : graph.nodes) {
    const auto found = TorchOps().find(node.op);
    if (found == TorchOps().end()) Unsupported(node, "this operator cannot be trained");
    Step step{&node, found->second, {}, {}, node.op == "BatchNormalization", false, false};
    for (const std::string& input : node.inputs) {
      step.inputs.push_back(input.empty() ? -1 : Slot(input));
      if (!input.empty()) ++readers[static_cast<size_t>(step.inputs.back())];
    }
    for (const std::string& output : node.outputs) step.outputs.push_back(output.empty() ? -1 : Slot(output));
    steps.push_back(std::move(step));
  }
}

std::vector<at::Tensor> Silu(const OpCall& call) { return {at::silu(call.In(0))}; }

// x * sigmoid(x) in one pass there and one back, where nodes say it in two.
void TorchGraph::Impl::FuseSilu() {
  std::map<int, int> gated;  // slot of sigmoid(x) -> slot of x
  for (Step& step : steps) {
    if (step.node->op == "Sigmoid") gated.emplace(step.outputs[0], step.inputs[0]);
    if (step.node->op != "Mul") continue;
    for (const size_t gate : {0u, 1u}) {
      const auto found = gated.find(step.inputs[gate]);
      if (found == gated.end() || found->second != step.inputs[1 - gate]) continue;
      --readers[static_cast<size_t>(step.inputs[gate])];
      step.function = Silu;
      step.inputs = {found->second};
      break;
    }
  }
}

// An activation may work in place on a BatchNormalization's output: that layer goes back by its input, and memory
// traffic is what training of small convolutional networks waits for.
void TorchGraph::Impl::MarkOverwrites() {
  std::set<int> free;
  for (Step& step : steps) {
    const bool activation = step.node->op == "Relu" || step.node->op == "Clip";
    step.may_overwrite = activation && free.contains(step.inputs[0]);
    if (step.batch_norm && readers[static_cast<size_t>(step.outputs[0])] == 1) free.insert(step.outputs[0]);
  }
}

std::vector<bool> TorchGraph::Impl::NeededSteps(const std::set<int>& wanted) const {
  std::vector<bool> needed(steps.size(), false);
  std::set<int> open = wanted;
  for (size_t i = steps.size(); i-- > 0;) {
    for (const int output : steps[i].outputs) needed[i] = needed[i] || open.contains(output);
    if (needed[i]) open.insert(steps[i].inputs.begin(), steps[i].inputs.end());
  }
  return needed;
}

TorchGraph::TorchGraph(const Graph& graph, const at::Device& device) : impl_(std::make_unique<Impl>()) {
  impl_->graph = graph;
  impl_->device = device;
  impl_->SortInitializers();
  impl_->BuildSteps();
  impl_->FuseSilu();
  impl_->MarkOverwrites();
}

TorchGraph::~TorchGraph() = default;

std::map<std::string, at::Tensor> TorchGraph::Forward(const std::map<std::string, at::Tensor>& inputs, bool training,
                                                      const std::vector<std::string>& outputs) {
  std::vector<std::string> names = outputs;
  if (names.empty()) {
    for (const ValueInfo& output : impl_->graph.outputs) names.push_back(output.name);
  }
  std::set<int> wanted;
  for (const std::string& name : names) {
    const auto slot = impl_->slots.find(name);
    if (slot == impl_->slots.end()) {
      throw Error{ErrorKind::kBadModel, "the graph has no value '" + name + "'"};
    }
    wanted.insert(slot->second);
  }
  std::optional<MixedPrecision> mixed;
  if (training && precision == TrainingPrecision::kBf16) mixed.emplace(impl_->device);
  std::vector<at::Tensor> values = impl_->constants;
  for (const ValueInfo& input : impl_->graph.inputs) {
    const auto given = inputs.find(input.name);
    if (given == inputs.end()) throw Error{ErrorKind::kBadModel, "the graph's input '" + input.name + "' is not given"};
    values[static_cast<size_t>(impl_->slots.at(input.name))] = ChannelsLast(given->second.to(impl_->device));
  }

  const std::vector<bool> needed = impl_->NeededSteps(wanted);
  std::vector<int> readers(values.size(), 0);
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    for (const int slot : impl_->steps[i].inputs) {
      if (slot >= 0) ++readers[static_cast<size_t>(slot)];
    }
  }
  std::vector<at::Tensor> arguments;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    const Impl::Step& step = impl_->steps[i];
    arguments.clear();
    for (const int slot : step.inputs) arguments.push_back(slot < 0 ? at::Tensor() : values[static_cast<size_t>(slot)]);
    OpCall call{*step.node, arguments};
    call.training = training;
    call.batch_statistics = step.batch_norm && training && !step.frozen;
    call.batch_norm_momentum = batch_norm_momentum;
    call.sum_over_peers = sum_over_peers ? &sum_over_peers : nullptr;
    call.may_overwrite_input = step.may_overwrite && !wanted.contains(step.inputs[0]);
    std::vector<at::Tensor> results = step.function(call);
    for (size_t k = 0; k < step.outputs.size() && k < results.size(); ++k) {
      if (step.outputs[k] >= 0) values[static_cast<size_t>(step.outputs[k])] = std::move(results[k]);
    }
    // Values go as soon as their last reader has run; under autograd those that the way back needs live on by
    // themselves.
    for (const int slot : step.inputs) {
      if (slot >= 0 && --readers[static_cast<size_t>(slot)] == 0 && !wanted.contains(slot)) {
        values[static_cast<size_t>(slot)] = at::Tensor();
      }
    }
  }
  std::map<std::string, at::Tensor> result;
  for (const std::string& name : names) {
    const at::Tensor& value = values[static_cast<size_t>(impl_->slots.at(name))];
    result[name] = value.is_floating_point() ? value.to(at::kCPU, at::kFloat) : value;
  }
  return result;
}

const std::map<std::string, at::Tensor>& TorchGraph::parameters() const { return impl_->parameters; }
const std::map<std::string, at::Tensor>& TorchGraph::buffers() const { return impl_->buffers; }

void TorchGraph::FreezeBatchNorm(const std::vector<std::string>& frozen_prefixes) {
  for (Impl::Step& step : impl_->steps) {
    step.frozen =
        step.batch_norm && std::any_of(frozen_prefixes.begin(), frozen_prefixes.end(),
                                       [&](const auto& prefix) { return step.node->name.starts_with(prefix); });
  }
}

void TorchGraph::Freeze(const std::function<bool(const Node&)>& frozen) {
  std::set<std::string> learning;
  for (Impl::Step& step : impl_->steps) {
    const bool still = frozen(*step.node);
    if (step.batch_norm) step.frozen = still;
    if (!still) learning.insert(step.node->inputs.begin(), step.node->inputs.end());
  }
  for (auto& [name, parameter] : impl_->parameters) {
    at::Tensor(parameter).requires_grad_(learning.contains(name));
  }
}

const Graph& TorchGraph::structure() const { return impl_->graph; }

Graph TorchGraph::Export() const {
  Graph graph = impl_->graph;
  for (const auto* group : {&impl_->parameters, &impl_->buffers}) {
    for (const auto& [name, tensor] : *group) graph.initializers.at(name) = FromTorch(tensor);
  }
  return graph;
}

}  // namespace maskscope
