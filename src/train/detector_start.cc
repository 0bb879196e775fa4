#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/log.h"
#include "graph/onnx_io.h"
#include "train/detector_trainer.h"
#include "zoo/detectors.h"
#include "zoo/import.h"
#include "zoo/registry.h"
#include "zoo/weights.h"

// What a detector's training starts from: a graph and its record, by architecture.
namespace maskscope {

namespace {

constexpr int kPublishedNeck = 64;  // channels

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

Graph ReadRetinaFace(const DetectorTrainingOptions& options) {
  if (options.init.extension() == ".safetensors") return BuildFromWeights(options);
  Graph graph = ReadOnnx(options.init);
  const auto record = ReadModelRecord(graph, options.init.string());
  if (!record || record->task == ModelTask::kMaskClassifier || record->decoding.kind != "retinaface") {
    throw Error{ErrorKind::kBadModel, "'" + options.init.string() + "' cannot be trained as a face detector: it has " +
                                          (record ? "the record of another kind of model" : "no model record")};
  }
  return graph;
}

// ---- YOLOv5 and SSD: a network with heads for the classes asked for, and in it what fits of the start

// Biases with which an untrained network says what is true of a picture with few faces, so that the first steps do not
// go into unlearning: about 8 faces a picture of 640 pixels among all its rows, and classes alike (the start values of
// YOLOv5's release 6).
void SetYoloBiases(int classes, const Decoding& decoding, Graph& graph) {
  constexpr double kFaces = 8, kSide = 640, kClassShare = 0.6;
  for (size_t level = 0; level < decoding.strides.size(); ++level) {
    Tensor& bias = graph.initializers.at("model.24.m." + std::to_string(level) + ".bias");
    const double cells = kSide / decoding.strides[level];
    for (size_t i = 0; i < bias.floats.size(); ++i) {
      const size_t value = i % static_cast<size_t>(5 + classes);
      if (value == 4) bias.floats[i] = static_cast<float>(std::log(kFaces / (cells * cells)));
      if (value > 4) bias.floats[i] = static_cast<float>(std::log(kClassShare / (classes - 0.99999)));
    }
  }
}

// Every class begins with this probability (Lin et al. 2017, "Focal loss", section 4.1).
void SetSsdBiases(Graph& graph) {
  constexpr double kFirst = 0.01;
  for (auto& [name, tensor] : graph.initializers) {
    if (!name.starts_with("cls_") || !name.ends_with("_conv.bias")) continue;
    std::ranges::fill(tensor.floats, static_cast<float>(std::log(kFirst / (1 - kFirst))));
  }
}

struct StartWeights {
  std::map<std::string, Tensor> tensors;
  ModelRecord record;
};

// An .onnx with a record is one of ours or imported; anything else is read as published weights of the architecture.
StartWeights ReadStartWeights(const DetectorTrainingOptions& options, const std::string& kind) {
  if (options.init.extension() == ".onnx") {
    Graph graph = ReadOnnx(options.init);
    if (const auto record = ReadModelRecord(graph, options.init.string())) {
      if (record->decoding.kind == kind) return {std::move(graph.initializers), *record};
      throw Error{ErrorKind::kBadModel, fmt::format("'{}' cannot start a {}: its heads are '{}', wanted '{}'",
                                                    options.init.string(), options.arch, record->decoding.kind, kind)};
    }
  }
  ModelImportOptions import_options;
  import_options.architecture = options.arch;
  ImportedModel model = ImportModel(options.init, import_options);
  return {std::move(model.graph.initializers), *model.record};
}

// Copies what has the same name and shape. The heads may be others, all else must fit.
void TakeOver(const StartWeights& start, const DetectorTrainingOptions& options, const std::string& heads,
              Graph& graph) {
  std::vector<std::string> drawn, foreign;
  for (auto& [name, tensor] : graph.initializers) {
    if (!tensor.is_float()) continue;
    const auto found = start.tensors.find(name);
    if (found != start.tensors.end() && found->second.shape == tensor.shape) {
      tensor = found->second;
    } else {
      (name.starts_with(heads) ? drawn : foreign).push_back(name);
    }
  }
  if (!foreign.empty()) {
    throw Error{ErrorKind::kBadModel,
                fmt::format("'{}' cannot start a {}: {} of its tensors are missing or of another shape, '{}' first",
                            options.init.string(), options.arch, foreign.size(), foreign[0])};
  }
  if (!drawn.empty()) {
    Log(LogLevel::kInfo, "the start tells other classes apart: {} tensors of the heads are drawn anew", drawn.size());
  }
}

// The record as published, for classes of ours.
ModelRecord OneStageRecord(const std::string& arch, const std::vector<std::string>& classes) {
  ModelRecord record;
  const bool faces = classes == std::vector<std::string>{"face"};
  record.task = faces ? ModelTask::kFaceDetector : ModelTask::kMaskDetector;
  record.name = (faces ? "face-" : "mask-") + arch;
  record.architecture = arch;
  record.classes = classes;
  record.input.channels = ChannelOrder::kRgb;
  record.input.std = {255, 255, 255};
  return record;
}

Graph ReadOneStage(const DetectorTrainingOptions& options) {
  const bool yolo = options.arch != "aizoo_ssd";
  const int side = options.task.sample.longest_side, classes = static_cast<int>(options.classes.size());
  ModelRecord record = yolo ? YoloV5Record(options.arch, side, options.classes) : AizooSsdRecord(side, options.classes);
  ArchitectureOptions build;
  build.classes = classes;
  build.seed = options.network.seed;
  Graph graph = BuildArchitecture(options.arch, build);
  if (yolo) SetYoloBiases(classes, record.decoding, graph);
  if (!yolo) SetSsdBiases(graph);
  if (!options.init.empty()) {
    const StartWeights start = ReadStartWeights(options, record.decoding.kind);
    TakeOver(start, options, yolo ? "model.24." : "cls_", graph);
    record.decoding = start.record.decoding;  // its anchors
  }
  StoreModelRecord(record, graph);
  return graph;
}

}  // namespace

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

ModelRecord YoloV5Record(const std::string& arch, int longest_side, const std::vector<std::string>& classes) {
  ModelRecord record = OneStageRecord(arch, classes);
  record.input.resize = ResizeRule::kFitLongest;
  record.input.longest_side = longest_side;
  record.input.pad_value = 114;
  record.decoding.kind = "yolov5_raw";
  record.decoding.boxes_output = "predictions";
  record.decoding.strides = {8, 16, 32};
  for (const auto& level : YoloV5Options().anchors) record.decoding.anchors.emplace_back(level.begin(), level.end());
  record.thresholds.score = 0.25f;
  record.thresholds.nms_iou = 0.45f;
  return record;
}

ModelRecord AizooSsdRecord(int longest_side, const std::vector<std::string>& classes) {
  ModelRecord record = OneStageRecord("aizoo_ssd", classes);
  record.input.resize = ResizeRule::kLetterbox;
  record.input.width = record.input.height = longest_side;
  record.decoding.kind = "ssd_aizoo";
  record.decoding.boxes_output = "loc";
  record.decoding.scores_output = "cls";
  return record;
}

Graph ReadDetectorStart(const DetectorTrainingOptions& options) {
  return options.arch == "retinaface" ? ReadRetinaFace(options) : ReadOneStage(options);
}

// The start with its published number of neck channels: cutting channels away makes a poor teacher.
Graph ReadDetectorTeacher(const DetectorTrainingOptions& options) {
  if (options.teacher_model.empty()) {
    DetectorTrainingOptions uncut = options;
    uncut.network.neck_channels = std::max(options.network.neck_channels, kPublishedNeck);
    return ReadDetectorStart(uncut);
  }
  Graph graph = ReadOnnx(options.teacher_model);
  const auto record = ReadModelRecord(graph, options.teacher_model.string());
  if (record && record->task != ModelTask::kMaskClassifier) return graph;
  throw Error{ErrorKind::kBadModel, "'" + options.teacher_model.string() + "' cannot complete labels: it " +
                                        (record ? "is no detector" : "carries no model record")};
}

}  // namespace maskscope
