#ifndef MASKSCOPE_EVALUATE_REPORT_MEASUREMENTS_H_
#define MASKSCOPE_EVALUATE_REPORT_MEASUREMENTS_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/answers.h"
#include "evaluate/crop_scores.h"
#include "evaluate/curves.h"
#include "evaluate/protocols.h"
#include "evaluate/scene_scores.h"
#include "evaluate/slices.h"

namespace maskscope {

// All that a report tells, measured once; how it is shown is up to charts and pages.
struct Measurements {
  SceneView view;
  bool states = false;  // were states said at all?
  SceneScoreOptions options;
  SceneScores overall;  // of the view
  std::vector<FaceRow> rows;
  std::vector<PictureLooks> looks;
  std::vector<ProtocolScores> protocols;
  std::vector<ClassCurves> curves;  // face (unless crops), three states, mask, no mask
  std::vector<RunningPoint> running;
  AnswerCounts answers;
  Calibration calibration;
  std::vector<ScoredAxis> slices;
};

struct MeasureOptions {
  SceneScoreOptions scores;
  SliceOptions slices;
  std::optional<double> temperature;  // what the model's logits were divided by; empty: not known
  int workers = 1;
  std::function<bool()> step;  // after each picture whose faces were looked at; false stops
};

// Errors: those of ScoreView and MeasureLooks.
Measurements Measure(SceneView view, const MeasureOptions& options);

// A view of face crops: each is a picture filled by one face (or by none), its result moved to the whole picture. The
// results must have the crops' sizes. What the view points to is put into `storage`, which must outlive it. Sets
// without the class incorrect are judged as the others are (crop_scores.h).
struct CropStorage {
  std::vector<LabelledImage> images;
  std::vector<Result> results;
};
SceneView CropView(const std::vector<LabelledCrop>& crops, const std::vector<Result>& results, CropStorage& storage);

// What metrics.json says beyond the scores of the sets.
nlohmann::ordered_json ToJson(const Measurements& measured);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_MEASUREMENTS_H_
