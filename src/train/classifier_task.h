#ifndef MASKSCOPE_TRAIN_CLASSIFIER_TASK_H_
#define MASKSCOPE_TRAIN_CLASSIFIER_TASK_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "train/classifier_trainer.h"
#include "train/prefetch.h"
#include "train/spool.h"

namespace maskscope {

// In a record's provenance: what prior_correction added to the logits; taken back before the model is trained further.
inline constexpr const char* kLogitBias = "logit_bias";

// Faces ready to be drawn from.
struct ClassifierData {
  // Train: canvases [samples, 3, side, side] uint8 RGB; what is needed around each crop for augmentation.
  at::Tensor canvases;
  std::vector<int64_t> labels;
  std::vector<CropJitter> jitter;  // per sample
  std::vector<double> rates;       // per sample: draws in an epoch
  std::vector<double> prevalence;  // per state: faces in photos as they come, for prior_correction; empty: not known
  // Validation, exactly as the program feeds it: one [3, size, size] a sample, normalised; sizes may differ.
  std::vector<at::Tensor> validation;
  std::vector<int> validation_labels;
  std::vector<std::string> validation_names;  // of their pictures, for people
  std::shared_ptr<const Spool> spool;         // where the faces lie; null: in memory
};

// Classification by cross-entropy with label smoothing, on augmented crops made one step ahead of the network.
class ClassifierTask : public TrainingTask {
 public:
  // `record` is stored in the model files; its input size is that of validation. Errors: those of reading the teacher;
  // kBadModel when it is fed in another way than the student.
  // `share` says which part of every batch is made here.
  ClassifierTask(ClassifierData data, const ClassifierTrainingOptions& options, ModelRecord record,
                 BatchShare share = {});

  int64_t StepsPerEpoch(int epoch) const override;
  int64_t PicturesPerEpoch(int epoch) const override;
  void BeginEpoch(int epoch, int64_t first_step) override;
  StepResult Step(TorchGraph& graph, int epoch, int64_t step) override;
  NamedNumbers Validate(TorchGraph& graph, int epoch) override;
  Graph Package(Graph graph, const NamedNumbers& validation) override;

  void PrepareGraph(TorchGraph& graph, int epoch) override;
  void DrawBest(const RunFolder& folder) override;
  // Pictures of the first training batches, and of validation faces with their labels.
  void DrawStart(const RunFolder& folder);

  // One training batch, or this process's share of it: pictures [batch, 3, size, size] normalised, labels [batch] of
  // the pictures before any mixing, targets [batch, states] that add up to 1.
  struct Batch {
    at::Tensor pictures, labels, targets;
  };
  Batch MakeBatch(int epoch, int64_t step) const;

 private:
  std::vector<float> ValidationLogits(TorchGraph& graph) const;  // [sample, state]
  std::vector<int64_t> OrderOf(int epoch) const;
  // What prior_correction adds to the logits, with the temperature of the last validation.
  std::vector<double> LogitBias() const;

  ClassifierData data_;
  ClassifierTrainingOptions options_;
  ModelRecord record_;
  BatchShare share_;
  int64_t steps_ = 0;
  std::vector<int64_t> order_;            // of the epoch begun last
  std::unique_ptr<TorchGraph> teacher_;   // null without one
  std::vector<float> validation_logits_;  // [sample, state], of the last validation
  double temperature_ = 1;
  std::vector<double> bias_;  // of the logits, by prior_correction, in calibrated units (divided by the temperature)
  std::unique_ptr<Prefetcher<Batch>> batches_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CLASSIFIER_TASK_H_
