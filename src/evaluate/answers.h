#ifndef MASKSCOPE_EVALUATE_ANSWERS_H_
#define MASKSCOPE_EVALUATE_ANSWERS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "evaluate/estimate.h"
#include "evaluate/scene_view.h"

// What the answers of a measurement come to: who is taken for what, and whether probabilities can be believed.
namespace maskscope {

// Rows: labelled correct, incorrect, none, and no face. Columns: called correct, incorrect, none, unsure, and not
// found. A detection on an ignored face is nowhere.
struct AnswerCounts {
  static constexpr int kRows = kMaskStates + 1, kColumns = kMaskStates + 2;
  static constexpr int kNoFaceRow = kMaskStates, kUnsureColumn = kMaskStates, kMissedColumn = kMaskStates + 1;
  std::array<std::array<int64_t, kColumns>, kRows> counts{};
  int64_t faces_without_state = 0;     // found or not; in no row
  int64_t pictures_without_faces = 0;  // labelled ones that are not ignored
  int64_t of_these_with_false = 0;     // with a false detection
  int64_t false_on_these = 0;          // false detections on them
};
AnswerCounts CountAnswers(const SceneView& view, const std::vector<FaceRow>& rows);

// Faces found, with a state that can be right or wrong: how certain the model was, and was it right?
struct Calibration {
  std::vector<double> confidence;  // probability of the likeliest state
  std::vector<double> before;      // the same had the logits not been divided by the temperature; empty: not known
  std::vector<bool> right;
  double temperature = 1;        // the model's
  double best_temperature = 1;   // on these faces: what the logits would have to be divided by
  Estimate error, error_before;  // expected calibration error
  // False: every confidence is 1, so that nothing was said of it.
  bool says_confidence = false;
};
// `temperature`: what the model's logits were divided by, where that is known.
Calibration MeasureCalibration(const SceneView& view, const std::vector<FaceRow>& rows,
                               std::optional<double> temperature, const Resampler& resampler);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_ANSWERS_H_
