#include "analyze/detector.h"

#include <algorithm>

#include "analyze/head_decoder.h"
#include "analyze/mtcnn.h"
#include "analyze/nms.h"
#include "analyze/preprocess.h"
#include "base/error.h"
#include "graph/onnx_io.h"

namespace maskscope {
namespace {

constexpr int kMostCandidates = 5000;    // into NMS, as upstream RetinaFace
constexpr int kMostSsdCandidates = 400;  // top_k of the published detection layer
constexpr const char* kProposalFile = "pnet.onnx";

// Areas as each model's authors compute them, so that its published results come out; the record may say otherwise.
NmsRule RuleOf(const ModelRecord& record) {
  const std::string& kind = record.decoding.kind;
  NmsRule rule{record.thresholds.nms_iou, 0, 0, kind == "ssd" ? kMostSsdCandidates : kMostCandidates, false};
  if (record.decoding.nms == "plus_one" || (record.decoding.nms.empty() && kind == "retinaface")) {
    rule.box_side_added = rule.overlap_side_added = 1;
  } else if (record.decoding.nms.empty() && kind == "ssd_aizoo") {
    rule.box_side_added = 1e-3f * static_cast<float>(std::max(record.input.width, record.input.height));
  }
  return rule;
}

// One network that sees the whole picture.
class NetworkFinder : public FaceFinder {
 public:
  NetworkFinder(std::shared_ptr<Engine> engine, const ModelRecord& record)
      : engine_(std::move(engine)), record_(record), decoder_(MakeHeadDecoder(record)) {
    const Graph& graph = engine_->graph();
    if (graph.inputs.size() != 1) {
      throw Error(ErrorKind::kBadModel,
                  "model '" + record_.name + "': found " + std::to_string(graph.inputs.size()) + " inputs, wanted 1");
    }
    input_name_ = graph.inputs[0].name;
  }

  std::vector<Detection> Find(const Image& image) const override {
    const InputSize input = DetectorInputSize(record_.input, image.width, image.height);
    // Kept per thread: a fresh buffer of this size would cost page faults for every picture.
    static thread_local std::vector<float> buffer;
    buffer.resize(size_t(3) * input.width * input.height);
    const Placement placement = FillDetectorInput(record_.input, image, buffer.data());
    const RunResult run = engine_->Run({{input_name_, {buffer.data(), {1, 3, input.height, input.width}}}});
    const Candidates candidates = decoder_->Find(run, input);
    std::vector<Detection> detections;
    for (const int kept : Suppress(candidates)) {
      const auto i = static_cast<size_t>(kept);
      Detection& detection = detections.emplace_back();
      detection.box = placement.ToSource(candidates.boxes[i]);
      detection.score = candidates.scores[i];
      detection.class_index = candidates.classes[i];
      decoder_->Describe(run, input, candidates.anchors[i], detection);
      for (Point& point : detection.landmarks) point = placement.ToSource(point);
    }
    return detections;
  }

 private:
  std::vector<int> Suppress(const Candidates& candidates) const {
    const NmsRule rule = RuleOf(record_);
    if (record_.decoding.nms == "per_class") {
      return NmsPerClass(candidates.boxes, candidates.scores, candidates.classes, rule);
    }
    return Nms(candidates.boxes, candidates.scores, rule);
  }

  std::shared_ptr<Engine> engine_;
  ModelRecord record_;
  std::string input_name_;
  std::unique_ptr<HeadDecoder> decoder_;
};

std::shared_ptr<Engine> LoadEngine(const std::filesystem::path& path, const EngineOptions& options) {
  return std::make_shared<Engine>(ReadOnnx(path), options);
}

void ApplyOptions(const DetectorOptions& options, ModelRecord& record) {
  options.Validate();
  if (options.score_threshold) record.thresholds.score = *options.score_threshold;
  if (options.nms_iou) record.thresholds.nms_iou = *options.nms_iou;
  if (!options.longest_side) return;
  if (record.input.resize != ResizeRule::kFitLongest) {
    throw Error(ErrorKind::kUsage, "longest_side: the input of model '" + record.name + "' is fixed at " +
                                       std::to_string(record.input.width) + " x " +
                                       std::to_string(record.input.height) + " pixels");
  }
  record.input.longest_side = *options.longest_side;
}

}  // namespace

void DetectorOptions::Validate() const {
  Problems problems;
  const auto share = [&](const std::optional<float>& value, const char* field) {
    if (value) problems.Require(*value >= 0 && *value <= 1, field, std::to_string(*value), "0 to 1");
  };
  share(score_threshold, "score_threshold");
  share(nms_iou, "nms_iou");
  if (longest_side) {
    problems.Require(*longest_side >= 32 && *longest_side <= 8192, "longest_side", std::to_string(*longest_side),
                     "32 to 8192");
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "detector options");
}

Detector::Detector(ModelRecord record, const DetectorOptions& options) : record_(std::move(record)) {
  if (record_.task == ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found a mask classifier, wanted a detector");
  }
  ApplyOptions(options, record_);
  record_.Validate();
}

Detector::Detector(std::shared_ptr<Engine> engine, ModelRecord record, const DetectorOptions& options)
    : Detector(std::move(record), options) {
  if (record_.decoding.kind == kMtcnnKind) {
    throw Error(ErrorKind::kUsage, "model '" + record_.name +
                                       "' is the first network of a cascade: name its file or folder, where the other "
                                       "two are");
  }
  finder_ = std::make_shared<NetworkFinder>(std::move(engine), record_);
}

std::vector<Detection> Detector::Detect(const Image& image, int frame_width, int frame_height) const {
  std::vector<Detection> detections = finder_->Find(image);
  const float x = static_cast<float>(frame_width) / static_cast<float>(image.width);
  const float y = static_cast<float>(frame_height) / static_cast<float>(image.height);
  for (Detection& detection : detections) {
    const Box& box = detection.box;
    detection.box = {box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y};
    for (Point& point : detection.landmarks) point = {point.x * x, point.y * y};
  }
  return detections;
}

std::filesystem::path DetectorFile(const std::filesystem::path& path) {
  return std::filesystem::is_directory(path) ? path / kProposalFile : path;
}

Detector LoadDetector(const std::filesystem::path& path, const EngineOptions& engine_options,
                      const DetectorOptions& options) {
  const std::filesystem::path file = DetectorFile(path);
  Graph graph = ReadOnnx(file);
  const std::optional<ModelRecord> record = ReadModelRecord(graph, file.string());
  if (!record) {
    throw Error(ErrorKind::kBadModel, "'" + file.string() + "' carries no model record (metadata '" + kModelRecordKey +
                                          "'), so how to feed it is not known");
  }
  auto engine = std::make_shared<Engine>(std::move(graph), engine_options);
  if (record->decoding.kind != kMtcnnKind || record->task == ModelTask::kMaskClassifier) {
    return Detector(std::move(engine), *record, options);
  }
  Detector detector(*record, options);
  const std::filesystem::path folder = file.parent_path();
  detector.finder_ = MakeMtcnn(std::move(engine), LoadEngine(folder / "rnet.onnx", engine_options),
                               LoadEngine(folder / "onet.onnx", engine_options), detector.record_);
  return detector;
}

}  // namespace maskscope
