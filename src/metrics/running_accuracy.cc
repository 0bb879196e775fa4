#include "metrics/running_accuracy.h"

#include <cstddef>
#include <limits>

namespace maskscope {

std::vector<RunningPoint> RunningAccuracy(const std::vector<GroundTruth>& truths,
                                          const std::vector<ScoredBox>& detections, int images, double iou) {
  const size_t count = static_cast<size_t>(images);
  std::vector<int64_t> faces(count), loose(count), strict(count);
  std::vector<std::vector<const GroundTruth*>> of_image(count);
  for (const GroundTruth& truth : truths) {
    if (truth.difficult || truth.crowd) continue;
    const size_t image = static_cast<size_t>(truth.image);
    ++faces[image];
    of_image[image].push_back(&truth);
  }
  for (const ScoredBox& box : detections) {
    const size_t image = static_cast<size_t>(box.image);
    for (const GroundTruth* truth : of_image[image]) {
      if (truth->label != box.label || BoxIou(truth->box, box.box) < iou) continue;
      ++loose[image];
      break;
    }
  }
  const PrCurve curve = VocCurve(truths, detections, -1, iou);
  for (size_t k = 0; k < curve.order.size(); ++k) {
    if (curve.outcomes[k] != Outcome::kTruePositive) continue;
    const ScoredBox& box = detections[static_cast<size_t>(curve.order[k])];
    const GroundTruth& truth = truths[static_cast<size_t>(curve.matched_truth[k])];
    strict[static_cast<size_t>(box.image)] += truth.label == box.label;
  }
  std::vector<RunningPoint> points;
  int64_t all_faces = 0, all_loose = 0, all_strict = 0;
  for (size_t i = 0; i < count; ++i) {
    all_faces += faces[i];
    all_loose += loose[i];
    all_strict += strict[i];
    const double whole = all_faces > 0 ? static_cast<double>(all_faces) : std::numeric_limits<double>::quiet_NaN();
    points.push_back({all_faces, static_cast<double>(all_loose) / whole, static_cast<double>(all_strict) / whole});
  }
  return points;
}

}  // namespace maskscope
