#include "train/detector_loss.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

at::Tensor SmoothL1Sum(const at::Tensor& found, const at::Tensor& wanted) {
  return at::smooth_l1_loss(found, wanted, at::Reduction::Sum);
}

// What both kinds of networks share. `as_background`, `as_face` [batch, A]: the loss of each anchor, were it that.
MultiboxLoss FaceAndBoxLoss(const at::Tensor& boxes, const at::Tensor& as_background, const at::Tensor& as_face,
                            const MultiboxTargets& targets, const MultiboxOptions& options) {
  const at::Tensor face = targets.roles == 1;
  const double count = static_cast<double>(std::max<int64_t>(face.sum().item<int64_t>(), 1));
  const at::Tensor negatives = HardNegatives(as_background, targets.roles, options);
  const at::Tensor face_loss =
      (as_face.masked_select(face).sum() + as_background.masked_select(negatives).sum()) / count;
  const at::Tensor box_loss = SmoothL1Sum(boxes.index({face}), targets.boxes.index({face})) / count;
  MultiboxLoss loss;
  loss.total = face_loss + options.box_weight * box_loss;
  loss.face = face_loss.item<double>();
  loss.box = box_loss.item<double>();
  return loss;
}

}  // namespace

void MultiboxOptions::Validate() const {
  Problems problems;
  problems.Require(box_weight >= 0, "box_weight", std::to_string(box_weight), "0 or more");
  problems.Require(state_weight >= 0, "state_weight", std::to_string(state_weight), "0 or more");
  problems.Require(landmark_weight >= 0, "landmark_weight", std::to_string(landmark_weight), "0 or more");
  problems.Require(negatives_per_positive > 0, "negatives_per_positive", std::to_string(negatives_per_positive),
                   "more than 0");
  problems.Require(least_negatives >= 0, "least_negatives", std::to_string(least_negatives), "0 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "multibox loss");
}

at::Tensor HardNegatives(const at::Tensor& background_loss, const at::Tensor& roles, const MultiboxOptions& options) {
  const at::Tensor background = roles == 0;
  const at::Tensor losses = background_loss.detach().masked_fill(~background, -1.0);
  const at::Tensor faces = (roles == 1).sum(1);
  const at::Tensor wanted =
      (faces.to(at::kFloat) * options.negatives_per_positive).ceil().to(at::kLong).clamp_min(options.least_negatives);
  const int64_t most = std::min<int64_t>(wanted.max().item<int64_t>(), losses.size(1));
  at::Tensor chosen = at::zeros_like(background);
  if (most == 0) return chosen;
  const at::Tensor order = std::get<1>(losses.topk(most, 1));
  const at::Tensor rank = at::arange(most, wanted.options()).unsqueeze(0);
  chosen.scatter_(1, order, rank < wanted.unsqueeze(1));
  return chosen & background;
}

MultiboxLoss ComputeMultiboxLoss(const at::Tensor& boxes, const at::Tensor& score_logits, const at::Tensor& landmarks,
                                 const MultiboxTargets& targets, const MultiboxOptions& options,
                                 const StateOutput& states) {
  const at::Tensor log_probability = at::log_softmax(score_logits, -1);
  MultiboxLoss loss =
      FaceAndBoxLoss(boxes, -log_probability.select(-1, 0), -log_probability.select(-1, 1), targets, options);
  const at::Tensor face = targets.roles == 1;
  if (landmarks.defined() && targets.has_landmarks.defined() && options.landmark_weight > 0) {
    const at::Tensor with = face & targets.has_landmarks;
    const double landmark_count = static_cast<double>(std::max<int64_t>(with.sum().item<int64_t>(), 1));
    const at::Tensor landmark_loss =
        SmoothL1Sum(landmarks.index({with}), targets.landmarks.index({with})) / landmark_count;
    loss.total = loss.total + options.landmark_weight * landmark_loss;
    loss.landmark = landmark_loss.item<double>();
  }
  if (states.state_logits.defined() && options.state_weight > 0) {
    const at::Tensor known = face & (targets.states >= 0);
    if (known.any().item<bool>()) {
      const at::Tensor state_loss = at::cross_entropy_loss(states.state_logits.index({known}),
                                                           targets.states.index({known}), states.state_weights);
      loss.total = loss.total + options.state_weight * state_loss;
      loss.state = state_loss.item<double>();
    }
  }
  return loss;
}

MultiboxLoss ComputeClassMultiboxLoss(const at::Tensor& boxes, const at::Tensor& class_logits,
                                      const MultiboxTargets& targets, const MultiboxOptions& options,
                                      const at::Tensor& class_weights) {
  // -log(1 - sigmoid(x)) = softplus(x); of all classes: that none holds.
  const at::Tensor as_background = at::softplus(class_logits).sum(-1);
  const at::Tensor known = targets.states.clamp_min(0);
  // -log(sigmoid(x)) = softplus(x) - x.
  at::Tensor as_known = as_background - class_logits.gather(-1, known.unsqueeze(-1)).squeeze(-1);
  if (class_weights.defined()) as_known = as_known * class_weights.index({known});
  constexpr double kLeast = 1e-6;  // of the chance of any class, so that its logarithm and gradient stay finite
  const at::Tensor as_any = -at::log(-at::expm1(-as_background.clamp_min(kLeast)));
  return FaceAndBoxLoss(boxes, as_background, at::where(targets.states >= 0, as_known, as_any), targets, options);
}

}  // namespace maskscope
