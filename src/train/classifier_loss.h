#ifndef MASKSCOPE_TRAIN_CLASSIFIER_LOSS_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_LOSS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"

// What a classifier is punished for, and how its labels are made softer.
namespace maskscope {

struct ClassifierLossOptions {
  double label_smoothing = 0.05;      // 0..1: share of certainty taken from the label and dealt to all states
  double focal_gamma = 0;             // Lin et al. 2017: (1 - p)^gamma before each term; 0 = cross-entropy
  std::vector<double> class_weights;  // one a state, or none: all 1
  double mixup = 0;                   // Zhang et al. 2018: alpha of the Beta distribution; 0 = off
  double cutmix = 0;                  // Yun et al. 2019: alpha; 0 = off. With both, each batch draws one of them
  std::string teacher;                // .onnx classifier to learn from as well (Hinton et al. 2015); empty = none
  double teacher_share = 0.5;         // 0..1 of the loss
  double teacher_temperature = 3;     // of both softmaxes
  void Validate() const;              // Errors: kUsage
};

// labels: [batch] int64 -> [batch, states] float, rows that add up to 1, smoothed.
at::Tensor SoftTargets(const at::Tensor& labels, int64_t states, double label_smoothing);

// Mixes each picture with another of the batch, and its targets in the same measure: mixup blends them, cutmix pastes a
// rectangle. pictures: [batch, 3, height, width], targets: [batch, states]; both are replaced. Nothing happens where
// both alphas are 0.
void MixBatch(const ClassifierLossOptions& options, Random& random, at::Tensor& pictures, at::Tensor& targets);

// logits, targets: [batch, states]. Mean over the batch; with class weights, divided by the weights' sum as PyTorch's
// cross-entropy does. Returns a scalar.
at::Tensor ClassifierLoss(const at::Tensor& logits, const at::Tensor& targets, const ClassifierLossOptions& options);

// Kullback-Leibler divergence of the student from the teacher at the options' temperature, times its square so that
// gradients keep their size; mean over the batch. logits, teacher_logits: [batch, states]. Returns a scalar.
at::Tensor DistillationLoss(const at::Tensor& logits, const at::Tensor& teacher_logits, double temperature);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_LOSS_H_
