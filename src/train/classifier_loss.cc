#include "train/classifier_loss.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace maskscope {

namespace {

// Marsaglia and Tsang 2000, with their step for shapes below 1.
double DrawGamma(double shape, Random& random) {
  if (shape < 1) return DrawGamma(shape + 1, random) * std::pow(random.Uniform(1e-12, 1), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double normal =
        std::sqrt(-2 * std::log(random.Uniform(1e-12, 1))) * std::cos(2 * std::numbers::pi * random.Uniform(0, 1));
    const double v = std::pow(1 + c * normal, 3);
    if (v > 0 && std::log(random.Uniform(1e-12, 1)) < 0.5 * normal * normal + d - d * v + d * std::log(v)) return d * v;
  }
}

double DrawBeta(double alpha, Random& random) {
  const double one = DrawGamma(alpha, random), other = DrawGamma(alpha, random);
  return one / (one + other);
}

// Pictures get a rectangle of the next one's; returns the share that stays.
double PasteNext(at::Tensor& pictures, double kept, Random& random) {
  const int64_t height = pictures.size(2), width = pictures.size(3);
  const double side = std::sqrt(1 - kept);
  const double centre_y = random.Uniform(0, 1), centre_x = random.Uniform(0, 1);
  const auto edge = [](double share, int64_t size) {
    return std::clamp<int64_t>(std::llround(share * static_cast<double>(size)), 0, size);
  };
  const int64_t top = edge(centre_y - side / 2, height), bottom = edge(centre_y + side / 2, height);
  const int64_t left = edge(centre_x - side / 2, width), right = edge(centre_x + side / 2, width);
  const at::Tensor next = at::roll(pictures, {1}, {0});
  pictures = pictures.clone();
  pictures.slice(2, top, bottom).slice(3, left, right).copy_(next.slice(2, top, bottom).slice(3, left, right));
  return 1 - static_cast<double>((bottom - top) * (right - left)) / static_cast<double>(height * width);
}

}  // namespace

void ClassifierLossOptions::Validate() const {
  Problems problems;
  const auto at_least_zero = [&](const char* field, double value) {
    problems.Require(std::isfinite(value) && value >= 0, field, std::to_string(value), "0 or more");
  };
  problems.Require(label_smoothing >= 0 && label_smoothing < 1, "label_smoothing", std::to_string(label_smoothing),
                   "0 or more, below 1");
  at_least_zero("focal_gamma", focal_gamma);
  at_least_zero("mixup", mixup);
  at_least_zero("cutmix", cutmix);
  problems.Require(teacher_share >= 0 && teacher_share <= 1, "teacher_share", std::to_string(teacher_share), "0 to 1");
  problems.Require(teacher_temperature > 0, "teacher_temperature", std::to_string(teacher_temperature), "more than 0");
  problems.Require(std::all_of(class_weights.begin(), class_weights.end(), [](double w) { return w > 0; }),
                   "class_weights", "a number that is not positive", "positive numbers");
  problems.ThrowIfAny(ErrorKind::kUsage, "classifier loss");
}

at::Tensor SoftTargets(const at::Tensor& labels, int64_t states, double label_smoothing) {
  const at::Tensor targets = at::one_hot(labels, states).to(at::kFloat);
  return label_smoothing == 0 ? targets
                              : targets * (1 - label_smoothing) + label_smoothing / static_cast<double>(states);
}

void MixBatch(const ClassifierLossOptions& options, Random& random, at::Tensor& pictures, at::Tensor& targets) {
  if (options.mixup == 0 && options.cutmix == 0) return;
  const bool paste = options.cutmix > 0 && (options.mixup == 0 || random.Below(2) == 1);
  double kept = DrawBeta(paste ? options.cutmix : options.mixup, random);
  // Batches are shuffled: the picture before is as good as any.
  if (paste) {
    kept = PasteNext(pictures, kept, random);
  } else {
    pictures = pictures * kept + at::roll(pictures, {1}, {0}) * (1 - kept);
  }
  targets = targets * kept + at::roll(targets, {1}, {0}) * (1 - kept);
}

at::Tensor ClassifierLoss(const at::Tensor& logits, const at::Tensor& targets, const ClassifierLossOptions& options) {
  const at::Tensor logs = at::log_softmax(logits, 1);  // [batch, states]
  at::Tensor terms = -targets * logs;
  if (options.focal_gamma > 0) terms = terms * (1 - logs.exp()).pow(options.focal_gamma);
  if (options.class_weights.empty()) return terms.sum(1).mean();
  const at::Tensor weights = torch::tensor(options.class_weights, at::kFloat);  // [states]
  return (terms * weights).sum() / (targets * weights).sum();
}

at::Tensor DistillationLoss(const at::Tensor& logits, const at::Tensor& teacher_logits, double temperature) {
  const at::Tensor logs = at::log_softmax(logits / temperature, 1);
  const at::Tensor teacher_logs = at::log_softmax(teacher_logits / temperature, 1);
  return (teacher_logs.exp() * (teacher_logs - logs)).sum(1).mean() * (temperature * temperature);
}

}  // namespace maskscope
