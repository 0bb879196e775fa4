#include "train/detector_trainer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "analyze/detector.h"
#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"
#include "engine/engine.h"
#include "graph/onnx_io.h"
#include "graph/passes.h"
#include "train/settings.h"
#include "train/torch_graph.h"
#include "zoo/state_head.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

constexpr int kPublishedNeck = 64;

Graph BuildFromWeights(const DetectorTrainingOptions& options) {
  std::map<std::string, Tensor> weights = ReadSafetensors(options.init);
  const bool whole = weights.contains("fpn.output1.0.weight");
  if (whole && options.network.neck_channels < kPublishedNeck) {
    weights = NarrowRetinaFace(weights, options.network.neck_channels);
  }
  Graph graph = BuildRetinaFace(options.network);
  LoadRetinaFace(weights, graph);
  StoreModelRecord(RetinaFaceRecord(options.task.sample.longest_side, options.network.landmarks), graph);
  return graph;
}

// The start with its published number of neck channels: cutting channels away makes a poor teacher.
Graph TeacherGraph(const DetectorTrainingOptions& options) {
  DetectorTrainingOptions uncut = options;
  uncut.network.neck_channels = std::max(options.network.neck_channels, kPublishedNeck);
  return ReadDetectorStart(uncut);
}

void Complete(const DetectorTrainingOptions& options, const LoopHooks& hooks, std::vector<LabelledImage>& pictures) {
  if (options.teacher.ignore_score > 1 && options.teacher.landmark_score > 1) return;
  const Graph graph = TeacherGraph(options);
  DetectorOptions detector;
  detector.score_threshold = std::min(options.teacher.ignore_score, options.teacher.landmark_score);
  detector.longest_side = options.teacher.longest_side;
  const ModelRecord record = *ReadModelRecord(graph, options.init.string());
  const Detector teacher(std::make_shared<Engine>(graph, EngineOptions{.precision = Precision::kF32}), record,
                         detector);
  CompleteLabels(teacher, options.teacher, ResolveThreads(options.loop.threads, "threads"), hooks.progress, pictures);
}

// A start that tells states already stays as it is.
void MakeOneStage(uint64_t seed, Graph& graph, ModelRecord& record) {
  if (record.task == ModelTask::kMaskDetector) return;
  AddStateHead({.states = kMaskStates, .seed = seed}, graph);
  record.task = ModelTask::kMaskDetector;
  record.name = "mask-onestage";
  record.classes = {"background"};
  for (int state = 0; state < kMaskStates; ++state) {
    record.classes.emplace_back(MaskStateName(static_cast<MaskState>(state)));
  }
  StoreModelRecord(record, graph);
}

}  // namespace

void DetectorTrainingOptions::Validate() const {
  Problems problems;
  problems.Require(!data.empty(), "data", "''", "a collection folder");
  problems.Require(init.extension() == ".safetensors" || init.extension() == ".onnx", "init", "'" + init.string() + "'",
                   "a .safetensors or .onnx file");
  problems.Require(validation_share > 0 && validation_share < 1, "validation_share", std::to_string(validation_share),
                   "more than 0, below 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "detector training");
  network.Validate();
  teacher.Validate();
  task.Validate();
  loop.Validate();
}

ModelRecord RetinaFaceRecord(int longest_side, bool landmarks) {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = "face-detector";
  record.architecture = "retinaface_mobilenet_v1";
  record.classes = {"background", "face"};
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = longest_side;
  record.input.size_multiple = 32;
  record.input.enlarge = true;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 117, 123};
  record.input.std = {1, 1, 1};
  record.decoding.kind = "retinaface";
  record.decoding.strides = {8, 16, 32};
  record.decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  record.decoding.variances = {0.1f, 0.2f};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.decoding.landmarks_output = landmarks ? "landmarks" : "";
  record.thresholds.score = 0.5f;
  record.thresholds.nms_iou = 0.4f;
  return record;
}

Graph ReadDetectorStart(const DetectorTrainingOptions& options) {
  if (options.init.extension() == ".safetensors") return BuildFromWeights(options);
  Graph graph = ReadOnnx(options.init);
  const auto record = ReadModelRecord(graph, options.init.string());
  if (!record || record->task == ModelTask::kMaskClassifier || record->decoding.kind != "retinaface") {
    throw Error{ErrorKind::kBadModel, "'" + options.init.string() + "' cannot be trained as a face detector: it has " +
                                          (record ? "the record of another kind of model" : "no model record")};
  }
  return graph;
}

LoopResult TrainDetector(const DetectorTrainingOptions& options, const RunFolder& folder, bool resume,
                         const LoopHooks& hooks) {
  options.Validate();
  Graph start = ReadDetectorStart(options);
  const bool begins = !resume && (hooks.peers == nullptr || hooks.peers->writes());
  if (begins) folder.WriteArgs(ToJson(options));
  DetectorData data = ReadDetectorData(options.data, options.validation_share, options.validation_seed);
  Complete(options, hooks, data.train);
  ModelRecord record = *ReadModelRecord(start, options.init.string());
  if (options.states) MakeOneStage(options.loop.seed, start, record);
  record.input.longest_side = options.task.sample.longest_side;
  record.licence = options.licence;
  record.provenance = {{"recipe", RecipeForRecord(ToJson(options))},
                       {"training_pictures", data.train.size()},
                       {"validation_pictures", data.validation.size()}};
  if (options.batch_norm == BatchNormMode::kFold) FoldBatchNorm(start);
  TorchGraph network(start);
  if (options.batch_norm == BatchNormMode::kFrozen) network.FreezeBatchNorm({""});
  DetectorTaskOptions task_options = options.task;
  task_options.seed = options.loop.seed;
  task_options.validation_workers = options.loop.threads;
  if (hooks.peers) task_options.share = {hooks.peers->rank(), hooks.peers->size()};
  DetectorTask task(std::move(data.train), std::move(data.validation), std::move(record), task_options);
  return RunTrainingLoop(network, task, options.loop, folder, resume, hooks);
}

}  // namespace maskscope
