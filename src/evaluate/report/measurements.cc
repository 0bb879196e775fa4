#include "evaluate/report/measurements.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluate/eval_report.h"

namespace maskscope {
namespace {

using nlohmann::ordered_json;

bool SaysStates(const SceneView& view) {
  return std::any_of(view.pictures.begin(), view.pictures.end(), [](const ScenePicture& picture) {
    const auto& faces = picture.candidates->faces;
    return std::any_of(faces.begin(), faces.end(), [](const FaceResult& face) { return !face.probabilities.empty(); });
  });
}

std::vector<ListKind> KindsOf(const SceneView& view, bool states) {
  std::vector<ListKind> kinds;
  if (!view.crops) kinds.push_back(ListKind::kFace);
  if (states) {
    kinds.insert(kinds.end(),
                 {ListKind::kCorrect, ListKind::kIncorrect, ListKind::kNone, ListKind::kMask, ListKind::kNoMask});
  }
  return kinds;
}

ordered_json NumberOrNull(double value) { return std::isnan(value) ? ordered_json() : ordered_json(value); }

ordered_json ToJson(const ProtocolScores& scores) {
  ordered_json per_class = ordered_json::array();
  for (size_t c = 0; c < scores.classes.size(); ++c) {
    per_class.push_back({{"class", scores.classes[c]},
                         {"pascal_voc_2010_ap", ToJson(scores.voc_all[c])},
                         {"pascal_voc_2007_11_point_ap", ToJson(scores.voc_11[c])}});
  }
  ordered_json coco = ordered_json::object();
  for (size_t i = 0; i < kCocoNumbers.size(); ++i) coco[kCocoNumbers[i].first] = ToJson(scores.coco[i]);
  return {{"protocol", scores.name},
          {"classes", per_class},
          {"mean_pascal_voc_2010_ap", ToJson(scores.mean_voc_all)},
          {"mean_pascal_voc_2007_11_point_ap", ToJson(scores.mean_voc_11)},
          {"coco", coco}};
}

ordered_json ToJson(const AnswerCounts& answers) {
  const char* rows[] = {"correct", "incorrect", "none", "no_face"};
  const char* columns[] = {"correct", "incorrect", "none", "unsure", "not_found"};
  ordered_json matrix = ordered_json::object();
  for (size_t r = 0; r < AnswerCounts::kRows; ++r) {
    for (size_t c = 0; c < AnswerCounts::kColumns; ++c) {
      const bool impossible = r == AnswerCounts::kNoFaceRow && c == AnswerCounts::kMissedColumn;
      matrix[rows[r]][columns[c]] = impossible ? ordered_json() : ordered_json(answers.counts[r][c]);
    }
  }
  return {{"labelled_as_called", matrix},
          {"faces_without_state", answers.faces_without_state},
          {"pictures_without_faces", answers.pictures_without_faces},
          {"of_these_with_false_detections", answers.of_these_with_false},
          {"false_detections_on_these", answers.false_on_these}};
}

ordered_json ToJson(const ScoredAxis& axis) {
  ordered_json parts = ordered_json::array();
  for (const SliceScores& part : axis.parts) {
    parts.push_back({{"part", part.name},
                     {"faces", part.faces},
                     {"face_ap50", ToJson(part.face_ap)},
                     {"found", ToJson(part.found)},
                     {"right", ToJson(part.right)},
                     {"state_right", ToJson(part.state_right)},
                     {"bare_called_correct", ToJson(part.bare_as_mask)}});
  }
  return {{"by", axis.name}, {"note", axis.note}, {"parts", parts}};
}

}  // namespace

Measurements Measure(SceneView view, const MeasureOptions& options) {
  Measurements m;
  m.view = std::move(view);
  m.options = options.scores;
  m.states = SaysStates(m.view);
  const Resampler resampler(m.view.Groups(), options.scores.resamples, options.scores.seed);
  m.overall = ScoreView("all", m.view, options.scores);
  m.rows = MatchAnswers(m.view);
  m.looks = MeasureLooks(m.view, options.workers, options.step);
  m.protocols = ScoreProtocols(m.view, m.states, options.scores.resamples, options.scores.seed);
  for (const ListKind kind : KindsOf(m.view, m.states)) m.curves.push_back(MakeCurves(m.view, kind, resampler));
  m.answers = CountAnswers(m.view, m.rows);
  if (m.states) {
    if (!m.view.crops) m.running = RunningAccuracyOf(m.view, options.scores.iou);
    m.calibration = MeasureCalibration(m.view, m.rows, options.temperature, resampler);
  }
  m.slices = ScoreSlices(m.view, m.looks, m.states, options.slices, resampler);
  return m;
}

SceneView CropView(const std::vector<LabelledCrop>& crops, const std::vector<Result>& results, CropStorage& storage) {
  storage.images.clear();
  storage.results = results;
  for (size_t i = 0; i < crops.size(); ++i) {
    Result& result = storage.results[i];
    const Box all{0, 0, static_cast<float>(result.width), static_cast<float>(result.height)};
    for (FaceResult& face : result.faces) face.box = all;
    LabelledImage image;
    image.path = crops[i].path;
    image.set = crops[i].set;
    image.name = crops[i].name;
    image.group = crops[i].group;
    image.width = result.width;
    image.height = result.height;
    if (crops[i].state) {
      LabelledFace face;
      face.box = all;
      face.state = crops[i].state;
      image.faces.push_back(face);
    }
    storage.images.push_back(std::move(image));
  }
  SceneView view;
  view.crops = true;
  view.pictures = PairPictures(storage.images, storage.results, storage.results);
  for (ScenePicture& picture : view.pictures) picture.set_has_incorrect = true;
  return view;
}

ordered_json ToJson(const Measurements& m) {
  ordered_json json{{"overall", ToJson(m.overall)}};
  if (!m.view.crops) {
    json["protocols"] = ordered_json::array();
    for (const ProtocolScores& one : m.protocols) json["protocols"].push_back(ToJson(one));
  }
  json["curves"] = ordered_json::array();
  for (const ClassCurves& one : m.curves) {
    const auto at = std::find(one.thresholds.begin(), one.thresholds.end(), one.best_threshold);
    const size_t k = static_cast<size_t>(at - one.thresholds.begin());
    json["curves"].push_back({{"class", one.name},
                              {"faces", one.faces},
                              {"ap50", ToJson(one.ap)},
                              {"best_f1", ToJson(one.f1[k])},
                              {"at_threshold", one.faces > 0 ? ordered_json(one.best_threshold) : ordered_json()}});
  }
  json["answers"] = ToJson(m.answers);
  if (!m.running.empty()) {
    json["rice2021"] = {{"running_accuracy", NumberOrNull(m.running.back().running)},
                        {"strict", NumberOrNull(m.running.back().strict)},
                        {"faces", m.running.back().faces}};
  }
  if (m.states) {
    json["calibration"] = {{"says_confidence", m.calibration.says_confidence},
                           {"temperature", m.calibration.temperature},
                           {"best_temperature_here", m.calibration.best_temperature},
                           {"expected_calibration_error", ToJson(m.calibration.error)},
                           {"without_temperature", ToJson(m.calibration.error_before)}};
  }
  json["parts"] = ordered_json::array();
  for (const ScoredAxis& axis : m.slices) json["parts"].push_back(ToJson(axis));
  return json;
}

}  // namespace maskscope
