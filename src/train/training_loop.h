#ifndef MASKSCOPE_TRAIN_TRAINING_LOOP_H_
#define MASKSCOPE_TRAIN_TRAINING_LOOP_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/progress.h"
#include "graph/graph.h"
#include "train/optimizer.h"
#include "train/peers.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/torch_graph.h"

// The loop that every training shares: steps, averaged weights, validation, files, stop and resume.
namespace maskscope {

struct LoopOptions {
  int epochs = 20;
  int patience = 0;  // epochs without a better score after which it ends; 0 = never
  int threads = 0;   // of libtorch; 0 = all cores
  uint64_t seed = 1;
  std::string device = "cpu";  // where the network computes: ParseDevice; the trainers put its graph there
  TrainingPrecision precision = TrainingPrecision::kF32;
  Schedule schedule;
  OptimizerOptions optimizer;
  double average_decay = 0.998;      // of the weights' moving average
  float batch_norm_momentum = 0.1f;  // share of the new batch in the running statistics
  // With several processes: BatchNormalization over the whole batch (as one process would), not over each one's share.
  bool joined_statistics = true;
  void Validate() const;  // Errors: kUsage, also for a device that is not there
};

// What a step gives back.
struct StepResult {
  at::Tensor loss;     // scalar, with its gradient graph
  int64_t images = 0;  // for the rate
  double waited = 0;   // seconds until its pictures were there
  NamedNumbers parts;  // further columns (means over the epoch), e.g. the parts of the loss; the same names each step
};

// One thing to learn. Every method must depend on its arguments, the options and the data alone, never on the calls
// before: a resumed training starts in the middle. Draw from Random(StepSeed(seed, epoch, step, ...)).
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;
  // Before every epoch that is begun or gone on with: what is to learn in it (frozen layers).
  virtual void PrepareGraph(TorchGraph&, int /*epoch*/) {}
  virtual int64_t StepsPerEpoch(int epoch) const = 0;
  virtual int64_t PicturesPerEpoch(int epoch) const = 0;  // for the progress line: the sum of StepResult::images
  // Before the first step that is run of an epoch: prepare batches `first_step` and after.
  virtual void BeginEpoch(int epoch, int64_t first_step) = 0;
  // Steps of an epoch come in order. libtorch's own generator has been seeded for this step.
  virtual StepResult Step(TorchGraph& graph, int epoch, int64_t step) = 0;
  // Judges the averaged weights (graph holds them; no gradients). "score" must be among the numbers: greater is better.
  virtual NamedNumbers Validate(TorchGraph& graph, int epoch) = 0;
  // After the best model so far was written: what shows how good it is. `folder` is the run's.
  virtual void DrawBest(const RunFolder& /*folder*/) {}
  // The model file: adds the record (classes, preprocessing, `validation` as measured) to the exported graph.
  virtual Graph Package(Graph graph, const NamedNumbers& validation) = 0;
};

// Different for each argument, the same on every machine.
uint64_t StepSeed(uint64_t seed, int epoch, int64_t step, uint64_t further = 0);

// Which part of every batch this process sees: shares are dealt out in order, all of the same size.
struct BatchShare {
  int index = 0, count = 1;
};

struct LoopHooks {
  Progress* progress = nullptr;                         // may be null
  std::function<void(const NamedNumbers&)> epoch_done;  // may be empty; gets the row of results.csv
  std::function<bool()> stop_requested;                 // may be empty; asked after every step
  Peers* peers = nullptr;                               // other processes at the same training; may be null

  // For what is prepared before the first step: counts a picture. Errors: kInterrupted where a stop is asked for.
  void PictureDone() const;
};

struct LoopResult {
  int epochs_done = 0;
  bool interrupted = false;     // stop_requested said so; the checkpoint holds the exact place
  std::string stopped_because;  // "" or what broke it off (a loss that is not finite, or grows)
  bool lost_patience = false;   // the score rose no more: LoopOptions::patience
  double best_score = 0;
  int best_epoch = -1;  // counted from 0; -1 = no epoch finished
};

// Trains `graph` for the options' epochs, or goes on where the folder's checkpoint stopped (`resume`). After every
// epoch: validation with averaged weights, a row in results.csv, last.onnx, best.onnx where the score rose, and the
// checkpoint. A loss that is not finite, or an epoch's mean above twice that of the first, breaks it off; the models so
// far stay. With peers, the first writes the files and every process must be given the same options and data; a lost
// peer leaves a checkpoint of the last step and ends with kResource. On one thread count, stopping and resuming changes
// nothing, bit for bit. Errors: kOutput, kBadData (a checkpoint of another network), those of the task.
LoopResult RunTrainingLoop(TorchGraph& graph, TrainingTask& task, const LoopOptions& options, const RunFolder& folder,
                           bool resume, const LoopHooks& hooks);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_TRAINING_LOOP_H_
