#ifndef MASKSCOPE_TRAIN_DETECTOR_TASK_H_
#define MASKSCOPE_TRAIN_DETECTOR_TASK_H_

#include <memory>
#include <optional>
#include <vector>

#include "analyze/detector.h"
#include "data/dataset.h"
#include "graph/model_record.h"
#include "train/detector_criterion.h"
#include "train/detector_sample.h"
#include "train/prefetch.h"
#include "train/training_loop.h"

namespace maskscope {

struct DetectorTaskOptions {
  int batch = 16;              // pictures a step
  int draws_per_epoch = 0;     // pictures an epoch; 0 = as many as there are
  int workers = 1;             // threads that prepare batches
  int validation_workers = 0;  // 0 = all cores
  uint64_t seed = 1;
  BatchShare share;  // of every batch, made here
  DetectorSampleOptions sample;
  // Multi-scale: sides of the input in pixels, multiples of 32, one drawn for every step; what is seen in it grows and
  // shrinks with it. Empty: sample.size alone.
  std::vector<int> sizes;
  CriterionOptions criterion;
  void Validate() const;  // Errors: kUsage
};

// One step's pictures and what the network should say of them.
struct DetectorBatch {
  at::Tensor input;  // [batch, 3, size, size], channels last, normalised
  DetectorTargets targets;
};

// Learns faces from labelled scenes, by the criterion that fits the record's decoding. Pictures are drawn with
// replacement, those with more faces more often (by the square root of their number, at most three times as often).
class DetectorTask : public TrainingTask {
 public:
  // `record` says how pictures are fed and boxes decoded, and is what Package stores. `train` may hold ignored faces
  // and landmarks.
  DetectorTask(std::vector<LabelledImage> train, std::vector<LabelledImage> validation, ModelRecord record,
               const DetectorTaskOptions& options);
  ~DetectorTask() override;

  int64_t StepsPerEpoch(int epoch) const override;
  int64_t PicturesPerEpoch(int epoch) const override;
  void BeginEpoch(int epoch, int64_t first_step) override;
  StepResult Step(TorchGraph& graph, int epoch, int64_t step) override;
  NamedNumbers Validate(TorchGraph& graph, int epoch) override;
  // val_batch0_labels.jpg and val_batch0_pred.jpg: held-back pictures as labelled and as the model sees them.
  void DrawBest(const RunFolder& folder) override;
  Graph Package(Graph graph, const NamedNumbers& validation) override;

  // labels.svg, and train_batch0.jpg to train_batch2.jpg: the first steps' inputs with what is to be learnt of them.
  void DrawStart(const RunFolder& folder) const;

  // The batch of a step: a function of the options, the data, epoch and step alone. Thread-safe.
  DetectorBatch MakeBatch(int epoch, int64_t step) const;
  // Its pictures and labels.
  std::vector<DetectorSample> DrawSamples(int epoch, int64_t step) const;

 private:
  std::vector<LabelledImage> train_, validation_;
  std::vector<double> weight_sums_;  // running sums of the pictures' weights
  // States are told beside faces.
  bool one_stage() const { return record_.task == ModelTask::kMaskDetector; }

  int SizeOfStep(int epoch, int64_t step) const;
  const LabelledImage& DrawPicture(Random& random) const;
  DetectorSample DrawSample(const DetectorSampleOptions& options, Random& random) const;

  ModelRecord record_;
  DetectorTaskOptions options_;
  std::unique_ptr<DetectorCriterion> criterion_;
  std::optional<Detector> validated_;  // of the last Validate
  std::unique_ptr<Prefetcher<DetectorBatch>> batches_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_TASK_H_
