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
  visit("network", "init", options.init);
  visit("network", "batch_norm", options.batch_norm);
  visit("network", "licence", options.licence);
  visit("network", "states", options.states);
  visit("network", "width", options.network.width);
  visit("network", "neck_channels", options.network.neck_channels);
  visit("network", "leaky_slope", options.network.leaky_slope);
  visit("network", "landmarks", options.network.landmarks);
  visit("network", "seed", options.network.seed);

  visit("data", "validation_share", options.validation_share);
  visit("data", "validation_seed", options.validation_seed);
  visit("data", "unlabelled_face_score", options.teacher.ignore_score);
  visit("data", "landmark_score", options.teacher.landmark_score);
  visit("data", "teacher_longest_side", options.teacher.longest_side);

  auto& sample = options.task.sample;
  visit("sample", "size", sample.size);
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

  visit("match", "positive_iou", options.task.match.positive_iou);
  visit("match", "negative_iou", options.task.match.negative_iou);
  visit("match", "ignore_cover", options.task.match.ignore_cover);
  visit("match", "ignore_ratio", options.task.match.ignore_ratio);
  visit("loss", "box_weight", options.task.loss.box_weight);
  visit("loss", "landmark_weight", options.task.loss.landmark_weight);
  visit("loss", "state_weight", options.task.loss.state_weight);
  visit("loss", "negatives_per_positive", options.task.loss.negatives_per_positive);
  visit("loss", "least_negatives", options.task.loss.least_negatives);

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
