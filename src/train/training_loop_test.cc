#include "train/training_loop.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <sstream>

#include "base/expect_error.h"
#include "base/random.h"
#include "data/test_folder.h"
#include "graph/onnx_io.h"
#include "train/checkpoint.h"
#include "train/torch_ops.h"

namespace maskscope {
namespace {

constexpr int kEpochs = 3;
constexpr int64_t kSteps = 5;  // an epoch

// Conv -> BatchNormalization -> Relu -> pool -> Dropout -> Gemm: weights, statistics and chance.
Graph SmallGraph(uint64_t seed, int64_t channels = 4) {
  torch::manual_seed(seed);
  Graph graph;
  graph.name = "small";
  graph.inputs = {{"input", DataType::kFloat32, {Dim::Symbol("n"), Dim::Fixed(2), Dim::Fixed(6), Dim::Fixed(6)}}};
  graph.outputs = {{"logits", DataType::kFloat32, {Dim::Symbol("n"), Dim::Fixed(3)}}};
  graph.initializers["conv.weight"] = FromTorch(at::randn({channels, 2, 3, 3}));
  graph.initializers["bn.scale"] = Tensor::Filled({channels}, 1);
  graph.initializers["bn.shift"] = Tensor::Filled({channels}, 0);
  graph.initializers["bn.mean"] = Tensor::Filled({channels}, 0);
  graph.initializers["bn.variance"] = Tensor::Filled({channels}, 1);
  graph.initializers["ratio"] = Tensor::Filled({}, 0.3f);
  graph.initializers["fc.weight"] = FromTorch(at::randn({3, channels}));
  graph.initializers["fc.bias"] = Tensor::Filled({3}, 0);
  graph.nodes = {{"conv", "Conv", {"input", "conv.weight"}, {"c"}, {}},
                 {"bn", "BatchNormalization", {"c", "bn.scale", "bn.shift", "bn.mean", "bn.variance"}, {"b"}, {}},
                 {"act", "Relu", {"b"}, {"r"}, {}},
                 {"pool", "GlobalAveragePool", {"r"}, {"p"}, {}},
                 {"flat", "Flatten", {"p"}, {"f"}, {{"axis", int64_t{1}}}},
                 {"drop", "Dropout", {"f", "ratio"}, {"d"}, {}},
                 {"fc", "Gemm", {"d", "fc.weight", "fc.bias"}, {"logits"}, {{"transB", int64_t{1}}}}};
  return graph;
}

// Pictures of noise whose brighter channel is the class. What a test wants otherwise, it overwrites.
class NoiseTask : public TrainingTask {
 public:
  std::vector<double> scores;         // of the epochs; empty = as measured
  int bad_epoch = -1, bad_step = -1;  // where the loss is not a number
  std::vector<double> loss_factor;    // of the epochs; empty = 1
  std::vector<std::pair<int, int64_t>> begun;

  int64_t StepsPerEpoch(int) const override { return kSteps; }
  int64_t PicturesPerEpoch(int) const override { return kSteps * kBatch; }
  void BeginEpoch(int epoch, int64_t first_step) override { begun.emplace_back(epoch, first_step); }

  StepResult Step(TorchGraph& graph, int epoch, int64_t step) override {
    const auto [pictures, labels] = Batch(StepSeed(77, epoch, step));
    const at::Tensor logits = graph.Forward({{"input", pictures}}, true).at("logits");
    StepResult result;
    result.loss = at::cross_entropy_loss(logits, labels);
    if (epoch == bad_epoch && step == bad_step) result.loss = result.loss * std::numeric_limits<double>::quiet_NaN();
    if (!loss_factor.empty()) result.loss = result.loss * loss_factor.at(static_cast<size_t>(epoch));
    result.images = kBatch;
    result.parts = {{"twice", 2 * result.loss.item<double>()}};
    return result;
  }

  NamedNumbers Validate(TorchGraph& graph, int epoch) override {
    const auto [pictures, labels] = Batch(1);
    const double loss =
        at::cross_entropy_loss(graph.Forward({{"input", pictures}}, false).at("logits"), labels).item<double>();
    return {{"validation_loss", loss}, {"score", scores.empty() ? -loss : scores.at(static_cast<size_t>(epoch))}};
  }

  Graph Package(Graph graph, const NamedNumbers&) override { return graph; }

 private:
  static constexpr int64_t kBatch = 8;

  static std::pair<at::Tensor, at::Tensor> Batch(uint64_t seed) {
    Random random(seed);
    at::Tensor pictures = at::empty({kBatch, 2, 6, 6}), labels = at::empty({kBatch}, at::kLong);
    float* pixel = pictures.data_ptr<float>();
    for (int64_t i = 0; i < kBatch; ++i) {
      const int label = random.Int(0, 2);
      labels[i] = label;
      for (int c = 0; c < 2; ++c) {
        for (int p = 0; p < 36; ++p) *pixel++ = static_cast<float>(random.Normal() + (label == c ? 1 : 0));
      }
    }
    return {pictures, labels};
  }
};

LoopOptions SmallOptions(OptimizerKind kind = OptimizerKind::kAdamW) {
  LoopOptions options;
  options.epochs = kEpochs;
  options.threads = 1;
  options.schedule.peak = 0.02;
  options.optimizer.kind = kind;
  return options;
}

LoopHooks StopAfter(int64_t steps) {
  auto done = std::make_shared<int64_t>(0);
  LoopHooks hooks;
  hooks.stop_requested = [done, steps] { return ++*done == steps; };
  return hooks;
}

// results.csv without the columns that measure time.
std::string TimelessResults(const RunFolder& run) {
  std::istringstream lines(ReadFileText(run.path() / "results.csv"));
  std::vector<bool> keep;
  std::string result;
  for (std::string line; std::getline(lines, line); result += '\n') {
    std::istringstream cells(line);
    size_t column = 0;
    const bool header = keep.empty();
    for (std::string cell; std::getline(cells, cell, ','); ++column) {
      if (header) keep.push_back(cell != "seconds" && cell != "pictures_per_second" && cell != "waiting_share");
      if (keep.at(column)) result += cell + ",";
    }
  }
  return result;
}

// Every tensor and place of the checkpoints, every number of the results, every byte of the models.
void ExpectTheSame(const RunFolder& expected, const RunFolder& found) {
  const Checkpoint a = LoadCheckpoint(expected.checkpoint()), b = LoadCheckpoint(found.checkpoint());
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(at::equal(tensor, b.tensors.at(name))) << name;
  for (const char* field : {"epoch", "step", "best_epoch", "best_score"}) EXPECT_EQ(a.state[field], b.state[field]);
  EXPECT_EQ(TimelessResults(expected), TimelessResults(found));
  EXPECT_EQ(ReadFileText(expected.last_model()), ReadFileText(found.last_model()));
  EXPECT_EQ(ReadFileText(expected.best_model()), ReadFileText(found.best_model()));
}

TEST(TrainingLoop, StoppedAndResumedEqualsUninterruptedBitForBit) {
  const TestFolder folder;
  for (const OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kSgd}) {
    const LoopOptions options = SmallOptions(kind);
    const RunFolder whole = RunFolder::Create(folder.path(), "whole");
    TorchGraph graph(SmallGraph(1));
    NoiseTask task;
    const LoopResult expected = RunTrainingLoop(graph, task, options, whole, false, {});
    EXPECT_EQ(expected.epochs_done, kEpochs);
    EXPECT_FALSE(expected.interrupted);

    // In the first epoch, after its last step, in a later one, before the very last step.
    for (const int64_t stop : {int64_t{1}, kSteps, kSteps + 2, kEpochs * kSteps - 1}) {
      SCOPED_TRACE(std::string(OptimizerName(kind)) + ", stopped after " + std::to_string(stop));
      const RunFolder parts = RunFolder::Create(folder.path(), "parts");
      TorchGraph first(SmallGraph(1));
      const LoopResult stopped = RunTrainingLoop(first, task, options, parts, false, StopAfter(stop));
      EXPECT_TRUE(stopped.interrupted);
      // Other weights at the start: everything must come from the checkpoint.
      TorchGraph second(SmallGraph(2));
      NoiseTask fresh;
      const LoopResult resumed = RunTrainingLoop(second, fresh, options, parts, true, {});
      EXPECT_EQ(fresh.begun.front(), std::make_pair(static_cast<int>((stop - 1) / kSteps), (stop - 1) % kSteps + 1));
      EXPECT_EQ(resumed.best_epoch, expected.best_epoch);
      EXPECT_EQ(resumed.best_score, expected.best_score);
      ExpectTheSame(whole, parts);
    }
  }
}

TEST(TrainingLoop, MayBeStoppedAgainAndAgain) {
  const TestFolder folder;
  const RunFolder whole = RunFolder::Create(folder.path(), "whole"), parts = RunFolder::Create(folder.path(), "parts");
  NoiseTask task;
  TorchGraph graph(SmallGraph(1));
  RunTrainingLoop(graph, task, SmallOptions(), whole, false, {});
  int runs = 0;
  for (bool interrupted = true; interrupted; ++runs) {
    TorchGraph part(SmallGraph(1));
    interrupted = RunTrainingLoop(part, task, SmallOptions(), parts, runs > 0, StopAfter(4)).interrupted;
  }
  EXPECT_EQ(runs, 4);  // 4 + 4 + 4 + 3 steps
  ExpectTheSame(whole, parts);
}

TEST(TrainingLoop, AnotherSeedTrainsOtherwise) {
  const TestFolder folder;
  const RunFolder one = RunFolder::Create(folder.path(), "one"), two = RunFolder::Create(folder.path(), "two");
  NoiseTask task;  // the data are the same: only dropout differs
  for (const RunFolder* run : {&one, &two}) {
    LoopOptions options = SmallOptions();
    options.epochs = 1;
    options.seed = run == &one ? 1 : 2;
    TorchGraph graph(SmallGraph(1));
    RunTrainingLoop(graph, task, options, *run, false, {});
  }
  EXPECT_NE(ReadFileText(one.last_model()), ReadFileText(two.last_model()));
}

TEST(TrainingLoop, KeepsTheBestModelAndWritesARowAnEpoch) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  task.scores = {0.2, 0.9, 0.9};  // a score must rise to replace the best
  TorchGraph graph(SmallGraph(1));
  std::vector<double> epochs;
  std::string second;
  LoopHooks hooks;
  hooks.epoch_done = [&](const NamedNumbers& row) {
    epochs.push_back(FindNumber(row, "epoch"));
    EXPECT_NEAR(FindNumber(row, "twice"), 2 * FindNumber(row, "loss"), 1e-9);
    if (epochs.size() == 2) second = ReadFileText(run.last_model());
  };
  const LoopResult result = RunTrainingLoop(graph, task, SmallOptions(), run, false, hooks);
  EXPECT_EQ(result.best_epoch, 1);
  EXPECT_EQ(result.best_score, 0.9);
  EXPECT_EQ(epochs, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(ReadFileText(run.best_model()), second);
  EXPECT_NE(ReadFileText(run.last_model()), second);
  const std::string table = ReadFileText(run.path() / "results.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + kEpochs);
  EXPECT_TRUE(table.starts_with(
      "epoch,seconds,pictures_per_second,waiting_share,learning_rate,loss,twice,validation_loss,score\n"));
}

// With decay 0 the average is the live weights, so the model file must hold what the graph holds.
TEST(TrainingLoop, ShipsTheAveragedWeights) {
  const TestFolder folder;
  for (const double decay : {0.0, 0.9}) {
    const RunFolder run = RunFolder::Create(folder.path(), "run");
    LoopOptions options = SmallOptions();
    options.average_decay = decay;
    NoiseTask task;
    TorchGraph graph(SmallGraph(1));
    RunTrainingLoop(graph, task, options, run, false, {});
    const Graph shipped = ReadOnnx(run.last_model());
    EXPECT_EQ(shipped.initializers.at("fc.weight") == graph.Export().initializers.at("fc.weight"), decay == 0);
    const Checkpoint checkpoint = LoadCheckpoint(run.checkpoint());
    EXPECT_TRUE(
        at::equal(checkpoint.tensors.at("average/value/fc.weight"), ToTorch(shipped.initializers.at("fc.weight"))));
    EXPECT_TRUE(at::equal(checkpoint.tensors.at("graph/fc.weight"), graph.parameters().at("fc.weight")));
  }
}

TEST(TrainingLoop, EndsWithAReasonWhenTheLossIsNoNumber) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  task.bad_epoch = 1;
  task.bad_step = 2;
  TorchGraph graph(SmallGraph(1));
  const LoopResult result = RunTrainingLoop(graph, task, SmallOptions(), run, false, {});
  EXPECT_EQ(result.epochs_done, 1);
  EXPECT_FALSE(result.interrupted);
  EXPECT_NE(result.stopped_because.find("loss was not finite in epoch 2, step 3"), std::string::npos)
      << result.stopped_because;
  EXPECT_EQ(LoadCheckpoint(run.checkpoint()).state.at("epoch"), 1);  // of the last good epoch
}

TEST(TrainingLoop, EndsWhenTheScoreRisesNoMoreAndSoDoesAResumedRun) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  task.scores = {0.5, 0.4, 0.45};
  LoopOptions options = SmallOptions();
  options.patience = 1;
  TorchGraph graph(SmallGraph(1));
  for (const bool resume : {false, true}) {
    const LoopResult result = RunTrainingLoop(graph, task, options, run, resume, {});
    EXPECT_TRUE(result.lost_patience);
    EXPECT_EQ(result.epochs_done, 2);
    EXPECT_EQ(result.best_epoch, 0);
    EXPECT_EQ(result.stopped_because, "");
  }
  options.patience = 2;
  EXPECT_EQ(RunTrainingLoop(graph, task, options, run, true, {}).epochs_done, 3);
}

TEST(TrainingLoop, EndsWithAReasonWhenTheLossGrows) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  task.scores = {0.5, 0.6, 0.7};
  task.loss_factor = {1, 50, 1};
  TorchGraph graph(SmallGraph(1));
  const LoopResult result = RunTrainingLoop(graph, task, SmallOptions(), run, false, {});
  EXPECT_EQ(result.epochs_done, 2);
  EXPECT_NE(result.stopped_because.find("has grown"), std::string::npos) << result.stopped_because;
}

TEST(TrainingLoop, KeepsOthersOutOfItsFolder) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  TorchGraph graph(SmallGraph(1));
  {
    const RunFolder::Lock lock(run);
    ExpectError(ErrorKind::kOutput, {"another training is at work"},
                [&] { RunTrainingLoop(graph, task, SmallOptions(), run, false, {}); });
  }
  EXPECT_EQ(RunTrainingLoop(graph, task, SmallOptions(), run, false, {}).epochs_done, kEpochs);
}

TEST(TrainingLoop, RefusesToResumeWhatDoesNotFit) {
  const TestFolder folder;
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  NoiseTask task;
  TorchGraph graph(SmallGraph(1));
  ExpectError(ErrorKind::kNotFound, {"checkpoint.safetensors"},
              [&] { RunTrainingLoop(graph, task, SmallOptions(), run, true, {}); });
  RunTrainingLoop(graph, task, SmallOptions(), run, false, StopAfter(1));
  TorchGraph wider(SmallGraph(1, 5));
  ExpectError(ErrorKind::kBadData, {"another network", "bn.scale"},
              [&] { RunTrainingLoop(wider, task, SmallOptions(), run, true, {}); });
  Checkpoint placeless = LoadCheckpoint(run.checkpoint());
  placeless.state.erase("step");
  SaveCheckpoint(placeless, run.checkpoint());
  ExpectError(ErrorKind::kBadData, {"checkpoint.safetensors", "step"},
              [&] { RunTrainingLoop(graph, task, SmallOptions(), run, true, {}); });
}

TEST(LoopOptions, NamesEveryBadField) {
  LoopOptions options;
  options.epochs = 0;
  options.threads = -1;
  options.average_decay = 1;
  options.batch_norm_momentum = 0;
  ExpectError(ErrorKind::kUsage, {"epochs", "threads", "average_decay", "batch_norm_momentum"},
              [&] { options.Validate(); });
}

TEST(StepSeed, DiffersInEveryArgument) {
  std::set<uint64_t> seeds;
  for (uint64_t i = 0; i < 81; ++i) {
    seeds.insert(StepSeed(i % 3, static_cast<int>(i / 3 % 3), static_cast<int64_t>(i / 9 % 3), i / 27));
  }
  EXPECT_EQ(seeds.size(), 81u);
  EXPECT_EQ(StepSeed(1, 2, 3, 4), StepSeed(1, 2, 3, 4));
}

TEST(LoopHooks, AStopIsHeardBeforeTheFirstStep) {
  LoopHooks hooks;
  hooks.PictureDone();
  bool stop = false;
  hooks.stop_requested = [&] { return stop; };
  hooks.PictureDone();
  stop = true;
  ExpectError(ErrorKind::kInterrupted, {"before the first step"}, [&] { hooks.PictureDone(); });
}

}  // namespace
}  // namespace maskscope
