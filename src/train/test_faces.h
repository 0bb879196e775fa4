#ifndef MASKSCOPE_TRAIN_TEST_FACES_H_
#define MASKSCOPE_TRAIN_TEST_FACES_H_

#include <torch/torch.h>

#include <utility>
#include <vector>

#include "train/classifier_task.h"
#include "zoo/zoo.h"

// A classifier's training in small, for tests.
namespace maskscope {

inline constexpr int kSize = 32, kSide = 40, kFaces = 16;
inline constexpr double kExtent = 1.25;  // kSide / kSize

// "Faces" of noise, dark where the mask is: over the lower half, over its last quarter, nowhere.
inline at::Tensor Face(int state, uint64_t seed) {
  torch::manual_seed(seed);
  at::Tensor face = at::randint(96, 256, {3, kSide, kSide}, at::kByte);
  constexpr int kTop[] = {20, 30};
  if (state < 2) face.slice(1, kTop[state], kSide).slice(2, 8, 32).fill_(30);
  return face;
}

inline ClassifierData Faces() {
  ClassifierData data;
  std::vector<at::Tensor> canvases;
  for (int i = 0; i < kFaces; ++i) {
    const int state = i % kMaskStates;
    canvases.push_back(Face(state, static_cast<uint64_t>(i)));
    data.labels.push_back(state);
    data.validation_labels.push_back(state);
    data.jitter.push_back({1, 1});
    data.rates.push_back(1);
  }
  data.canvases = at::stack(canvases);
  constexpr int kEdge = (kSide - kSize) / 2;
  for (const at::Tensor& canvas : canvases) {
    const at::Tensor crop = canvas.slice(1, kEdge, kEdge + kSize).slice(2, kEdge, kEdge + kSize).to(at::kFloat);
    data.validation.push_back(crop / 127.5 - 1);
  }
  return data;
}

inline ModelRecord Record() {
  ModelRecord record;
  record.task = ModelTask::kMaskClassifier;
  record.name = "test";
  record.classes = {"correct", "incorrect", "none"};
  record.input.width = record.input.height = kSize;
  record.input.mean = record.input.std = {127.5f, 127.5f, 127.5f};
  return record;
}

inline ClassifierTrainingOptions Options(int epochs) {
  ClassifierTrainingOptions options;
  options.loop.epochs = epochs;
  options.loop.threads = 1;
  options.loop.schedule.peak = 5e-3;
  options.loop.average_decay = 0.8;
  options.loop.batch_norm_momentum = 0.3f;
  options.sizes = {kSize};
  options.batch = kFaces;
  options.canvas_extent = kExtent;
  options.canvas_side = kSide;
  return options;
}

inline Graph SmallNet(uint64_t seed = 1, float dropout = 0) {
  return BuildMobileNetV2({.width = 0.25f, .classes = 3, .input_size = kSize, .dropout = dropout, .seed = seed});
}

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_TEST_FACES_H_
