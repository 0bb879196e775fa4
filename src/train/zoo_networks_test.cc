#include <gtest/gtest.h>
#include <torch/torch.h>

#include "engine/engine.h"
#include "train/torch_graph.h"
#include "train/torch_ops.h"
#include "zoo/zoo_testing.h"

// Every family of classifiers under autograd.
namespace maskscope {
namespace {

using testing::SmallClassifiers;

at::Tensor RunEngine(const Graph& graph, const at::Tensor& pictures) {
  const Tensor input = FromTorch(pictures);
  Engine engine(graph, {.precision = Precision::kF32});
  const RunResult result = engine.Run({{"input", {input.floats.data(), input.shape}}});
  const TensorView& logits = result.Get("logits");
  return ToTorch(Tensor::Floats(logits.shape, {logits.data, logits.data + logits.size()}));
}

TEST(ZooNetworks, TorchGraphAgreesWithTheEngine) {
  torch::manual_seed(2);
  for (const auto& [name, graph] : SmallClassifiers()) {
    const at::Tensor pictures = at::randn({2, 3, 45, 64}), wanted = RunEngine(graph, pictures);
    const at::NoGradGuard no_grad;
    const at::Tensor found = TorchGraph(graph).Forward({{"input", pictures}}, false).at("logits");
    EXPECT_LE((found - wanted).abs().max().item<double>(), 1e-4 * std::max(1.0, wanted.abs().max().item<double>()))
        << name;
  }
}

double TrainingLoss(TorchGraph& graph, const at::Tensor& pictures, const at::Tensor& labels, bool backward) {
  const at::Tensor logits = graph.Forward({{"input", pictures}}, true).at("logits");
  const at::Tensor loss = at::cross_entropy_loss(logits, labels);
  if (backward) loss.backward();
  return loss.item<double>();
}

TEST(ZooNetworks, AGradientStepLowersTheLoss) {
  torch::manual_seed(2);
  for (const auto& [name, start] : SmallClassifiers()) {
    SCOPED_TRACE(name);
    TorchGraph graph(start);
    const at::Tensor pictures = at::randn({6, 3, 40, 40}), labels = at::arange(6, at::kLong) % 3;
    const double before = TrainingLoss(graph, pictures, labels, true);
    double squares = 0;
    for (const auto& [parameter, value] : graph.parameters()) {
      ASSERT_TRUE(value.grad().defined()) << parameter << " has no gradient";
      squares += value.grad().square().sum().item<double>();
    }
    ASSERT_GT(squares, 0);
    {
      // A step that a straight loss would answer with a tenth less.
      const at::NoGradGuard no_grad;
      for (const auto& [parameter, value] : graph.parameters()) {
        at::Tensor(value).sub_(value.grad(), 0.1 * before / squares);
      }
    }
    const double after = TrainingLoss(graph, pictures, labels, false);
    EXPECT_LT(after, before - 0.02 * before);
  }
}

}  // namespace
}  // namespace maskscope
