#include "train/detector_validation.h"

#include <cmath>
#include <set>
#include <string>

#include "base/threads.h"
#include "image/decode.h"
#include "metrics/detection.h"
#include "train/detector_criterion.h"

namespace maskscope {

namespace {

MetricBox ToMetric(const Box& box) { return {box.x1, box.y1, box.x2, box.y2}; }

double FaceAp(const std::vector<LabelledImage>& pictures, const std::vector<std::vector<Detection>>& detections,
              const std::string& set, float least_height) {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> boxes;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!set.empty() && pictures[i].set != set) continue;
    for (const LabelledFace& face : pictures[i].faces) {
      truths.push_back({static_cast<int>(i), 0, ToMetric(face.box), face.ignore || face.box.height() < least_height});
    }
    for (const Detection& found : detections[i]) {
      boxes.push_back({static_cast<int>(i), 0, ToMetric(found.box), found.score});
    }
  }
  return VocCurve(truths, boxes, -1).ap_all;
}

// Faces of one state, which the detections call class `of_state`; those of unknown state are neither hits nor misses.
double StateAp(const std::vector<LabelledImage>& pictures, const std::vector<std::vector<Detection>>& detections,
               int state, int of_state, float least_height) {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> boxes;
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (const LabelledFace& face : pictures[i].faces) {
      if (face.state && static_cast<int>(*face.state) != state && !face.ignore) continue;
      truths.push_back(
          {static_cast<int>(i), 0, ToMetric(face.box), face.ignore || !face.state || face.box.height() < least_height});
    }
    for (const Detection& found : detections[i]) {
      if (found.class_index == of_state) boxes.push_back({static_cast<int>(i), 0, ToMetric(found.box), found.score});
    }
  }
  return VocCurve(truths, boxes, -1).ap_all;
}

// States that the network has no class for are left out; the mean is over those that pictures show.
void AddStateNumbers(const ModelRecord& record, const std::vector<LabelledImage>& pictures,
                     const std::vector<std::vector<Detection>>& detections, float least_height, NamedNumbers& numbers) {
  const auto classes = ClassOfStates(record);
  double sum = 0, count = 0;
  for (int state = 0; state < kMaskStates; ++state) {
    const int of_state = classes[static_cast<size_t>(state)];
    if (of_state < 0) continue;
    const double ap = StateAp(pictures, detections, state, of_state, least_height);
    numbers.emplace_back("ap50_" + std::string(MaskStateName(static_cast<MaskState>(state))), ap);
    if (!std::isfinite(ap)) continue;  // no such face to be found
    sum += ap;
    ++count;
  }
  numbers.emplace_back("map50_states", sum / count);
}

}  // namespace

NamedNumbers ScoreDetections(const std::vector<LabelledImage>& pictures,
                             const std::vector<std::vector<Detection>>& detections, float least_height) {
  NamedNumbers numbers{{"ap50", FaceAp(pictures, detections, "", least_height)},
                       {"ap50_all", FaceAp(pictures, detections, "", 0)}};
  std::set<std::string> sets;
  for (const LabelledImage& picture : pictures) sets.insert(picture.set);
  for (const std::string& set : sets)
    numbers.emplace_back("ap50_" + set, FaceAp(pictures, detections, set, least_height));
  return numbers;
}

NamedNumbers MeasureDetector(const Detector& detector, const std::vector<LabelledImage>& pictures, int workers,
                             float least_height, Progress* progress) {
  std::vector<std::vector<Detection>> detections(pictures.size());
  if (progress != nullptr) progress->Start("validation", static_cast<int64_t>(pictures.size()), "pictures");
  ParallelFor(pictures.size(), workers, [&](size_t i) {
    const Image image = ReadImage(pictures[i].path).image;
    detections[i] = detector.Detect(image, image.width, image.height);
    if (progress != nullptr) progress->Step();
  });
  if (progress != nullptr) progress->Finish();
  NamedNumbers numbers = ScoreDetections(pictures, detections, least_height);
  if (detector.record().task == ModelTask::kMaskDetector) {
    AddStateNumbers(detector.record(), pictures, detections, least_height, numbers);
  }
  return numbers;
}

}  // namespace maskscope
