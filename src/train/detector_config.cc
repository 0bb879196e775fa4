#include <type_traits>

#include "base/error.h"
#include "train/detector_trainer.h"

namespace maskscope {

namespace {

std::string_view BatchNormModeName(BatchNormMode mode) {
  return mode == BatchNormMode::kLearn ? "learn" : mode == BatchNormMode::kFrozen ? "frozen" : "fold";
}

// Names every field once, for writing and for reading. Visitor: (group, name, field).
template <typename Options, typename Visitor>
void VisitFields(Options& options, Visitor&& visit) {
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
  visit("loss", "negatives_per_positive", options.task.loss.negatives_per_positive);
  visit("loss", "least_negatives", options.task.loss.least_negatives);

  visit("training", "batch", options.task.batch);
  visit("training", "workers", options.task.workers);
  visit("training", "epochs", options.loop.epochs);
  visit("training", "threads", options.loop.threads);
  visit("training", "seed", options.loop.seed);
  visit("training", "learning_rate", options.loop.schedule.peak);
  visit("training", "warm_share", options.loop.schedule.warm_share);
  visit("training", "start_divisor", options.loop.schedule.start_divisor);
  visit("training", "final_divisor", options.loop.schedule.final_divisor);
  visit("training", "weight_decay", options.loop.optimizer.weight_decay);
  visit("training", "momentum", options.loop.optimizer.momentum);
  visit("training", "beta1", options.loop.optimizer.beta1);
  visit("training", "beta2", options.loop.optimizer.beta2);
  visit("training", "clip_norm", options.loop.optimizer.clip_norm);
  visit("training", "average_decay", options.loop.average_decay);
  visit("training", "batch_norm_momentum", options.loop.batch_norm_momentum);
}

}  // namespace

BatchNormMode ParseBatchNormMode(const std::string& text) {
  for (const BatchNormMode mode : {BatchNormMode::kLearn, BatchNormMode::kFrozen, BatchNormMode::kFold}) {
    if (text == BatchNormModeName(mode)) return mode;
  }
  throw Error{ErrorKind::kUsage, "batch_norm: found '" + text + "', wanted learn, frozen or fold"};
}

DetectorTrainingOptions::DetectorTrainingOptions() {
  loop.schedule.peak = 2e-3;
  loop.schedule.warm_share = 0.1;
  loop.optimizer.clip_norm = 5;
}

nlohmann::json ToJson(const DetectorTrainingOptions& options) {
  nlohmann::json json = {{"task", "detector"},
                         {"collection", options.data.filename().empty() ? options.data.parent_path().filename().string()
                                                                        : options.data.filename().string()},
                         {"start", options.init.filename().string()},
                         {"batch_norm", BatchNormModeName(options.batch_norm)},
                         {"optimizer", OptimizerName(options.loop.optimizer.kind)}};
  VisitFields(options, [&](const char* group, const char* name, const auto& field) { json[group][name] = field; });
  return json;
}

nlohmann::json ConfigToJson(const DetectorTrainingOptions& options) {
  nlohmann::json json = ToJson(options);
  json["paths"] = {{"data", std::filesystem::absolute(options.data).string()},
                   {"init", std::filesystem::absolute(options.init).string()}};
  json["licence"] = options.licence;
  return json;
}

DetectorTrainingOptions DetectorTrainingOptionsFromJson(const nlohmann::json& json, const std::string& source) {
  DetectorTrainingOptions options;
  try {
    options.data = json.at("paths").at("data").get<std::string>();
    options.init = json.at("paths").at("init").get<std::string>();
    options.licence = json.at("licence").get<std::string>();
    options.batch_norm = ParseBatchNormMode(json.at("batch_norm").get<std::string>());
    options.loop.optimizer.kind = ParseOptimizer(json.at("optimizer").get<std::string>());
    VisitFields(options, [&](const char* group, const char* name, auto& field) {
      field = json.at(group).at(name).template get<std::remove_reference_t<decltype(field)>>();
    });
  } catch (const nlohmann::json::exception& error) {
    throw Error{ErrorKind::kBadData,
                "'" + source + "' is not the configuration of a detector training: " + error.what()};
  }
  return options;
}

}  // namespace maskscope
