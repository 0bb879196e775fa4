#include "train/device.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "base/error.h"
#include "base/expect_error.h"
#include "train/optimizer.h"
#include "train/torch_graph.h"
#include "zoo/zoo.h"

namespace maskscope {
namespace {

constexpr int kSide = 64;

Graph SmallNetwork() { return BuildMobileNetV3({.size = MobileNetV3Size::kSmall, .dropout = 0}); }

struct Pass {
  at::Tensor logits;                            // [8, 3]
  std::map<std::string, at::Tensor> gradients;  // on the CPU
};

Pass RunOnce(const at::Device& device, TrainingPrecision precision) {
  torch::manual_seed(5);
  const at::Tensor pictures = at::randn({8, 3, kSide, kSide});
  TorchGraph graph(SmallNetwork(), device);
  graph.precision = precision;
  const at::Tensor logits = graph.Forward({{"input", pictures}}, true, {"logits"}).at("logits");
  at::log_softmax(logits, 1).select(1, 0).sum().neg().backward();
  Pass pass{logits.detach(), {}};
  for (const auto& [name, parameter] : graph.parameters()) {
    if (parameter.grad().defined()) pass.gradients.emplace(name, parameter.grad().to(at::kCPU));
  }
  return pass;
}

double Apart(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm().clamp_min(1e-9)).item<double>();
}

TEST(Device, NamesWhatItKnows) {
  EXPECT_TRUE(ParseDevice("cpu").is_cpu());
  ExpectError(ErrorKind::kUsage, {"wanted cpu, cuda or cuda:N"}, [] { ParseDevice("gpu"); });
  ExpectError(ErrorKind::kUsage, {"'cuda:x'"}, [] { ParseDevice("cuda:x"); });
  ExpectError(ErrorKind::kUsage, {"'cuda:-1'"}, [] { ParseDevice("cuda:-1"); });
}

TEST(Device, SaysWhatToDoWithoutCuda) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "this machine has CUDA";
  ExpectError(ErrorKind::kUsage, {"train with --device cpu"}, [] { ParseDevice("cuda"); });
}

TEST(Device, GivesOnTheGpuWhatItGivesOnTheCpu) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "NOT TESTED: this machine has no CUDA";
  const Pass here = RunOnce(at::Device(at::kCPU), TrainingPrecision::kF32);
  const Pass there = RunOnce(ParseDevice("cuda"), TrainingPrecision::kF32);
  EXPECT_TRUE(there.logits.is_cpu());
  EXPECT_LE(Apart(there.logits, here.logits), 1e-3);
  for (const auto& [name, gradient] : here.gradients) {
    EXPECT_LE(Apart(there.gradients.at(name), gradient), 1e-2) << name;
  }
}

TEST(MixedPrecision, IsNearFloat32AndNotTheSame) {
  const Pass exact = RunOnce(at::Device(at::kCPU), TrainingPrecision::kF32);
  const Pass mixed = RunOnce(at::Device(at::kCPU), TrainingPrecision::kBf16);
  EXPECT_EQ(mixed.logits.scalar_type(), at::kFloat);
  EXPECT_GT(Apart(mixed.logits, exact.logits), 1e-5) << "products were not rounded to bfloat16";
  EXPECT_LE(Apart(mixed.logits, exact.logits), 0.15);
  ASSERT_EQ(mixed.gradients.size(), exact.gradients.size());
  double product = 0, of_mixed = 0, of_exact = 0;
  for (const auto& [name, gradient] : exact.gradients) {
    const at::Tensor rounded = mixed.gradients.at(name);
    EXPECT_EQ(rounded.scalar_type(), at::kFloat) << name;
    product += (rounded * gradient).sum().item<double>();
    of_mixed += rounded.square().sum().item<double>();
    of_exact += gradient.square().sum().item<double>();
  }
  // Single activations at a kink go the other way at the least rounding: the way down must be the same as a whole.
  EXPECT_GT(product / std::sqrt(of_mixed * of_exact), 0.95);
  EXPECT_NEAR(std::sqrt(of_mixed / of_exact), 1, 0.1);
}

TEST(MixedPrecision, Learns) {
  torch::manual_seed(6);
  const at::Tensor pictures = at::randn({12, 3, kSide, kSide}), labels = at::arange(12).remainder(3);
  TorchGraph graph(SmallNetwork());
  graph.precision = TrainingPrecision::kBf16;
  Optimizer optimizer(graph.parameters(), {});
  double first = 0, last = 0;
  for (int step = 0; step < 15; ++step) {
    optimizer.ZeroGradients();
    const at::Tensor logits = graph.Forward({{"input", pictures}}, true, {"logits"}).at("logits");
    const at::Tensor loss = at::nll_loss(at::log_softmax(logits, 1), labels);
    loss.backward();
    optimizer.Step(2e-3);
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.2 * first);
}

// What is validated and shipped is what the weights say in float32.
TEST(MixedPrecision, IsOfTrainingAlone) {
  const at::NoGradGuard no_grad;
  const at::Tensor pictures = at::ones({1, 3, kSide, kSide});
  TorchGraph exact(SmallNetwork()), mixed(SmallNetwork());
  mixed.precision = TrainingPrecision::kBf16;
  EXPECT_TRUE(at::equal(exact.Forward({{"input", pictures}}, false).at("logits"),
                        mixed.Forward({{"input", pictures}}, false).at("logits")));
}

TEST(MixedPrecision, ReadsItsNames) {
  TrainingPrecision precision = TrainingPrecision::kF32;
  ParseEnum("bf16", precision);
  EXPECT_EQ(precision, TrainingPrecision::kBf16);
  EXPECT_EQ(EnumText(precision), "bf16");
  ExpectError(ErrorKind::kUsage, {"wanted f32 or bf16"}, [&] { ParseEnum("f16", precision); });
}

}  // namespace
}  // namespace maskscope
