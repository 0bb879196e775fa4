#include "train/optimizer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace maskscope {

namespace {

constexpr std::array<std::string_view, 5> kNames{"sgd", "adam", "adamw", "adagrad", "rmsprop"};

bool DecayIsDecoupled(OptimizerKind kind) { return kind == OptimizerKind::kSgd || kind == OptimizerKind::kAdamW; }

bool NeedsFirst(const OptimizerOptions& options) {
  return options.kind != OptimizerKind::kAdagrad && (options.kind != OptimizerKind::kRmsProp || options.momentum > 0);
}

// Copies `from`[name] into `to`. Errors: kBadData.
void Restore(const NamedTensors& from, const std::string& name, at::Tensor& to) {
  const auto found = from.find(name);
  if (found == from.end()) throw Error{ErrorKind::kBadData, "the checkpoint has no tensor '" + name + "'"};
  if (found->second.sizes() != to.sizes()) {
    throw Error{ErrorKind::kBadData, "tensor '" + name + "' of the checkpoint has another shape than the network's"};
  }
  const at::NoGradGuard no_grad;
  to.copy_(found->second);
}

at::Tensor Counter(int64_t value) { return at::full({1}, static_cast<double>(value), at::kFloat); }

int64_t ReadCounter(const NamedTensors& state, const std::string& name) {
  at::Tensor value = at::zeros({1}, at::kFloat);
  Restore(state, name, value);
  return static_cast<int64_t>(value.item<float>());
}

}  // namespace

OptimizerKind ParseOptimizer(const std::string& text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<OptimizerKind>(i);
  }
  throw Error{ErrorKind::kUsage,
              "optimizer '" + text + "' is not known, wanted " + fmt::format("{}", fmt::join(kNames, ", "))};
}

std::string_view OptimizerName(OptimizerKind kind) { return kNames.at(static_cast<size_t>(kind)); }

void OptimizerOptions::Validate() const {
  Problems problems;
  const auto share = [&](const char* field, double value) {
    problems.Require(value >= 0 && value < 1, field, std::to_string(value), "0 or more, below 1");
  };
  problems.Require(weight_decay >= 0, "weight_decay", std::to_string(weight_decay), "0 or more");
  problems.Require(clip_norm >= 0, "clip_norm", std::to_string(clip_norm), "0 or more");
  problems.Require(epsilon > 0, "epsilon", std::to_string(epsilon), "more than 0");
  share("momentum", momentum);
  share("beta1", beta1);
  share("beta2", beta2);
  problems.ThrowIfAny(ErrorKind::kUsage, "optimizer");
}

Optimizer::Optimizer(NamedTensors parameters, const OptimizerOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  options_.Validate();
  for (const auto& [name, parameter] : parameters_) {
    if (NeedsFirst(options_)) first_.emplace(name, at::zeros_like(parameter).detach());
    if (options_.kind != OptimizerKind::kSgd) second_.emplace(name, at::zeros_like(parameter).detach());
  }
}

void Optimizer::ZeroGradients() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = at::Tensor();
}

double Optimizer::GradientNorm() const {
  double sum = 0;
  for (const auto& [name, parameter] : parameters_) {
    if (!parameter.grad().defined()) continue;
    const double norm = parameter.grad().norm().item<double>();
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

double Optimizer::RateFactor(const std::string& name) const {
  for (const auto& [prefix, factor] : options_.rate_factors) {
    if (name.starts_with(prefix)) return factor;
  }
  return 1;
}

double Optimizer::Step(double learning_rate) {
  const at::NoGradGuard no_grad;
  const double norm = GradientNorm();
  if (!std::isfinite(norm)) return norm;
  const double scale = options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1;
  ++steps_;
  for (auto& [name, parameter] : parameters_) {
    const double rate = learning_rate * RateFactor(name);
    if (!parameter.grad().defined() || rate == 0) continue;
    at::Tensor gradient = scale == 1 ? parameter.grad() : parameter.grad() * scale;
    if (parameter.dim() >= 2 && options_.weight_decay > 0) {
      if (DecayIsDecoupled(options_.kind)) {
        parameter.mul_(1 - rate * options_.weight_decay);
      } else {
        gradient = gradient.add(parameter, options_.weight_decay);
      }
    }
    switch (options_.kind) {
      case OptimizerKind::kSgd:
        UpdateSgd(name, parameter, gradient, rate);
        break;
      case OptimizerKind::kAdam:
      case OptimizerKind::kAdamW:
        UpdateAdam(name, parameter, gradient, rate);
        break;
      case OptimizerKind::kAdagrad:
        UpdateAdagrad(name, parameter, gradient, rate);
        break;
      case OptimizerKind::kRmsProp:
        UpdateRmsProp(name, parameter, gradient, rate);
        break;
    }
  }
  return norm;
}

void Optimizer::UpdateSgd(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate) {
  at::Tensor& velocity = first_.at(name);
  velocity.mul_(options_.momentum).add_(gradient);
  parameter.add_(gradient, -rate).add_(velocity, -rate * options_.momentum);
}

void Optimizer::UpdateAdam(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate) {
  at::Tensor& first = first_.at(name);
  at::Tensor& second = second_.at(name);
  first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const double steps = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(options_.beta1, steps), correction2 = 1 - std::pow(options_.beta2, steps);
  const at::Tensor divisor = second.sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
  parameter.addcdiv_(first, divisor, -rate / correction1);
}

void Optimizer::UpdateAdagrad(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate) {
  at::Tensor& sum = second_.at(name);
  sum.addcmul_(gradient, gradient);
  parameter.addcdiv_(gradient, sum.sqrt().add_(options_.epsilon), -rate);
}

void Optimizer::UpdateRmsProp(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate) {
  at::Tensor& mean = second_.at(name);
  mean.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const at::Tensor divisor = mean.sqrt().add_(options_.epsilon);
  if (options_.momentum == 0) {
    parameter.addcdiv_(gradient, divisor, -rate);
    return;
  }
  at::Tensor& velocity = first_.at(name);
  velocity.mul_(options_.momentum).addcdiv_(gradient, divisor);
  parameter.add_(velocity, -rate);
}

NamedTensors Optimizer::State() const {
  NamedTensors state{{"optimizer/steps", Counter(steps_)}};
  for (const auto& [name, tensor] : first_) state.emplace("optimizer/first/" + name, tensor);
  for (const auto& [name, tensor] : second_) state.emplace("optimizer/second/" + name, tensor);
  return state;
}

void Optimizer::LoadState(const NamedTensors& state) {
  steps_ = ReadCounter(state, "optimizer/steps");
  for (auto& [name, tensor] : first_) Restore(state, "optimizer/first/" + name, tensor);
  for (auto& [name, tensor] : second_) Restore(state, "optimizer/second/" + name, tensor);
}

WeightAverage::WeightAverage(const NamedTensors& parameters, const NamedTensors& buffers, double decay)
    : decay_(decay) {
  for (const auto* group : {&parameters, &buffers}) {
    for (const auto& [name, tensor] : *group) averages_.emplace(name, tensor.detach().clone());
  }
}

void WeightAverage::Update(const NamedTensors& parameters, const NamedTensors& buffers) {
  const at::NoGradGuard no_grad;
  ++updates_;
  const double count = static_cast<double>(updates_);
  const double decay = std::min(decay_, (1 + count) / (10 + count));
  for (const auto* group : {&parameters, &buffers}) {
    for (const auto& [name, tensor] : *group) averages_.at(name).lerp_(tensor, 1 - decay);
  }
}

void WeightAverage::Swap(const NamedTensors& parameters, const NamedTensors& buffers) {
  const at::NoGradGuard no_grad;
  for (const auto* group : {&parameters, &buffers}) {
    for (const auto& [name, tensor] : *group) {
      at::Tensor live = tensor;
      const at::Tensor kept = live.detach().clone();
      live.copy_(averages_.at(name));
      averages_.at(name).copy_(kept);
    }
  }
}

NamedTensors WeightAverage::State() const {
  NamedTensors state{{"average/updates", Counter(updates_)}};
  for (const auto& [name, tensor] : averages_) state.emplace("average/value/" + name, tensor);
  return state;
}

void WeightAverage::LoadState(const NamedTensors& state) {
  updates_ = ReadCounter(state, "average/updates");
  for (auto& [name, tensor] : averages_) Restore(state, "average/value/" + name, tensor);
}

}  // namespace maskscope
