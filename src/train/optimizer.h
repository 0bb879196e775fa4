#ifndef MASKSCOPE_TRAIN_OPTIMIZER_H_
#define MASKSCOPE_TRAIN_OPTIMIZER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace maskscope {

using NamedTensors = std::map<std::string, at::Tensor>;

// kSgd: momentum, Nesterov's form. kAdam: Kingma and Ba 2015. kAdamW: Loshchilov and Hutter 2019. kAdagrad: Duchi et
// al. 2011. kRmsProp: Hinton's lecture 6e, its running mean by `beta2`, with `momentum`. Formulas as in PyTorch.
enum class OptimizerKind { kSgd, kAdam, kAdamW, kAdagrad, kRmsProp };
// "sgd", "adam", "adamw", "adagrad", "rmsprop". Errors: kUsage
OptimizerKind ParseOptimizer(const std::string& text);
std::string_view OptimizerName(OptimizerKind kind);

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  // On tensors of rank 2 and more: BatchNormalization and biases are left alone. Decoupled (per unit of learning rate)
  // for SGD and AdamW; the others add weight_decay times the weight to the gradient, as their papers' users do.
  double weight_decay = 0.02;
  double momentum = 0.9;  // SGD, RMSprop
  double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8;
  double clip_norm = 0;  // gradients are scaled down to this L2 norm over all parameters; 0 = never
  // Learning rate factors by name prefix, the first that fits; 0 freezes.
  std::vector<std::pair<std::string, double>> rate_factors;
  void Validate() const;  // Errors: kUsage
};

// Updates tensors in place from their gradients. Its whole state can be taken out and put back. Not thread-safe.
class Optimizer {
 public:
  // `parameters` are shared, not copied: the tensors of TorchGraph::parameters().
  Optimizer(NamedTensors parameters, const OptimizerOptions& options);

  void ZeroGradients();
  // One update; parameters without a gradient stay. Returns the L2 norm of all gradients before clipping (NaN or inf
  // when a gradient is: then nothing is changed).
  double Step(double learning_rate);

  NamedTensors State() const;  // shared tensors, not copies
  // Errors: kBadData when a tensor is missing or has another shape.
  void LoadState(const NamedTensors& state);

 private:
  double GradientNorm() const;
  void UpdateSgd(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate);
  void UpdateAdam(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate);
  void UpdateAdagrad(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate);
  void UpdateRmsProp(const std::string& name, at::Tensor& parameter, const at::Tensor& gradient, double rate);
  double RateFactor(const std::string& name) const;

  NamedTensors parameters_, first_, second_;
  OptimizerOptions options_;
  int64_t steps_ = 0;
};

// Exponential moving average of weights and statistics: what is validated and shipped. The decay warms up,
// min(decay, (1 + updates) / (10 + updates)), so that the random start is forgotten soon.
class WeightAverage {
 public:
  WeightAverage(const NamedTensors& parameters, const NamedTensors& buffers, double decay);
  void Update(const NamedTensors& parameters, const NamedTensors& buffers);
  // Exchanges the averages with the live values; calling it again puts them back.
  void Swap(const NamedTensors& parameters, const NamedTensors& buffers);

  NamedTensors State() const;
  void LoadState(const NamedTensors& state);  // Errors: kBadData

 private:
  NamedTensors averages_;
  double decay_;
  int64_t updates_ = 0;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_OPTIMIZER_H_
