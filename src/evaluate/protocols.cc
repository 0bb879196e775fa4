#include "evaluate/protocols.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace maskscope {
namespace {

double MeanOfDefined(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : std::nan("");
}

std::vector<double> Numbers(const CocoSummary& summary) {
  std::vector<double> numbers;
  for (const auto& [name, member] : kCocoNumbers) numbers.push_back(summary.*member);
  return numbers;
}

// For each class all points, then 11 points, then the means of both.
std::vector<double> VocNumbers(const std::vector<ApPair>& aps) {
  std::vector<double> all, eleven;
  for (const ApPair& one : aps) {
    all.push_back(one.all);
    eleven.push_back(one.eleven);
  }
  const double mean_all = MeanOfDefined(all), mean_eleven = MeanOfDefined(eleven);
  all.insert(all.end(), eleven.begin(), eleven.end());
  all.insert(all.end(), {mean_all, mean_eleven});
  return all;
}

Estimate ToEstimate(double value, const Interval& interval, int64_t count) {
  Estimate estimate;
  estimate.value = value;
  if (estimate.defined()) estimate.interval = interval;
  estimate.count = count;
  return estimate;
}

ProtocolScores Score(const SceneView& view, std::string name, const std::vector<ListKind>& kinds, int resamples,
                     uint64_t seed) {
  ProtocolScores scores;
  scores.name = std::move(name);
  scores.pictures = static_cast<int64_t>(view.pictures.size());
  const Resampler resampler(view.Groups(), resamples, seed);
  std::vector<WeightedVoc> classes;
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> detections;
  int64_t faces = 0;
  for (size_t c = 0; c < kinds.size(); ++c) {
    scores.classes.push_back(ListName(kinds[c]));
    ClassList list = MakeList(view, kinds[c]);
    classes.emplace_back(list.truths, list.detections, view.match, resampler.pictures());
    faces += classes.back().curve().positives;
    for (GroundTruth& truth : list.truths) truth.label = static_cast<int>(c);
    for (ScoredBox& box : list.detections) box.label = static_cast<int>(c);
    truths.insert(truths.end(), list.truths.begin(), list.truths.end());
    detections.insert(detections.end(), list.detections.begin(), list.detections.end());
  }
  std::vector<ApPair> aps;
  for (const WeightedVoc& one : classes) aps.push_back({one.curve().ap_all, one.curve().ap_11});
  const std::vector<double> voc = VocNumbers(aps);
  const std::vector<Interval> voc_intervals = resampler.Intervals(voc.size(), [&](const std::vector<int>& weight) {
    std::vector<ApPair> drawn;
    for (const WeightedVoc& one : classes) drawn.push_back(one.Aps(weight));
    return VocNumbers(drawn);
  });
  const size_t n = classes.size();
  for (size_t c = 0; c < n; ++c) {
    const int64_t count = classes[c].curve().positives;
    scores.voc_all.push_back(ToEstimate(voc[c], voc_intervals[c], count));
    scores.voc_11.push_back(ToEstimate(voc[n + c], voc_intervals[n + c], count));
  }
  scores.mean_voc_all = ToEstimate(voc[2 * n], voc_intervals[2 * n], faces);
  scores.mean_voc_11 = ToEstimate(voc[2 * n + 1], voc_intervals[2 * n + 1], faces);

  const CocoEvaluation coco(truths, detections, {.difficult_is_ignored = true});
  const std::vector<double> numbers = Numbers(coco.Summary());
  const Resampler fewer(view.Groups(), std::min(resamples, kMostCocoResamples), seed);
  const std::vector<Interval> intervals =
      fewer.Intervals(numbers.size(), [&](const std::vector<int>& weight) { return Numbers(coco.Summary(weight)); });
  for (size_t i = 0; i < numbers.size(); ++i) scores.coco.push_back(ToEstimate(numbers[i], intervals[i], faces));
  return scores;
}

}  // namespace

std::vector<ProtocolScores> ScoreProtocols(const SceneView& view, bool states, int resamples, uint64_t seed) {
  std::vector<ProtocolScores> all;
  if (states) {
    all.push_back(
        Score(view, "three states", {ListKind::kCorrect, ListKind::kIncorrect, ListKind::kNone}, resamples, seed));
    all.push_back(Score(view, "mask / no mask", {ListKind::kMask, ListKind::kNoMask}, resamples, seed));
  }
  all.push_back(Score(view, "face only", {ListKind::kFace}, resamples, seed));
  return all;
}

std::vector<RunningPoint> RunningAccuracyOf(const SceneView& view, double iou) {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> boxes;
  int images = 0;
  for (const ScenePicture& picture : view.pictures) {
    const auto& faces = picture.truth->faces;
    const bool counts =
        std::any_of(faces.begin(), faces.end(), [](const auto& face) { return !face.ignore && face.state; });
    if (!counts) continue;
    for (const LabelledFace& face : faces) {
      const bool ignored = face.ignore || !face.state;
      truths.push_back({images, ignored ? -2 : static_cast<int>(*face.state), ToMetricBox(face.box), ignored, false});
    }
    for (const FaceResult& face : picture.answer->faces) {
      const PredictedState predicted = ToPredictedState(face, picture.truth->path.string());
      if (predicted.known) {
        boxes.push_back({images, static_cast<int>(predicted.best), ToMetricBox(face.box), face.score});
      }
    }
    ++images;
  }
  return RunningAccuracy(truths, boxes, images, iou);
}

}  // namespace maskscope
