#include <algorithm>
#include <functional>

#include "base/error.h"
#include "zoo/detector_weights.h"
#include "zoo/detectors.h"
#include "zoo/import_parts.h"
#include "zoo/zoo.h"

namespace maskscope {

namespace {

using Tensors = std::map<std::string, Tensor>;

// Rows of a tensor, or the fallback where it is absent: an option that follows from the weights. What is absurd stays
// within bounds here and is complained about when the tensors are put in.
int Rows(const Tensors& weights, const std::string& name, int fallback) {
  const auto found = weights.find(name);
  if (found == weights.end() || found->second.shape.empty()) return fallback;
  return static_cast<int>(std::clamp<int64_t>(found->second.shape[0], 1, 100000));
}

ModelRecord FaceRecord(const std::string& name) {
  ModelRecord record;
  record.task = ModelTask::kFaceDetector;
  record.name = record.architecture = name;
  record.classes = {"background", "face"};
  return record;
}

// ---- RetinaFace

RetinaFaceBody BodyOf(const std::string& architecture) {
  if (architecture == "retinaface_mobilenet_v2") return RetinaFaceBody::kMobileNetV2;
  return architecture == "retinaface_resnet50" ? RetinaFaceBody::kResNet50 : RetinaFaceBody::kMobileNetV1;
}

// The weights do not tell, and with the wrong one a detector finds several boxes a face.
float SlopeOf(const ModelImportOptions& options, std::vector<std::string>& notes) {
  if (options.activation == "relu") return 0;
  if (options.activation.empty()) {
    notes.emplace_back(
        "activation: LeakyReLU(0.1), as upstream since October 2019; weights of its first release need "
        "--activation relu");
  }
  return 0.1f;
}

ImportedModel ImportRetinaFace(const Architecture& architecture, const WeightFile& file,
                               const ModelImportOptions& asked) {
  ImportedModel model;
  RetinaFaceOptions options;
  options.draw_weights = false;
  options.body = BodyOf(architecture.name);
  const Tensors& weights = file.tensors;
  if (options.body == RetinaFaceBody::kMobileNetV1) {
    options.width = std::clamp(static_cast<float>(Rows(weights, "body.stage1.0.0.weight", 8)) / 32, 0.05f, 4.0f);
    options.leaky_slope = SlopeOf(asked, model.notes);
  } else {
    options.width = 1.0f;
  }
  const int neck = Rows(weights, "fpn.output1.0.weight", options.body == RetinaFaceBody::kResNet50 ? 256 : 64);
  options.neck_channels = std::clamp(neck / 4 * 4, 8, 1024);
  options.landmarks = weights.contains("LandmarkHead.0.conv1x1.weight");
  model.graph = BuildRetinaFace(options);
  LoadInto(UnfoldBiases(weights, model.graph), file, model.graph);

  ModelRecord record = FaceRecord(architecture.name);
  record.input = FitLongest(640, ChannelOrder::kBgr);
  record.input.mean = {104, 117, 123};
  record.decoding.kind = "retinaface";
  record.decoding.strides = {8, 16, 32};
  record.decoding.min_sizes = {{16, 32}, {64, 128}, {256, 512}};
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  if (options.landmarks) record.decoding.landmarks_output = "landmarks";
  model.record = record;
  return model;
}

// ---- YOLOv5

ImportedModel ImportYolo(const Architecture& architecture, const WeightFile& file, const ModelImportOptions& asked) {
  Tensors weights = file.tensors;
  if (weights.contains("model.model.0.conv.weight")) weights = Within(std::move(weights), "model.");
  YoloV5Options options;
  const auto anchors = YoloV5Anchors(weights, options.anchors);
  weights = YoloV5Names(std::move(weights));
  if (weights.contains("model.0.conv.conv.weight")) {
    throw Error(
        ErrorKind::kUnsupported,
        "the layout is that of release 5 and before (a Focus layer), release 6 is read; export it to ONNX with its "
        "own program and import that");
  }
  ArchitectureOptions build;
  build.classes = std::max(1, Rows(weights, "model.24.m.0.bias", 255) / 3 - 5);
  build.draw_weights = false;
  ImportedModel model;
  model.graph = BuildArchitecture(architecture.name, build);
  LoadInto(UnfoldBiases(std::move(weights), model.graph), file, model.graph);

  ModelRecord record = FaceRecord(architecture.name);
  record.classes = ChooseClasses(asked, file, {}, static_cast<size_t>(*build.classes));
  record.task = TaskOfDetector(record.classes);
  record.input = FitLongest(640, ChannelOrder::kRgb);
  record.input.std = {255, 255, 255};
  record.input.pad_value = 114;
  record.decoding.kind = "yolov5_raw";
  record.decoding.boxes_output = "predictions";
  record.decoding.strides = {8, 16, 32};
  for (const auto& level : anchors) record.decoding.anchors.emplace_back(level.begin(), level.end());
  record.thresholds.score = 0.25f;
  record.thresholds.nms_iou = 0.45f;
  model.record = record;
  return model;
}

// ---- SSD

ImportedModel ImportRes10(const Architecture& architecture, const WeightFile& file, const ModelImportOptions&) {
  ImportedModel model;
  model.graph = BuildRes10Ssd({.draw_weights = false});
  const bool caffe = file.format == "Caffe";
  LoadInto(AlignChannels(caffe ? Res10CaffeNames(file.tensors) : Res10SsdNames(file.tensors), model.graph), file,
           model.graph);
  ModelRecord record = FaceRecord(architecture.name);
  record.input.width = record.input.height = 300;
  record.input.channels = ChannelOrder::kBgr;
  record.input.mean = {104, 177, 123};
  Decoding& decoding = record.decoding;
  decoding.kind = "ssd";
  decoding.boxes_output = "loc";
  decoding.scores_output = "conf";
  decoding.strides = {8, 16, 32, 64, 100, 300};
  decoding.map_sizes = {38, 19, 10, 5, 5, 5};
  decoding.min_sizes = {{30}, {60}, {111}, {162}, {213}, {264}};
  decoding.max_sizes = {60, 111, 162, 213, 264, 315};
  decoding.aspect_ratios = {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}};
  record.thresholds.score = 0.3f;
  record.thresholds.nms_iou = 0.45f;
  model.record = record;
  return model;
}

// The published ONNX graph carries constants beside its weights.
Tensors WithoutConstants(Tensors tensors) {
  std::erase_if(tensors, [](const auto& named) { return named.second.shape.empty() || !named.second.is_float(); });
  return tensors;
}

ImportedModel ImportAizoo(const Architecture& architecture, const WeightFile& file, const ModelImportOptions& asked) {
  ImportedModel model;
  const int classes = std::max(1, Rows(file.tensors, "cls_0_conv.bias", 8) / 4);
  model.graph = BuildAizooSsd({.classes = classes, .draw_weights = false});
  LoadInto(UnfoldBiases(WithoutConstants(file.tensors), model.graph), file, model.graph);
  ModelRecord record = FaceRecord(architecture.name);
  record.classes = ChooseClasses(asked, file, {"correct", "none"}, static_cast<size_t>(classes));
  record.task = TaskOfDetector(record.classes);
  record.input.width = record.input.height = 260;
  record.input.std = {255, 255, 255};
  record.decoding.kind = "ssd_aizoo";
  record.decoding.boxes_output = "loc";
  record.decoding.scores_output = "cls";
  model.record = record;
  return model;
}

// ---- MTCNN

ImportedModel ImportMtcnn(const Architecture& architecture, const WeightFile& file, const ModelImportOptions&) {
  ImportedModel model;
  ArchitectureOptions build;
  build.draw_weights = false;
  model.graph = BuildArchitecture(architecture.name, build);
  // The state dict of the whole cascade has all three networks in it.
  const std::string part = architecture.name.substr(std::string("mtcnn_").size());
  LoadInto(AlignChannels(Within(file.tensors, part + "."), model.graph), file, model.graph);
  if (part != "pnet") {
    model.notes.push_back("write it as '" + part + ".onnx' into the folder with pnet.onnx, which has the record");
    return model;
  }
  model.notes.push_back(
      "write it as 'pnet.onnx' into a folder with rnet.onnx and onet.onnx: the folder is the detector");
  ModelRecord record = FaceRecord("mtcnn");
  record.input = FitLongest(8192, ChannelOrder::kRgb);
  record.input.size_multiple = 1;
  record.input.enlarge = false;
  record.input.mean = {127.5f, 127.5f, 127.5f};
  record.input.std = {128, 128, 128};
  record.decoding.kind = "mtcnn";
  record.decoding.boxes_output = "boxes";
  record.decoding.scores_output = "scores";
  record.decoding.landmarks_output = "landmarks";
  record.decoding.min_sizes = {{20}};
  record.thresholds.score = 0.7f;
  record.thresholds.nms_iou = 0.7f;
  model.record = record;
  return model;
}

using Import = ImportedModel (*)(const Architecture&, const WeightFile&, const ModelImportOptions&);

struct Row {
  const char* prefix;  // of the architecture's name
  Import import;
  bool names_classes;
};
constexpr Row kRows[] = {{"retinaface", ImportRetinaFace, false},
                         {"yolov5", ImportYolo, true},
                         {"res10_ssd", ImportRes10, false},
                         {"aizoo_ssd", ImportAizoo, true},
                         {"mtcnn_", ImportMtcnn, false}};

}  // namespace

ImportedModel ImportDetector(const Architecture& architecture, const WeightFile& file,
                             const ModelImportOptions& options) {
  for (const Row& row : kRows) {
    if (!architecture.name.starts_with(row.prefix)) continue;
    if (!row.names_classes && !options.classes.empty()) {
      throw Error(ErrorKind::kUsage, "classes: this network only finds faces");
    }
    return row.import(architecture, file, options);
  }
  throw Error(ErrorKind::kUnsupported, "weights of this detector cannot be imported");
}

}  // namespace maskscope
