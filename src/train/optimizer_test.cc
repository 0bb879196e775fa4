#include "train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "data/test_folder.h"

namespace maskscope {
namespace {

at::Tensor Parameter(at::IntArrayRef shape, std::vector<float> values) {
  return torch::tensor(values).reshape(shape).clone().requires_grad_(true);
}

void SetGradient(const NamedTensors& parameters, const std::string& name, std::vector<float> values) {
  at::Tensor parameter = parameters.at(name);
  parameter.mutable_grad() = torch::tensor(values).reshape(parameter.sizes());
}

float At(const NamedTensors& tensors, const std::string& name, int64_t i) {
  return tensors.at(name).detach().reshape({-1})[i].item<float>();
}

constexpr OptimizerKind kAllKinds[] = {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW,
                                       OptimizerKind::kAdagrad, OptimizerKind::kRmsProp};

// libtorch's own optimizers, on the same gradients, are the reference. Decay of 0 where ours is on weights alone.
template <typename Reference, typename ReferenceOptions>
void ExpectSteps(const OptimizerOptions& options, const ReferenceOptions& reference_options) {
  torch::manual_seed(5);
  const at::Tensor start = at::randn({3, 4});
  NamedTensors ours{{"w", start.clone().requires_grad_(true)}};
  at::Tensor theirs = start.clone().requires_grad_(true);
  Optimizer optimizer(ours, options);
  Reference reference({theirs}, reference_options);
  for (int step = 0; step < 5; ++step) {
    const at::Tensor gradient = at::randn({3, 4});
    at::Tensor mine = ours.at("w");
    mine.mutable_grad() = gradient.clone();
    theirs.mutable_grad() = gradient.clone();
    optimizer.Step(0.01);
    reference.step();
    EXPECT_LT((mine - theirs).abs().max().item<float>(), 1e-6) << OptimizerName(options.kind) << " step " << step;
  }
}

TEST(Optimizer, EqualsLibtorch) {
  OptimizerOptions options;
  options.weight_decay = 0.1;
  options.kind = OptimizerKind::kAdam;
  ExpectSteps<torch::optim::Adam>(options,
                                  torch::optim::AdamOptions(0.01).betas({0.9, 0.99}).eps(1e-8).weight_decay(0.1));
  options.kind = OptimizerKind::kAdamW;
  ExpectSteps<torch::optim::AdamW>(options,
                                   torch::optim::AdamWOptions(0.01).betas({0.9, 0.99}).eps(1e-8).weight_decay(0.1));
  options.kind = OptimizerKind::kAdagrad;
  ExpectSteps<torch::optim::Adagrad>(options, torch::optim::AdagradOptions(0.01).eps(1e-8).weight_decay(0.1));
  options.kind = OptimizerKind::kRmsProp;
  for (const double momentum : {0.0, 0.9}) {
    options.momentum = momentum;
    ExpectSteps<torch::optim::RMSprop>(
        options, torch::optim::RMSpropOptions(0.01).alpha(0.99).eps(1e-8).weight_decay(0.1).momentum(momentum));
  }
  options.kind = OptimizerKind::kSgd;
  options.weight_decay = 0;
  options.momentum = 0.9;
  ExpectSteps<torch::optim::SGD>(options, torch::optim::SGDOptions(0.01).momentum(0.9).nesterov(true));
}

// The first step of Adam moves each number by the learning rate against the sign of its gradient; AdamW first shrinks
// the weights (rank 2 and more only) by rate * decay.
TEST(AdamW, FirstStepsByHand) {
  NamedTensors parameters{{"weight", Parameter({1, 2}, {1, -2})}, {"bias", Parameter({1}, {4})}};
  OptimizerOptions options;
  options.weight_decay = 0.5;
  options.beta1 = 0.9;
  options.beta2 = 0.99;
  Optimizer optimizer(parameters, options);
  SetGradient(parameters, "weight", {3, -0.01f});
  SetGradient(parameters, "bias", {2});
  EXPECT_NEAR(optimizer.Step(0.1), std::sqrt(9 + 0.0001 + 4), 1e-5);
  EXPECT_NEAR(At(parameters, "weight", 0), 1 * 0.95 - 0.1, 1e-6);
  EXPECT_NEAR(At(parameters, "weight", 1), -2 * 0.95 + 0.1, 1e-5);
  EXPECT_NEAR(At(parameters, "bias", 0), 4 - 0.1, 1e-6);

  // Second step, gradient -1 after 2: moments 0.9 * 0.2 - 0.1 and 0.99 * 0.04 + 0.01, then the bias corrections.
  SetGradient(parameters, "weight", {0, 0});
  SetGradient(parameters, "bias", {-1});
  optimizer.Step(0.1);
  const double first = (0.9 * 0.2 - 0.1) / (1 - 0.81), second = (0.99 * 0.04 + 0.01) / (1 - 0.9801);
  EXPECT_NEAR(At(parameters, "bias", 0), 3.9 - 0.1 * first / std::sqrt(second), 1e-5);
}

TEST(Sgd, NesterovMomentumByHand) {
  NamedTensors parameters{{"bias", Parameter({1}, {1})}};
  OptimizerOptions options;
  options.kind = OptimizerKind::kSgd;
  options.momentum = 0.5;
  Optimizer optimizer(parameters, options);
  SetGradient(parameters, "bias", {2});
  optimizer.Step(0.1);  // velocity 2; step 0.1 * (2 + 0.5 * 2)
  EXPECT_NEAR(At(parameters, "bias", 0), 0.7, 1e-6);
  SetGradient(parameters, "bias", {-4});
  optimizer.Step(0.1);  // velocity 0.5 * 2 - 4 = -3; step 0.1 * (-4 + 0.5 * -3)
  EXPECT_NEAR(At(parameters, "bias", 0), 0.7 + 0.55, 1e-6);
}

TEST(Optimizer, ClipsByTheNormOverAllParameters) {
  NamedTensors parameters{{"a", Parameter({1}, {0})}, {"b", Parameter({1}, {0})}};
  OptimizerOptions options;
  options.kind = OptimizerKind::kSgd;
  options.momentum = 0;
  options.clip_norm = 1;
  Optimizer optimizer(parameters, options);
  SetGradient(parameters, "a", {3});
  SetGradient(parameters, "b", {4});
  EXPECT_NEAR(optimizer.Step(1), 5, 1e-5);  // what was measured, not what was used
  EXPECT_NEAR(At(parameters, "a", 0), -0.6, 1e-6);
  EXPECT_NEAR(At(parameters, "b", 0), -0.8, 1e-6);
}

TEST(Optimizer, RateFactorsSlowAndFreezeByPrefix) {
  NamedTensors parameters{
      {"body.stem", Parameter({1, 1}, {1})}, {"body.block", Parameter({1, 1}, {1})}, {"head", Parameter({1, 1}, {1})}};
  OptimizerOptions options;
  options.kind = OptimizerKind::kSgd;
  options.momentum = 0;
  options.weight_decay = 0;
  options.rate_factors = {{"body.stem", 0}, {"body.", 0.1}};
  Optimizer optimizer(parameters, options);
  for (const char* name : {"body.stem", "body.block", "head"}) SetGradient(parameters, name, {1});
  optimizer.Step(0.5);
  EXPECT_EQ(At(parameters, "body.stem", 0), 1);
  EXPECT_NEAR(At(parameters, "body.block", 0), 0.95, 1e-6);
  EXPECT_NEAR(At(parameters, "head", 0), 0.5, 1e-6);
}

TEST(Optimizer, AGradientThatIsNotFiniteChangesNothing) {
  NamedTensors parameters{{"a", Parameter({1, 1}, {1})}, {"b", Parameter({1, 1}, {2})}};
  Optimizer optimizer(parameters, {});
  SetGradient(parameters, "a", {1});
  SetGradient(parameters, "b", {std::numeric_limits<float>::quiet_NaN()});
  EXPECT_FALSE(std::isfinite(optimizer.Step(0.1)));
  EXPECT_EQ(At(parameters, "a", 0), 1);
  EXPECT_EQ(At(optimizer.State(), "optimizer/steps", 0), 0);
}

TEST(Optimizer, ItsStateTakenOutAndPutBackGoesOnTheSame) {
  for (const OptimizerKind kind : kAllKinds) {
    OptimizerOptions options;
    options.kind = kind;
    NamedTensors one{{"w", Parameter({1, 2}, {1, 2})}};
    Optimizer first(one, options);
    SetGradient(one, "w", {0.3f, -0.7f});
    first.Step(0.01);

    NamedTensors two{{"w", one.at("w").detach().clone().requires_grad_(true)}};
    Optimizer second(two, options);
    second.LoadState(first.State());
    for (const NamedTensors* parameters : {&one, &two}) SetGradient(*parameters, "w", {-0.2f, 0.5f});
    first.Step(0.02);
    second.Step(0.02);
    EXPECT_TRUE(at::equal(one.at("w"), two.at("w"))) << OptimizerName(kind);
  }
}

TEST(Optimizer, RefusesTheStateOfAnotherNetwork) {
  Optimizer optimizer({{"w", Parameter({1, 2}, {1, 2})}}, {});
  Optimizer wider({{"w", Parameter({1, 3}, {1, 2, 3})}}, {});
  Optimizer other({{"v", Parameter({1, 2}, {1, 2})}}, {});
  ExpectError(ErrorKind::kBadData, {"'optimizer/first/w'", "shape"}, [&] { optimizer.LoadState(wider.State()); });
  ExpectError(ErrorKind::kBadData, {"'optimizer/first/w'"}, [&] { optimizer.LoadState(other.State()); });
}

TEST(Optimizer, NamesEveryBadField) {
  OptimizerOptions options;
  options.weight_decay = -1;
  options.momentum = 1;
  options.epsilon = 0;
  ExpectError(ErrorKind::kUsage, {"weight_decay", "momentum", "epsilon"}, [&] { options.Validate(); });
  ExpectError(ErrorKind::kUsage, {"'lamb'", "adamw"}, [] { ParseOptimizer("lamb"); });
}

// Decay of the first updates: 2/11, then 3/12.
TEST(WeightAverage, WarmsUpByHand) {
  const NamedTensors parameters{{"w", Parameter({1}, {0})}};
  const NamedTensors buffers{{"mean", torch::tensor({10.0f})}};
  WeightAverage average(parameters, buffers, 0.99);
  const auto set = [](const NamedTensors& tensors, const char* name, float value) {
    const at::NoGradGuard no_grad;
    at::Tensor(tensors.at(name)).fill_(value);
  };
  set(parameters, "w", 11);
  average.Update(parameters, buffers);
  EXPECT_NEAR(At(average.State(), "average/value/w", 0), 11 * 9.0 / 11, 1e-5);
  set(parameters, "w", 1);
  average.Update(parameters, buffers);
  EXPECT_NEAR(At(average.State(), "average/value/w", 0), 9 * 0.25 + 1 * 0.75, 1e-5);
  EXPECT_NEAR(At(average.State(), "average/value/mean", 0), 10, 1e-5);

  average.Swap(parameters, buffers);
  EXPECT_NEAR(At(parameters, "w", 0), 3, 1e-5);
  EXPECT_NEAR(At(average.State(), "average/value/w", 0), 1, 1e-5);
  average.Swap(parameters, buffers);
  EXPECT_EQ(At(parameters, "w", 0), 1);
}

TEST(WeightAverage, NeverDecaysSlowerThanAsked) {
  const NamedTensors parameters{{"w", Parameter({1}, {0})}};
  WeightAverage average(parameters, {}, 0.1);
  {
    const at::NoGradGuard no_grad;
    at::Tensor(parameters.at("w")).fill_(1);
  }
  average.Update(parameters, {});
  EXPECT_NEAR(At(average.State(), "average/value/w", 0), 0.9, 1e-6);
}

}  // namespace
}  // namespace maskscope
