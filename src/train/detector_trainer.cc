#include "train/detector_trainer.h"

#include <fmt/format.h>

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

namespace maskscope {

namespace {

const std::string kRetinaFace = "retinaface", kAizooSsd = "aizoo_ssd";
constexpr int kLeastSsdSide = 160;  // pixels

void Complete(const DetectorTrainingOptions& options, const LoopHooks& hooks, std::vector<LabelledImage>& pictures) {
  if (options.teacher.ignore_score > 1 && options.teacher.landmark_score > 1) return;
  if (options.teacher_model.empty() && options.arch != kRetinaFace) return;
  const Graph graph = ReadDetectorTeacher(options);
  DetectorOptions detector;
  detector.score_threshold = std::min(options.teacher.ignore_score, options.teacher.landmark_score);
  detector.longest_side = options.teacher.longest_side;
  const ModelRecord record = *ReadModelRecord(graph, options.teacher_model.string());
  const Detector teacher(std::make_shared<Engine>(graph, EngineOptions{.precision = Precision::kF32}), record,
                         detector);
  if (hooks.progress) hooks.progress->Start("completing labels", static_cast<int64_t>(pictures.size()), "pictures");
  CompleteLabels(
      teacher, options.teacher, ResolveThreads(options.loop.threads, "threads"), [&] { hooks.PictureDone(); },
      pictures);
  if (hooks.progress) hooks.progress->Finish();
}

// States in their own order, at least two of them, or faces.
bool AreGoodClasses(const std::vector<std::string>& classes) {
  if (classes == std::vector<std::string>{"face"}) return true;
  int last = -1;
  for (const std::string& name : classes) {
    const auto state = ParseMaskState(name);
    if (!state || static_cast<int>(*state) <= last) return false;
    last = static_cast<int>(*state);
  }
  return classes.size() >= 2;
}

void SetInputSide(int side, Preprocessing& input) {
  (input.resize == ResizeRule::kFitLongest ? input.longest_side : input.width) = side;
  if (input.resize != ResizeRule::kFitLongest) input.height = side;
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

const std::vector<std::string>& TrainableDetectors() {
  static const auto* const names =
      new std::vector<std::string>{kRetinaFace, "yolov5n", "yolov5s", "yolov5m", "yolov5l", "yolov5x", kAizooSsd};
  return *names;
}

void DetectorTrainingOptions::Validate() const {
  Problems problems;
  problems.Require(!data.empty(), "data", "''", "a collection folder");
  const auto& known = TrainableDetectors();
  problems.Require(std::ranges::find(known, arch) != known.end(), "arch", "'" + arch + "'",
                   fmt::format("{}", fmt::join(known, ", ")));
  if (arch == kRetinaFace) {
    problems.Require(init.extension() == ".safetensors" || init.extension() == ".onnx", "init",
                     "'" + init.string() + "'", "a .safetensors or .onnx file");
  } else {
    problems.Require(!states, "states", "true", "RetinaFace; other architectures have classes");
    problems.Require(batch_norm == BatchNormMode::kLearn || !init.empty(), "batch_norm",
                     std::string(EnumText(batch_norm)), "learn, where there is no start to take statistics from");
  }
  problems.Require(arch == kRetinaFace || AreGoodClasses(classes), "classes",
                   fmt::format("{}", fmt::join(classes, ", ")),
                   "face alone, or at least two of correct, incorrect, none in this order");
  if (arch == kAizooSsd) {
    std::vector<int> sides = task.sizes;
    sides.insert(sides.end(), {task.sample.size, task.sample.longest_side});
    const int least = *std::ranges::min_element(sides);
    problems.Require(least >= kLeastSsdSide, "size", std::to_string(least),
                     fmt::format("at least {}: aizoo_ssd halves its input six times", kLeastSsdSide));
    problems.Require(task.batch >= 2, "batch", std::to_string(task.batch),
                     "at least 2: the last map of aizoo_ssd may be one cell, which has no variance of its own");
  }
  problems.Require(validation_share > 0 && validation_share < 1, "validation_share", std::to_string(validation_share),
                   "more than 0, below 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "detector training");
  network.Validate();
  teacher.Validate();
  task.Validate();
  loop.Validate();
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
  SetInputSide(options.task.sample.longest_side, record.input);
  record.licence = options.licence;
  record.provenance = {{"recipe", RecipeForRecord(ToJson(options))},
                       {"training_pictures", data.train.size()},
                       {"validation_pictures", data.validation.size()}};
  if (record.decoding.kind == "yolov5_raw") {
    const float ratio = options.task.criterion.yolo.greatest_ratio;
    const auto& sample = options.task.sample;
    record.provenance["anchors"] =
        ChooseAnchors(options.anchors, SidesInUse(data.train, sample.longest_side, sample.least_face), ratio,
                      options.loop.seed, record.decoding);
  }
  if (options.batch_norm == BatchNormMode::kFold) FoldBatchNorm(start);
  TorchGraph network(start, ParseDevice(options.loop.device));
  if (options.batch_norm == BatchNormMode::kFrozen) network.FreezeBatchNorm({""});
  DetectorTaskOptions task_options = options.task;
  task_options.seed = options.loop.seed;
  task_options.validation_workers = options.loop.threads;
  if (hooks.peers) task_options.share = {hooks.peers->rank(), hooks.peers->size()};
  DetectorTask task(std::move(data.train), std::move(data.validation), std::move(record), task_options);
  if (begins) task.DrawStart(folder);
  return RunTrainingLoop(network, task, options.loop, folder, resume, hooks);
}

}  // namespace maskscope
