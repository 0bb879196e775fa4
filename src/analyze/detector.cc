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

// Anchors above the threshold, boxes in pixels of the input.
struct Candidates {
  std::vector<size_t> anchors;
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<int> classes;
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
  const Decoding& decoding = record_.decoding;
  const TensorView& scores = run.Get(decoding.scores_output);
  const TensorView& boxes = run.Get(decoding.boxes_output);
  const auto columns = static_cast<int64_t>(record_.classes.size());
  CheckOutput(record_, decoding.scores_output, scores, priors.size(), columns);
  CheckOutput(record_, decoding.boxes_output, boxes, priors.size(), 4);
  const float* points = nullptr;
  if (!decoding.landmarks_output.empty()) {
    const TensorView& view = run.Get(decoding.landmarks_output);
    CheckOutput(record_, decoding.landmarks_output, view, priors.size(), 10);
    points = view.data;
  }

  Candidates candidates;
  for (size_t anchor = 0; anchor < priors.size(); ++anchor) {
    const float* row = scores.data + anchor * static_cast<size_t>(columns);
    int best = 0;
    for (size_t c = 1; c < face_columns_.size(); ++c) {
      if (row[face_columns_[c]] > row[face_columns_[static_cast<size_t>(best)]]) best = static_cast<int>(c);
    }
    const float score = row[face_columns_[static_cast<size_t>(best)]];
    if (!(score >= record_.thresholds.score)) continue;
    const Box box = DecodeBox(priors.at(anchor), boxes.data + 4 * anchor, decoding.variances, input);
    if (!IsProper(box)) continue;
    candidates.anchors.push_back(anchor);
    candidates.boxes.push_back(box);
    candidates.scores.push_back(score);
    candidates.classes.push_back(best);
  }

  // From the input to `image`, from there to the frame.
  const float to_frame_x = static_cast<float>(frame_width) / static_cast<float>(image.width);
  const float to_frame_y = static_cast<float>(frame_height) / static_cast<float>(image.height);
  std::vector<Detection> detections;
  for (const int kept : Nms(candidates.boxes, candidates.scores, RuleOf(record_))) {
    const auto i = static_cast<size_t>(kept);
    const Box box = placement.ToSource(candidates.boxes[i]);
    Detection detection;
    detection.box = {box.x1 * to_frame_x, box.y1 * to_frame_y, box.x2 * to_frame_x, box.y2 * to_frame_y};
    detection.score = candidates.scores[i];
    detection.class_index = candidates.classes[i];
    const size_t anchor = candidates.anchors[i];
    for (const int column : face_columns_) {
      detection.class_scores.push_back(
          scores.data[anchor * static_cast<size_t>(columns) + static_cast<size_t>(column)]);
    }
    for (int k = 0; points != nullptr && k < 5; ++k) {
      const Point point =
          placement.ToSource(DecodePoint(priors.at(anchor), points + 10 * anchor + 2 * k, decoding.variances, input));
      detection.landmarks.push_back({point.x * to_frame_x, point.y * to_frame_y});
    }
    detections.push_back(std::move(detection));
  }
  return detections;
}

}  // namespace maskscope
