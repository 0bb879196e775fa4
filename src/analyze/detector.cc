#include "analyze/detector.h"

#include <algorithm>
#include <cmath>

#include "analyze/nms.h"
#include "analyze/preprocess.h"
#include "base/error.h"

namespace maskscope {
namespace {

constexpr int kMostCandidates = 5000;  // into NMS, as upstream RetinaFace

void CheckOutput(const ModelRecord& record, const std::string& output, const TensorView& view, size_t anchors,
                 int64_t columns) {
  const Shape wanted{1, static_cast<int64_t>(anchors), columns};
  if (view.shape == wanted) return;
  throw Error(ErrorKind::kBadModel, "model '" + record.name + "': output '" + output + "' is " + ToString(view.shape) +
                                        ", but the record's decoding wants " + ToString(wanted));
}

// Finite and of positive size.
bool IsProper(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2) &&
         box.x2 > box.x1 && box.y2 > box.y1;
}

// SSD's box coding (Liu et al. 2016, section 2.2): offsets of the centre in units of the prior, logarithms of the
// sides.
Box DecodeBox(const Prior& prior, const float* code, const std::array<float, 2>& variances, InputSize input) {
  const float cx = prior.cx + code[0] * variances[0] * prior.w, cy = prior.cy + code[1] * variances[0] * prior.h;
  const float w = prior.w * std::exp(code[2] * variances[1]), h = prior.h * std::exp(code[3] * variances[1]);
  const auto width = static_cast<float>(input.width), height = static_cast<float>(input.height);
  return {(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height};
}

Point DecodePoint(const Prior& prior, const float* code, const std::array<float, 2>& variances, InputSize input) {
  return {(prior.cx + code[0] * variances[0] * prior.w) * static_cast<float>(input.width),
          (prior.cy + code[1] * variances[0] * prior.h) * static_cast<float>(input.height)};
}

// Areas as each model's authors compute them, so that its published results come out.
NmsRule RuleOf(const ModelRecord& record) {
  if (record.decoding.kind == "ssd_aizoo") {
    const float side = 1e-3f * static_cast<float>(std::max(record.input.width, record.input.height));
    return {record.thresholds.nms_iou, side, 0, kMostCandidates};
  }
  return {record.thresholds.nms_iou, 1, 1, kMostCandidates};
}

// What the network said, checked against the priors.
struct Outputs {
  const float* scores;  // [anchors, columns]
  const float* boxes;   // [anchors, 4]
  const float* points;  // [anchors, 10] or nullptr
  size_t columns;
};

Outputs ReadOutputs(const ModelRecord& record, const RunResult& run, size_t anchors) {
  const Decoding& decoding = record.decoding;
  const auto columns = static_cast<int64_t>(record.classes.size());
  const auto read = [&](const std::string& name, int64_t width) {
    const TensorView& view = run.Get(name);
    CheckOutput(record, name, view, anchors, width);
    return view.data;
  };
  return {read(decoding.scores_output, columns), read(decoding.boxes_output, 4),
          decoding.landmarks_output.empty() ? nullptr : read(decoding.landmarks_output, 10),
          static_cast<size_t>(columns)};
}

// Anchors above the threshold, boxes in pixels of the input.
struct Candidates {
  std::vector<size_t> anchors;
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<int> classes;
};

Candidates FindCandidates(const ModelRecord& record, const Outputs& outputs, const std::vector<int>& face_columns,
                          const PriorGrid& priors, InputSize input) {
  Candidates candidates;
  for (size_t anchor = 0; anchor < priors.size(); ++anchor) {
    const float* row = outputs.scores + anchor * outputs.columns;
    size_t best = 0;
    for (size_t c = 1; c < face_columns.size(); ++c) {
      if (row[face_columns[c]] > row[face_columns[best]]) best = c;
    }
    const float score = row[face_columns[best]];
    if (!(score >= record.thresholds.score)) continue;  // also where it is not a number
    const Box box = DecodeBox(priors.at(anchor), outputs.boxes + 4 * anchor, record.decoding.variances, input);
    if (!IsProper(box)) continue;
    candidates.anchors.push_back(anchor);
    candidates.boxes.push_back(box);
    candidates.scores.push_back(score);
    candidates.classes.push_back(static_cast<int>(best));
  }
  return candidates;
}

// From pixels of the input through those of the picture to those of the caller's frame.
struct ToFrame {
  Placement placement;
  float x, y;
  Box operator()(const Box& in_input) const {
    const Box box = placement.ToSource(in_input);
    return {box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y};
  }
  Point operator()(const Point& in_input) const {
    const Point point = placement.ToSource(in_input);
    return {point.x * x, point.y * y};
  }
};

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

Detector::Detector(std::shared_ptr<Engine> engine, ModelRecord record, const DetectorOptions& options)
    : engine_(std::move(engine)), record_(std::move(record)) {
  options.Validate();
  if (record_.task == ModelTask::kMaskClassifier) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': found a mask classifier, wanted a detector");
  }
  if (options.score_threshold) record_.thresholds.score = *options.score_threshold;
  if (options.nms_iou) record_.thresholds.nms_iou = *options.nms_iou;
  if (options.longest_side) {
    if (record_.input.resize != ResizeRule::kFitLongest) {
      throw Error(ErrorKind::kUsage, "longest_side: the input of model '" + record_.name + "' is fixed at " +
                                         std::to_string(record_.input.width) + " x " +
                                         std::to_string(record_.input.height) + " pixels");
    }
    record_.input.longest_side = *options.longest_side;
  }
  const Graph& graph = engine_->graph();
  if (graph.inputs.size() != 1) {
    throw Error(ErrorKind::kBadModel,
                "model '" + record_.name + "': found " + std::to_string(graph.inputs.size()) + " inputs, wanted 1");
  }
  input_name_ = graph.inputs[0].name;
  for (size_t i = 0; i < record_.classes.size(); ++i) {
    if (record_.classes[i] != "background") face_columns_.push_back(static_cast<int>(i));
  }
  if (face_columns_.empty()) {
    throw Error(ErrorKind::kBadModel, "model '" + record_.name + "': its record names no class besides background");
  }
  PriorGrid(record_.decoding, 32, 32);  // says now what is wrong with the decoding
}

std::vector<Detection> Detector::Detect(const Image& image, int frame_width, int frame_height) const {
  const InputSize input = DetectorInputSize(record_.input, image.width, image.height);
  // Kept per thread: a fresh buffer of this size would cost page faults for every picture.
  static thread_local std::vector<float> buffer;
  buffer.resize(size_t(3) * input.width * input.height);
  const Placement placement = FillDetectorInput(record_.input, image, buffer.data());
  const RunResult run = engine_->Run({{input_name_, {buffer.data(), {1, 3, input.height, input.width}}}});

  const PriorGrid priors(record_.decoding, input.width, input.height);
  const Outputs outputs = ReadOutputs(record_, run, priors.size());
  const Candidates candidates = FindCandidates(record_, outputs, face_columns_, priors, input);
  const ToFrame to_frame{placement, static_cast<float>(frame_width) / static_cast<float>(image.width),
                         static_cast<float>(frame_height) / static_cast<float>(image.height)};
  std::vector<Detection> detections;
  for (const int kept : Nms(candidates.boxes, candidates.scores, RuleOf(record_))) {
    const auto i = static_cast<size_t>(kept);
    const size_t anchor = candidates.anchors[i];
    Detection detection;
    detection.box = to_frame(candidates.boxes[i]);
    detection.score = candidates.scores[i];
    detection.class_index = candidates.classes[i];
    for (const int column : face_columns_) {
      detection.class_scores.push_back(outputs.scores[anchor * outputs.columns + static_cast<size_t>(column)]);
    }
    for (size_t k = 0; outputs.points != nullptr && k < 5; ++k) {
      const float* code = outputs.points + 10 * anchor + 2 * k;
      detection.landmarks.push_back(to_frame(DecodePoint(priors.at(anchor), code, record_.decoding.variances, input)));
    }
    detections.push_back(std::move(detection));
  }
  return detections;
}

}  // namespace maskscope
