#include "base/error.h"
#include "train/detector_trainer.h"
#include "train/settings.h"

namespace maskscope {

namespace {

constexpr const char* kTask = "detector";

// Names every field once, for writing and for reading. Visitor: (group, name, field).
template <typename Options, typename Visitor>
void VisitFields(Options& options, Visitor&& visit) {
  visit("data", "data", options.data);
  visit("data", "teacher", options.teacher_model);
  visit("network", "arch", options.arch);
  visit("network", "init", options.init);
  visit("network", "classes", options.classes);
  visit("network", "anchors", options.anchors);
  visit("network", "batch_norm", options.batch_norm);
  visit("network", "licence", options.licence);
  visit("network", "states", options.states);
  visit("network", "width", options.network.width);
  visit("network", "neck_channels", options.network.neck_channels);
  visit("network", "leaky_slope", options.network.leaky_slope);
  visit("network", "landmarks", options.network.landmarks);
  visit("network", "seed", options.network.seed);

  visit("data", "draws_per_epoch", options.task.draws_per_epoch);
  visit("data", "validation_share", options.validation_share);
  visit("data", "validation_seed", options.validation_seed);
  visit("data", "unlabelled_face_score", options.teacher.ignore_score);
  visit("data", "landmark_score", options.teacher.landmark_score);
  visit("data", "teacher_longest_side", options.teacher.longest_side);

  auto& sample = options.task.sample;
  visit("sample", "size", sample.size);
  visit("sample", "sizes", options.task.sizes);
  visit("sample", "longest_side", sample.longest_side);
  visit("sample", "least_scale", sample.least_scale);
  visit("sample", "greatest_scale", sample.greatest_scale);
  visit("sample", "least_face", sample.least_face);
  visit("sample", "least_visible", sample.least_visible);
  visit("sample", "aspect", sample.aspect);
  visit("sample", "aim_at_face", sample.aim_at_face);
  visit("sample", "flip", sample.flip);
  visit("sample", "colour", sample.colour);
  visit("sample", "grey", sample.grey);
  visit("sample", "blur", sample.blur);
  visit("sample", "jpeg", sample.jpeg);
  visit("sample", "noise", sample.noise);
  visit("sample", "mosaic", sample.mosaic);
  visit("sample", "hsv", sample.hsv);

  visit("match", "positive_iou", options.task.criterion.match.positive_iou);
  visit("match", "negative_iou", options.task.criterion.match.negative_iou);
  visit("match", "ignore_cover", options.task.criterion.match.ignore_cover);
  visit("match", "ignore_ratio", options.task.criterion.match.ignore_ratio);
  visit("loss", "box_weight", options.task.criterion.multibox.box_weight);
  visit("loss", "landmark_weight", options.task.criterion.multibox.landmark_weight);
  visit("loss", "state_weight", options.task.criterion.multibox.state_weight);
  visit("loss", "negatives_per_positive", options.task.criterion.multibox.negatives_per_positive);
  visit("loss", "least_negatives", options.task.criterion.multibox.least_negatives);

  auto& yolo = options.task.criterion.yolo;
  visit("yolo", "box_gain", yolo.box_gain);
  visit("yolo", "objectness_gain", yolo.objectness_gain);
  visit("yolo", "class_gain", yolo.class_gain);
  visit("yolo", "balance", yolo.balance);
  visit("yolo", "label_smoothing", yolo.label_smoothing);
  visit("yolo", "greatest_ratio", yolo.greatest_ratio);
  visit("yolo", "weigh_states", yolo.weigh_states);

  visit("training", "batch", options.task.batch);
  visit("training", "workers", options.task.workers);
  VisitLoopFields(options.loop, visit);
}

}  // namespace

std::string_view EnumText(BatchNormMode mode) {
  return mode == BatchNormMode::kLearn ? "learn" : mode == BatchNormMode::kFrozen ? "frozen" : "fold";
}

void ParseEnum(const std::string& text, BatchNormMode& mode) { mode = ParseBatchNormMode(text); }

BatchNormMode ParseBatchNormMode(const std::string& text) {
  for (const BatchNormMode mode : {BatchNormMode::kLearn, BatchNormMode::kFrozen, BatchNormMode::kFold}) {
    if (text == EnumText(mode)) return mode;
  }
  throw Error{ErrorKind::kUsage, "batch_norm: found '" + text + "', wanted learn, frozen or fold"};
}

DetectorTrainingOptions::DetectorTrainingOptions() {
  loop.schedule.peak = 2e-3;
  loop.schedule.warm_share = 0.1;
  loop.optimizer.clip_norm = 5;
}

nlohmann::json ToJson(const DetectorTrainingOptions& options) {
  nlohmann::json json = WriteSettings([&](auto&& visit) { VisitFields(options, visit); });
  SetTask(json, kTask);
  return json;
}

void ReadDetectorSettings(const nlohmann::json& json, const std::string& source, DetectorTrainingOptions& options) {
  ReadSettings(WithoutTask(json, kTask, source), source, [&](auto&& visit) { VisitFields(options, visit); });
}

}  // namespace maskscope
