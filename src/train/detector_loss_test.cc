#include "train/detector_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace maskscope {
namespace {

// One picture, four anchors: a face, two background, one ignored.
MultiboxTargets Targets() {
  MultiboxTargets targets;
  targets.roles = torch::tensor({1, 0, 0, -1}, at::kInt).to(at::kChar).unsqueeze(0);
  targets.boxes = torch::zeros({1, 4, 4});
  targets.landmarks = torch::zeros({1, 4, 10});
  targets.has_landmarks = torch::zeros({1, 4}, at::kBool);
  return targets;
}

TEST(MultiboxLoss, HasTheValueWorkedOutByHand) {
  const at::Tensor logits = torch::zeros({1, 4, 2});  // every probability 1/2
  at::Tensor boxes = torch::zeros({1, 4, 4});
  boxes[0][0][0] = 0.5;  // smooth L1: 0.5 * 0.5^2
  boxes[0][0][1] = 3.0;  // 3 - 0.5
  boxes[0][1][2] = 9.0;  // a background anchor's box does not count
  const MultiboxLoss loss = ComputeMultiboxLoss(boxes, logits, at::Tensor(), Targets());
  EXPECT_NEAR(loss.box, 0.125 + 2.5, 1e-5);
  EXPECT_NEAR(loss.face, 3 * std::log(2.0), 1e-5);  // the face and two negatives (7 would be taken)
  EXPECT_NEAR(loss.total.item<double>(), loss.face + 2 * loss.box, 1e-5);
}

TEST(MultiboxLoss, CountsLandmarksOnlyWhereTheyAreLabelled) {
  MultiboxTargets targets = Targets();
  const at::Tensor landmarks = torch::full({1, 4, 10}, 2.0);
  const at::Tensor zeros = torch::zeros({1, 4, 4}), logits = torch::zeros({1, 4, 2});
  EXPECT_EQ(ComputeMultiboxLoss(zeros, logits, landmarks, targets).landmark, 0.0);
  targets.has_landmarks[0][0] = true;
  targets.has_landmarks[0][1] = true;  // no face there
  EXPECT_NEAR(ComputeMultiboxLoss(zeros, logits, landmarks, targets).landmark, 10 * 1.5, 1e-5);
}

TEST(MultiboxLoss, IgnoredAnchorsGetNoGradient) {
  const at::Tensor boxes = torch::randn({1, 4, 4}).requires_grad_(true);
  const at::Tensor logits = torch::randn({1, 4, 2}).requires_grad_(true);
  const at::Tensor landmarks = torch::randn({1, 4, 10}).requires_grad_(true);
  MultiboxTargets targets = Targets();
  targets.has_landmarks.fill_(true);
  ComputeMultiboxLoss(boxes, logits, landmarks, targets).total.backward();
  for (const at::Tensor& value : {boxes, logits, landmarks}) {
    EXPECT_EQ(value.grad().select(1, 3).abs().max().item<double>(), 0.0);
    EXPECT_GT(value.grad().select(1, 0).abs().max().item<double>(), 0.0);
  }
  EXPECT_EQ(boxes.grad().select(1, 1).abs().max().item<double>(), 0.0);
}

TEST(MultiboxLoss, IsFiniteWithoutAnyFace) {
  MultiboxTargets targets = Targets();
  targets.roles.fill_(0);
  const MultiboxLoss loss =
      ComputeMultiboxLoss(torch::zeros({1, 4, 4}), torch::zeros({1, 4, 2}), torch::zeros({1, 4, 10}), targets);
  EXPECT_NEAR(loss.total.item<double>(), 4 * std::log(2.0), 1e-5);
  EXPECT_EQ(loss.box, 0.0);
}

// A loss for sigmoids, one number at a time; every background anchor is among the hardest.
double SlowFaceLoss(const at::Tensor& logits, const MultiboxTargets& targets, const at::Tensor& weights) {
  const auto probability = [&](int64_t i, int64_t a, int64_t c) {
    return 1 / (1 + std::exp(-logits[i][a][c].item<double>()));
  };
  double sum = 0, faces = 0;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    for (int64_t a = 0; a < logits.size(1); ++a) {
      const int role = targets.roles[i][a].item<int>();
      const int64_t right = targets.states[i][a].item<int64_t>();
      if (role < 0) continue;
      double none = 0;
      for (int64_t c = 0; c < logits.size(2); ++c) none -= std::log(1 - probability(i, a, c));
      if (role == 0) {
        sum += none;
        continue;
      }
      ++faces;
      if (right < 0) {
        sum -= std::log(1 - std::exp(-none));
        continue;
      }
      double loss = -std::log(probability(i, a, right));
      for (int64_t c = 0; c < logits.size(2); ++c) {
        if (c != right) loss -= std::log(1 - probability(i, a, c));
      }
      sum += loss * weights[right].item<double>();
    }
  }
  return sum / std::max(faces, 1.0);
}

TEST(ClassMultiboxLoss, AgreesWithTheSlowOneOnAnyShape) {
  torch::manual_seed(3);
  MultiboxOptions options;
  options.least_negatives = 1000;
  for (int round = 0; round < 30; ++round) {
    const int64_t batch = 1 + round % 3, anchors = 1 + (round * 7) % 11, classes = 1 + round % 4;
    MultiboxTargets targets;
    targets.roles = at::randint(-1, 2, {batch, anchors}, at::kChar);
    targets.boxes = at::randn({batch, anchors, 4});
    targets.states = at::randint(-1, classes, {batch, anchors}, at::kLong);
    const at::Tensor logits = at::randn({batch, anchors, classes}) * 3, weights = at::rand({classes}) + 0.5;
    const at::Tensor boxes = at::randn({batch, anchors, 4});
    const MultiboxLoss loss = ComputeClassMultiboxLoss(boxes, logits, targets, options, weights);
    const double wanted = SlowFaceLoss(logits, targets, weights);
    EXPECT_NEAR(loss.face, wanted, 1e-4 * std::max(1.0, wanted)) << "round " << round << ", " << logits.sizes();
    EXPECT_NEAR(loss.total.item<double>(), loss.face + 2 * loss.box, 1e-4 * std::max(1.0, loss.total.item<double>()));
  }
}

TEST(ClassMultiboxLoss, IsFiniteWhereTheNetworkIsSure) {
  MultiboxTargets targets = Targets();
  targets.states = torch::full({1, 4}, -1, at::kLong);
  for (const double sure : {-200.0, 200.0}) {
    const at::Tensor logits = torch::full({1, 4, 3}, sure).requires_grad_(true);
    const at::Tensor total = ComputeClassMultiboxLoss(torch::zeros({1, 4, 4}), logits, targets).total;
    total.backward();
    EXPECT_TRUE(std::isfinite(total.item<double>()));
    EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
  }
}

TEST(HardNegatives, TakesTheHardestOfEachPicture) {
  MultiboxOptions options;
  options.negatives_per_positive = 2;
  options.least_negatives = 1;
  const at::Tensor roles = torch::tensor({{1, 0, 0, 0, -1}, {0, 0, 0, 0, 0}}, at::kInt).to(at::kChar);
  const at::Tensor losses = torch::tensor({{9.0f, 1.0f, 3.0f, 2.0f, 9.0f}, {1.0f, 2.0f, 5.0f, 4.0f, 3.0f}});
  const at::Tensor chosen = HardNegatives(losses, roles, options);
  const at::Tensor wanted = torch::tensor({{0, 0, 1, 1, 0}, {0, 0, 1, 0, 0}}, at::kInt).to(at::kBool);
  EXPECT_TRUE(at::equal(chosen, wanted)) << chosen;
}

TEST(HardNegatives, AsksForNoMoreThanThereAre) {
  MultiboxOptions options;
  options.least_negatives = 100;
  const at::Tensor roles = torch::tensor({{1, 0, 0, -1}}, at::kInt).to(at::kChar);
  EXPECT_EQ(HardNegatives(torch::ones({1, 4}), roles, options).sum().item<int64_t>(), 2);
  options.least_negatives = 0;
  EXPECT_EQ(HardNegatives(torch::ones({1, 4}), torch::zeros_like(roles), options).sum().item<int64_t>(), 0);
}

}  // namespace
}  // namespace maskscope
