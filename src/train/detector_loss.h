#ifndef MASKSCOPE_TRAIN_DETECTOR_LOSS_H_
#define MASKSCOPE_TRAIN_DETECTOR_LOSS_H_

#include <ATen/core/Tensor.h>

namespace maskscope {

struct MultiboxOptions {
  double box_weight = 2;  // of the box loss against the face / background loss (RetinaFace's released code)
  double landmark_weight = 1;
  double state_weight = 1;  // of a one-stage detector's state loss
  double negatives_per_positive = 7;
  int least_negatives = 16;  // of a picture, also of one without faces
  void Validate() const;     // Errors: kUsage
};

// What a batch should come to. Shapes: A anchors a picture.
struct MultiboxTargets {
  at::Tensor roles;          // [batch, A] int8: 1 face, 0 background, -1 ignored
  at::Tensor boxes;          // [batch, A, 4] float, encoded; read where the role is 1
  at::Tensor landmarks;      // [batch, A, 10] float, encoded
  at::Tensor has_landmarks;  // [batch, A] bool; only where the role is 1
  at::Tensor states;         // [batch, A] int64: the face's state, -1 unknown; only where the role is 1
};

struct MultiboxLoss {
  at::Tensor total;                                   // scalar, with its gradient graph
  double box = 0, face = 0, landmark = 0, state = 0;  // the parts before their weights
};

// Liu et al. 2016 (SSD, section 2.2): smooth L1 of the encoded boxes over the face anchors, cross-entropy over face
// anchors and the hardest background anchors, both divided by the number of face anchors in the batch (at least 1);
// smooth L1 of the landmarks divided by the number of anchors that have them. Ignored anchors have no part in anything.
// `score_logits` [batch, A, 2] (background, face); `landmarks` may be undefined, and so may `states`: with
// `state_logits` [batch, A, states], their cross-entropy over the face anchors whose state is known, each weighted by
// `state_weights` [states].
struct StateOutput {
  at::Tensor state_logits, state_weights;
};
MultiboxLoss ComputeMultiboxLoss(const at::Tensor& boxes, const at::Tensor& score_logits, const at::Tensor& landmarks,
                                 const MultiboxTargets& targets, const MultiboxOptions& options = {},
                                 const StateOutput& states = {});

// The same for a network that gives each state a sigmoid of its own and background none: `class_logits` [batch, A,
// classes]. Background is that none holds; a face of a known class is that this one holds and the others do not (the
// sum of their binary cross-entropies, times `class_weights` [classes] of its class where they are defined); a face of
// unknown class is that at least one holds. `targets.states` are classes here. `state` of the result stays 0.
MultiboxLoss ComputeClassMultiboxLoss(const at::Tensor& boxes, const at::Tensor& class_logits,
                                      const MultiboxTargets& targets, const MultiboxOptions& options = {},
                                      const at::Tensor& class_weights = {});

// The background anchors that learn: for each picture the `negatives_per_positive` x (face anchors), at least
// `least_negatives`, of greatest loss. `background_loss` [batch, A]. Returns [batch, A] bool.
at::Tensor HardNegatives(const at::Tensor& background_loss, const at::Tensor& roles, const MultiboxOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_LOSS_H_
