#include <cmath>

#include "base/files.h"
#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

using nlohmann::ordered_json;

ordered_json NumberOrNull(double value) { return std::isnan(value) ? ordered_json() : ordered_json(value); }

ordered_json PerState(const std::array<Estimate, kMaskStates>& estimates) {
  ordered_json json = ordered_json::object();
  for (int s = 0; s < kMaskStates; ++s) {
    json[std::string(MaskStateName(static_cast<MaskState>(s)))] = ToJson(estimates[static_cast<size_t>(s)]);
  }
  return json;
}

ordered_json PerState(const std::array<int64_t, kMaskStates>& counts) {
  ordered_json json = ordered_json::object();
  for (int s = 0; s < kMaskStates; ++s) {
    json[std::string(MaskStateName(static_cast<MaskState>(s)))] = counts[static_cast<size_t>(s)];
  }
  return json;
}

// actual -> called -> count; states, then unsure.
ordered_json ToJson(const ConfusionMatrix& matrix) {
  ordered_json json = ordered_json::object();
  for (int actual = 0; actual < kMaskStates; ++actual) {
    ordered_json row = ordered_json::object();
    for (int called = 0; called < matrix.classes(); ++called) {
      const std::string name =
          called < kMaskStates ? std::string(MaskStateName(static_cast<MaskState>(called))) : "unsure";
      row[name] = matrix.at(actual, called);
    }
    json[std::string(MaskStateName(static_cast<MaskState>(actual)))] = row;
  }
  return json;
}

template <typename Scores>
ordered_json Evaluation(const std::string& kind, const std::string& split, const std::string& precision,
                        const ordered_json& models, const std::vector<Scores>& scores) {
  ordered_json json{
      {"schema", kEvaluationSchema}, {"kind", kind}, {"split", split}, {"precision", precision}, {"models", models}};
  json["sets"] = ordered_json::array();
  for (const Scores& one : scores) json["sets"].push_back(maskscope::ToJson(one));
  return json;
}

}  // namespace

ordered_json ToJson(const Estimate& estimate) {
  if (!estimate.defined()) return nullptr;
  return {{"value", estimate.value},
          {"low", NumberOrNull(estimate.interval.low)},
          {"high", NumberOrNull(estimate.interval.high)},
          {"count", estimate.count}};
}

ordered_json ToJson(const SceneScores& scores) {
  ordered_json json{{"set", scores.name},
                    {"pictures", scores.pictures},
                    {"groups", scores.groups},
                    {"faces", scores.faces},
                    {"faces_of_state", PerState(scores.faces_of_state)},
                    {"ignored", scores.ignored},
                    {"has_incorrect", scores.has_incorrect}};
  json["face_ap50"] = {{"all", ToJson(scores.face_ap)},
                       {"height_16", ToJson(scores.face_ap_16)},
                       {"height_32", ToJson(scores.face_ap_32)}};
  json["recall"] = ToJson(scores.recall);
  json["precision"] = ToJson(scores.precision);
  if (!scores.states) return json;
  json["state_ap50"] = PerState(scores.state_ap);
  json["mask_ap50"] = ToJson(scores.mask_ap);
  json["no_mask_ap50"] = ToJson(scores.no_mask_ap);
  json["mask_ap50_height_16"] = ToJson(scores.mask_ap_16);
  json["no_mask_ap50_height_16"] = ToJson(scores.no_mask_ap_16);
  json["confusion"] = ToJson(scores.confusion);
  json["confusion_best_guess"] = ToJson(scores.best_guess);
  json["state_accuracy"] = ToJson(scores.state_accuracy);
  json["f1"] = PerState(scores.f1);
  json["f1_strict"] = PerState(scores.f1_strict);
  json["f1_large"] = PerState(scores.f1_large);
  json["f1_large_strict"] = PerState(scores.f1_large_strict);
  json["right"] = ToJson(scores.right);
  json["right_strict"] = ToJson(scores.right_strict);
  json["right_height_16"] = ToJson(scores.right_16);
  json["right_height_16_strict"] = ToJson(scores.right_16_strict);
  json["unsure"] = scores.unsure;
  json["incorrect_without_class"] = scores.incorrect_without_class;
  json["calibration_error"] = NumberOrNull(scores.calibration_error);
  return json;
}

ordered_json ToJson(const CropScores& scores) {
  ordered_json json{{"set", scores.name},
                    {"crops", scores.crops},
                    {"faces", scores.faces},
                    {"called", PerState(scores.called)},
                    {"unsure", scores.unsure}};
  if (!scores.faces) return json;
  json["accuracy"] = ToJson(scores.accuracy);
  json["accuracy_strict"] = ToJson(scores.accuracy_strict);
  json["two_class_accuracy"] = ToJson(scores.two_class_accuracy);
  json["f1"] = PerState(scores.f1);
  json["confusion"] = ToJson(scores.confusion);
  json["confusion_best_guess"] = ToJson(scores.best_guess);
  return json;
}

ordered_json EvaluationJson(const std::string& kind, const std::string& split, const std::string& precision,
                            const ordered_json& models, const std::vector<SceneScores>& scores) {
  return Evaluation(kind, split, precision, models, scores);
}

ordered_json EvaluationJson(const std::string& kind, const std::string& split, const std::string& precision,
                            const ordered_json& models, const std::vector<CropScores>& scores) {
  return Evaluation(kind, split, precision, models, scores);
}

void WriteEvalFiles(const std::string& json_file, const std::string& markdown_file, const ordered_json& json,
                    const std::string& markdown) {
  if (!json_file.empty()) {
    WriteFileAtomically(json_file, json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  }
  if (!markdown_file.empty()) WriteFileAtomically(markdown_file, markdown);
}

}  // namespace maskscope
