#include "train/classifier_task.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "data/test_folder.h"
#include "graph/onnx_io.h"
#include "train/checkpoint.h"
#include "train/classifier_head.h"
#include "train/test_faces.h"

namespace maskscope {
namespace {

TEST(ClassifierTask, LearnsAFewPicturesByHeart) {
  const TestFolder folder;
  ClassifierTrainingOptions options = Options(5);
  options.draws_per_epoch = 8 * kFaces;
  options.loss.label_smoothing = 0;
  AugmentOptions& augment = options.augment;
  augment.rotation = augment.shift = augment.aspect = augment.low_resolution = augment.jpeg = 0;
  augment.blur = augment.noise = augment.colour = augment.grey = augment.cutout = 0;
  ClassifierData data = Faces();
  for (double& rate : data.rates) rate = 8;
  ClassifierTask task(std::move(data), options, Record());
  TorchGraph graph(SmallNet());
  NamedNumbers last;
  LoopHooks hooks;
  hooks.epoch_done = [&](const NamedNumbers& row) { last = row; };
  const RunFolder run = RunFolder::Create(folder.path(), "run");
  const LoopResult result = RunTrainingLoop(graph, task, options.loop, run, false, hooks);
  EXPECT_EQ(FindNumber(last, "accuracy"), 1);  // on the pictures it learnt from
  // While it learns, a batch of single pixels makes the deepest statistics noisy.
  EXPECT_GT(FindNumber(last, "train_accuracy"), 0.75);
  EXPECT_LT(FindNumber(last, "loss"), 0.7);
  EXPECT_EQ(result.best_score, 1);

  const ModelRecord record = ReadModelRecord(ReadOnnx(run.best_model()), "best.onnx").value();
  EXPECT_EQ(record.classes, Record().classes);
  EXPECT_EQ(record.measured.at("validation").at("faces"), kFaces);
  EXPECT_GT(record.temperature, 0);
}

// In photos the second is a tenth as common as the others.
TEST(ClassifierTask, TakesBackWhatTheDrawsAdded) {
  const TestFolder folder;
  ClassifierTrainingOptions options = Options(1);
  ClassifierData data = Faces();
  const auto train = [&](double correction, const char* name) {
    options.prior_correction = correction;
    data.prevalence = {10, 1, 10};
    ClassifierTask task(data, options, Record());
    TorchGraph graph(SmallNet());
    const RunFolder run = RunFolder::Create(folder.path(), name);
    RunTrainingLoop(graph, task, options.loop, run, false, {});
    return ReadOnnx(run.last_model());
  };
  const Graph plain = train(0, "plain"), corrected = train(0.5, "corrected");
  const float temperature = ReadModelRecord(corrected, "corrected")->temperature;
  const std::string name = plain.FindProducer("logits")->inputs[2];
  const auto added = [&](size_t state) {
    const double raw = corrected.initializers.at(name).floats[state] - plain.initializers.at(name).floats[state];
    return raw / static_cast<double>(temperature);
  };
  const double all = static_cast<double>(data.labels.size());
  for (const size_t state : {0u, 1u, 2u}) {
    const auto drawn = std::count(data.labels.begin(), data.labels.end(), static_cast<int64_t>(state));
    EXPECT_NEAR(added(state), 0.5 * std::log(data.prevalence[state] / 21 * all / static_cast<double>(drawn)), 1e-5);
  }
  EXPECT_FLOAT_EQ(temperature, ReadModelRecord(plain, "plain")->temperature);
  EXPECT_EQ(ReadModelRecord(corrected, "corrected")->provenance[kLogitBias].size(), 3u);
  Graph undone = corrected;
  std::vector<double> back = ReadModelRecord(corrected, "c")->provenance[kLogitBias].get<std::vector<double>>();
  for (double& value : back) value = -value;
  AddToLogits(back, undone);
  for (size_t state = 0; state < 3; ++state) {
    EXPECT_NEAR(undone.initializers.at(name).floats[state], plain.initializers.at(name).floats[state], 1e-6);
  }
}

// The loop's own test resumes without a prefetcher and augmentation.
TEST(ClassifierTask, ResumesBitForBit) {
  const TestFolder folder;
  ClassifierTrainingOptions options = Options(2);
  options.batch = 4;
  options.draws_per_epoch = 12;
  ClassifierData data = Faces();
  for (double& rate : data.rates) rate = 12.0 / kFaces;
  const RunFolder whole = RunFolder::Create(folder.path(), "whole"), parts = RunFolder::Create(folder.path(), "parts");
  const auto train = [&](const RunFolder& run, bool resume, uint64_t seed, int stop_after) {
    ClassifierTask task(data, options, Record());
    TorchGraph graph(SmallNet(seed, 0.2f));
    LoopHooks hooks;
    hooks.stop_requested = [&stop_after] { return --stop_after == 0; };
    return RunTrainingLoop(graph, task, options.loop, run, resume, hooks).interrupted;
  };
  EXPECT_FALSE(train(whole, false, 1, -1));
  EXPECT_TRUE(train(parts, false, 1, 4));  // 3 steps an epoch
  EXPECT_FALSE(train(parts, true, 2, -1));
  const Checkpoint expected = LoadCheckpoint(whole.checkpoint()), found = LoadCheckpoint(parts.checkpoint());
  ASSERT_EQ(expected.tensors.size(), found.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    EXPECT_TRUE(at::equal(tensor, found.tensors.at(name))) << name;
  }
  EXPECT_EQ(ReadFileText(whole.last_model()), ReadFileText(parts.last_model()));
}

TEST(ClassifierTask, ABatchDependsOnEpochAndStepAlone) {
  ClassifierTrainingOptions options = Options(3);
  options.batch = 4;
  ClassifierTask one(Faces(), options, Record()), other(Faces(), options, Record());
  EXPECT_EQ(one.StepsPerEpoch(0), kFaces / 4);
  EXPECT_EQ(one.PicturesPerEpoch(0), kFaces);
  one.BeginEpoch(0, 0);
  one.BeginEpoch(1, 0);
  other.BeginEpoch(1, 2);
  const ClassifierTask::Batch a = one.MakeBatch(1, 2), b = other.MakeBatch(1, 2);
  EXPECT_EQ(a.pictures.sizes(), at::IntArrayRef({4, 3, kSize, kSize}));
  EXPECT_TRUE(at::equal(a.pictures, b.pictures));
  EXPECT_TRUE(at::equal(a.labels, b.labels));
  EXPECT_FALSE(at::equal(a.pictures, other.MakeBatch(1, 3).pictures));
  EXPECT_GE(a.pictures.min().item<double>(), -1 - 1e-5);
  EXPECT_LE(a.pictures.max().item<double>(), 1 + 1e-5);
}

// An epoch of as many draws as samples shows each once.
TEST(ClassifierTask, AnEpochShowsEverySampleByItsRate) {
  ClassifierTrainingOptions options = Options(1);
  options.batch = 8;
  ClassifierTask task(Faces(), options, Record());
  task.BeginEpoch(0, 0);
  at::Tensor counts = at::zeros({kMaskStates}, at::kLong);
  for (int64_t step = 0; step < 2; ++step) counts += at::bincount(task.MakeBatch(0, step).labels, {}, kMaskStates);
  EXPECT_TRUE(at::equal(counts, torch::tensor({6, 5, 5}, at::kLong))) << counts;
}

TEST(ClassifierTrainingOptions, SizesTakeAPartOfTheEpochsEach) {
  ClassifierTrainingOptions options;
  options.sizes = {96, 104, 128};
  options.loop.epochs = 7;
  std::vector<int> sizes;
  for (int epoch = 0; epoch < 7; ++epoch) sizes.push_back(SizeOfStep(options, epoch, 0));
  EXPECT_EQ(sizes, (std::vector<int>{96, 96, 96, 104, 104, 128, 128}));
}

TEST(ClassifierTrainingOptions, CropSidesAreDrawnByLotAndTheSameAgain) {
  ClassifierTrainingOptions options;
  options.crop_sides = {64, 96, 128};
  EXPECT_EQ(LargestSide(options), 128);
  std::map<int, int> counts;
  for (int64_t step = 0; step < 300; ++step) {
    const int side = SizeOfStep(options, 2, step);
    EXPECT_EQ(side, SizeOfStep(options, 2, step));
    ++counts[side];
  }
  ASSERT_EQ(counts.size(), 3u);
  for (const auto& [side, count] : counts) EXPECT_GT(count, 70) << side;
  options.crop_sides = {96, 64};
  ExpectError(ErrorKind::kUsage, {"crop_sides"}, [&] { options.Validate(); });
}

TEST(ClassifierTrainingOptions, ComeBackFromJson) {
  ClassifierTrainingOptions options = Options(7);
  options.samples.exclude_sets = {"one"};
  options.augment.jpeg = 0.125;
  options.loop.optimizer.kind = OptimizerKind::kSgd;
  options.init = "start.onnx";
  const nlohmann::json json = ToJson(options);
  ClassifierTrainingOptions back;
  ReadClassifierSettings(json, "args.yaml", back);
  EXPECT_EQ(ToJson(back), json);
  ExpectError(ErrorKind::kBadData, {"args.yaml", "epochs"}, [&] {
    ReadClassifierSettings({{"training", {{"epochs", "ten"}}}}, "args.yaml", back);
  });
}

TEST(ClassifierTrainingOptions, NamesEveryBadField) {
  ClassifierTrainingOptions options;
  options.samples.data = "somewhere";
  options.Validate();
  options.sizes = {100};
  options.batch = 1;
  options.shares = {0.5, 0.5, 0.5};
  options.canvas_extent = 0.5f;
  ExpectError(ErrorKind::kUsage, {"size", "multiple of 8", "batch", "shares", "canvas_extent"},
              [&] { options.Validate(); });
}

}  // namespace
}  // namespace maskscope
