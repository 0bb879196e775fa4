#include "train/classifier_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "data/test_folder.h"

namespace maskscope {
namespace {

float Difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<float>(); }

TEST(ClassifierLoss, EqualsLibtorchsCrossEntropy) {
  torch::manual_seed(3);
  const at::Tensor logits = at::randn({7, 3}), labels = at::randint(0, 3, {7}, at::kLong);
  for (const double smoothing : {0.0, 0.1}) {
    ClassifierLossOptions options;
    options.label_smoothing = smoothing;
    const at::Tensor targets = SoftTargets(labels, 3, smoothing);
    EXPECT_LT(Difference(targets.sum(1), at::ones({7})), 1e-6);
    EXPECT_LT(Difference(ClassifierLoss(logits, targets, options),
                         at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, smoothing)),
              1e-6);
  }
  ClassifierLossOptions weighted;
  weighted.class_weights = {1, 2, 0.5};
  EXPECT_LT(Difference(ClassifierLoss(logits, SoftTargets(labels, 3, 0), weighted),
                       at::cross_entropy_loss(logits, labels, torch::tensor({1.0f, 2.0f, 0.5f}))),
            1e-6);
}

TEST(ClassifierLoss, FocalByHand) {
  const at::Tensor logits = torch::tensor({{0.0f, 0.0f}});
  ClassifierLossOptions options;
  options.focal_gamma = 2;
  EXPECT_NEAR(ClassifierLoss(logits, torch::tensor({{1.0f, 0.0f}}), options).item<float>(), 0.25 * std::log(2), 1e-6);
}

TEST(ClassifierLoss, DistillationIsZeroForTheSameAndThePlainDivergenceAtOne) {
  torch::manual_seed(4);
  const at::Tensor student = at::randn({5, 3}), teacher = at::randn({5, 3});
  EXPECT_NEAR(DistillationLoss(teacher, teacher, 3).item<float>(), 0, 1e-6);
  const at::Tensor reference = at::kl_div(at::log_softmax(student, 1), at::softmax(teacher, 1), at::Reduction::Sum) / 5;
  EXPECT_LT(Difference(DistillationLoss(student, teacher, 1), reference), 1e-6);
}

// Picture i is all i, so that what stands where tells how much was mixed.
at::Tensor Numbered() { return at::arange(4, at::kFloat).reshape({4, 1, 1, 1}).expand({4, 3, 16, 16}).clone(); }

TEST(MixBatch, TargetsFollowThePixels) {
  for (const bool paste : {false, true}) {
    ClassifierLossOptions options;
    (paste ? options.cutmix : options.mixup) = 1;
    bool changed = false;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      Random random(seed);
      at::Tensor pictures = Numbered(), targets = at::eye(4);
      MixBatch(options, random, pictures, targets);
      EXPECT_LT(Difference(targets.sum(1), at::ones({4})), 1e-5);
      // Picture 2 is a mean of 2 and 1 (its neighbour) in the measure of its targets.
      const double kept = targets[2][2].item<double>();
      EXPECT_NEAR(targets[2][1].item<double>(), 1 - kept, 1e-6);
      EXPECT_NEAR(pictures[2].mean().item<double>(), 2 * kept + 1 * (1 - kept), 1e-4);
      const bool blended =
          ((pictures[2] - 2).abs() > 1e-4).logical_and((pictures[2] - 1).abs() > 1e-4).any().item<bool>();
      if (paste) {
        EXPECT_FALSE(blended);
      }
      changed = changed || kept < 0.95;
    }
    EXPECT_TRUE(changed);
  }
}

TEST(MixBatch, OffChangesNothing) {
  Random random(1);
  at::Tensor pictures = Numbered(), targets = at::eye(4);
  MixBatch({}, random, pictures, targets);
  EXPECT_TRUE(at::equal(pictures, Numbered()));
  EXPECT_TRUE(at::equal(targets, at::eye(4)));
}

// Beta(alpha, alpha) has mean 1/2 and variance 1 / (4 (2 alpha + 1)).
TEST(MixBatch, TheShareIsBetaDistributed) {
  for (const double alpha : {0.2, 1.0, 4.0}) {
    ClassifierLossOptions options;
    options.mixup = alpha;
    Random random(7);
    double sum = 0, squares = 0;
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) {
      at::Tensor pictures = at::zeros({2, 1, 1, 1}), targets = at::eye(2);
      MixBatch(options, random, pictures, targets);
      const double kept = targets[0][0].item<double>();
      sum += kept;
      squares += kept * kept;
    }
    const double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
    EXPECT_NEAR(mean, 0.5, 0.03) << alpha;
    EXPECT_NEAR(variance, 1 / (4 * (2 * alpha + 1)), 0.012) << alpha;
  }
}

TEST(ClassifierLossOptions, NamesEveryBadField) {
  ClassifierLossOptions options;
  options.label_smoothing = 1;
  options.focal_gamma = -1;
  options.teacher_share = 2;
  options.class_weights = {1, 0, 1};
  ExpectError(ErrorKind::kUsage, {"label_smoothing", "focal_gamma", "teacher_share", "class_weights"},
              [&] { options.Validate(); });
}

}  // namespace
}  // namespace maskscope
