#include "train/detector_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

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
