#include "evaluate/answers.h"

#include <algorithm>
#include <cmath>

namespace maskscope {
namespace {

// Probabilities of softmax(z / T) tell z up to a constant: T * log p. The least probability keeps log finite.
constexpr double kLeastProbability = 1e-12;

double TopWithoutTemperature(const FaceResult& face, double temperature) {
  double top = 0, sum = 0;
  for (const auto& [name, p] : face.probabilities) {
    const double weight = std::pow(std::max<double>(p, kLeastProbability), temperature);
    top = std::max(top, weight);
    sum += weight;
  }
  return sum > 0 ? top / sum : 0;
}

// Expected calibration error of the faces, each counted as often as its picture was drawn.
double WeightedError(const std::vector<double>& confidence, const std::vector<bool>& right,
                     const std::vector<size_t>& picture, const std::vector<int>& weight) {
  constexpr int kBins = 15;  // as ExpectedCalibrationError
  std::array<double, kBins> gap{};
  double count = 0;
  for (size_t i = 0; i < confidence.size(); ++i) {
    const int times = weight[picture[i]];
    if (times == 0) continue;
    const int bin = std::clamp(static_cast<int>(std::ceil(confidence[i] * kBins)) - 1, 0, kBins - 1);
    gap[static_cast<size_t>(bin)] += times * (confidence[i] - (right[i] ? 1 : 0));
    count += times;
  }
  double sum = 0;
  for (const double one : gap) sum += std::abs(one);
  return count > 0 ? sum / count : std::nan("");
}

Estimate ErrorOf(const std::vector<double>& confidence, const std::vector<bool>& right,
                 const std::vector<size_t>& picture, const Resampler& resampler) {
  Estimate error;
  error.value = ExpectedCalibrationError(confidence, right);
  error.count = static_cast<int64_t>(confidence.size());
  if (!error.defined()) return error;
  error.interval = resampler.Intervals(1, [&](const std::vector<int>& weight) {
    return std::vector<double>{WeightedError(confidence, right, picture, weight)};
  })[0];
  return error;
}

}  // namespace

AnswerCounts CountAnswers(const SceneView& view, const std::vector<FaceRow>& rows) {
  AnswerCounts counts;
  std::vector<int64_t> false_on(view.pictures.size());
  for (const FaceRow& row : rows) {
    if (row.kind == FaceRow::Kind::kIgnored) continue;
    int called = AnswerCounts::kMissedColumn;
    if (row.detection >= 0) {
      called = row.predicted.unsure ? AnswerCounts::kUnsureColumn : static_cast<int>(row.predicted.best);
    }
    int labelled = AnswerCounts::kNoFaceRow;
    if (const LabelledFace* face = TruthOf(view, row)) {
      if (!face->state) {
        ++counts.faces_without_state;
        continue;
      }
      labelled = static_cast<int>(*face->state);
    } else {
      ++false_on[static_cast<size_t>(row.picture)];
    }
    ++counts.counts[static_cast<size_t>(labelled)][static_cast<size_t>(called)];
  }
  for (size_t i = 0; i < view.pictures.size(); ++i) {
    const auto& faces = view.pictures[i].truth->faces;
    if (std::any_of(faces.begin(), faces.end(), [](const LabelledFace& face) { return !face.ignore; })) continue;
    ++counts.pictures_without_faces;
    counts.of_these_with_false += false_on[i] > 0;
    counts.false_on_these += false_on[i];
  }
  return counts;
}

Calibration MeasureCalibration(const SceneView& view, const std::vector<FaceRow>& rows,
                               std::optional<double> temperature, const Resampler& resampler) {
  Calibration result;
  std::vector<size_t> picture;
  std::vector<float> logits;
  std::vector<int> labels;
  result.temperature = temperature.value_or(1);
  for (const FaceRow& row : rows) {
    if (!IsJudged(view, row)) continue;
    const FaceResult& found = *DetectionOf(view, row);
    const MaskState actual = *TruthOf(view, row)->state;
    result.confidence.push_back(std::clamp<double>(found.confidence, 0, 1));
    result.right.push_back(row.predicted.best == actual);
    result.says_confidence = result.says_confidence || found.confidence < 1;
    picture.push_back(static_cast<size_t>(row.picture));
    if (temperature) result.before.push_back(TopWithoutTemperature(found, *temperature));
    for (const double p : row.predicted.probability) {
      logits.push_back(static_cast<float>(result.temperature * std::log(std::max(p, kLeastProbability))));
    }
    labels.push_back(static_cast<int>(actual));
  }
  result.error = ErrorOf(result.confidence, result.right, picture, resampler);
  if (temperature) result.error_before = ErrorOf(result.before, result.right, picture, resampler);
  result.best_temperature = FitTemperature(logits, labels, kMaskStates);
  return result;
}

}  // namespace maskscope
