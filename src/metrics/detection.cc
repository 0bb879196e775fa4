#include "metrics/detection.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Height(const MetricBox& box) { return box[3] - box[1]; }

bool HoldsCentre(const MetricBox& outer, const MetricBox& box) {
  const double x = (box[0] + box[2]) / 2, y = (box[1] + box[3]) / 2;
  return x >= outer[0] && x < outer[2] && y >= outer[1] && y < outer[3];
}

// Indices of the detections of one class by descending score; equal scores keep their order.
std::vector<int> ScoreOrder(const std::vector<ScoredBox>& detections, int label) {
  std::vector<int> order;
  for (size_t i = 0; i < detections.size(); ++i) {
    if (label < 0 || detections[i].label == label) order.push_back(static_cast<int>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return detections[static_cast<size_t>(a)].score > detections[static_cast<size_t>(b)].score;
  });
  return order;
}

// Area under precision made monotone from the right, over recall; both run in score order.
double EnvelopeArea(const std::vector<double>& precision, const std::vector<double>& recall) {
  double area = 0, best = 0, upper = recall.empty() ? 0 : recall.back();
  for (size_t i = recall.size(); i-- > 0;) {
    area += (upper - recall[i]) * best;
    upper = recall[i];
    best = std::max(best, precision[i]);
  }
  return area + upper * best;
}

// The greatest precision at recall t or more, for t = 0, 0.1 .. 1: recall only grows, so one way back is enough.
double ElevenPoints(const std::vector<double>& precision, const std::vector<double>& recall) {
  double sum = 0, best = 0;
  size_t i = recall.size();
  for (int k = 10; k >= 0; --k) {
    for (; i > 0 && recall[i - 1] >= k / 10.0; --i) best = std::max(best, precision[i - 1]);
    sum += best;
  }
  return sum / 11;
}

// Precision and recall after each counted detection, and what follows from them.
void FinishCurve(const std::vector<ScoredBox>& detections, PrCurve& curve) {
  int64_t hits = 0, counted = 0;
  for (size_t k = 0; k < curve.order.size(); ++k) {
    if (curve.outcomes[k] == Outcome::kIgnored) continue;
    ++counted;
    hits += curve.outcomes[k] == Outcome::kTruePositive;
    curve.precision.push_back(static_cast<double>(hits) / static_cast<double>(counted));
    curve.recall.push_back(curve.positives > 0 ? static_cast<double>(hits) / static_cast<double>(curve.positives)
                                               : kNaN);
    curve.score.push_back(detections[static_cast<size_t>(curve.order[k])].score);
  }
  const bool defined = curve.positives > 0;
  curve.ap_all = defined ? EnvelopeArea(curve.precision, curve.recall) : kNaN;
  curve.ap_11 = defined ? ElevenPoints(curve.precision, curve.recall) : kNaN;
}

}  // namespace

double BoxIou(const MetricBox& a, const MetricBox& b, bool plus_one) {
  const double one = plus_one ? 1 : 0;
  const double width = std::min(a[2], b[2]) - std::max(a[0], b[0]) + one;
  const double height = std::min(a[3], b[3]) - std::max(a[1], b[1]) + one;
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  const double area_a = (a[2] - a[0] + one) * (a[3] - a[1] + one);
  const double area_b = (b[2] - b[0] + one) * (b[3] - b[1] + one);
  return both / (area_a + area_b - both);
}

PrCurve VocCurve(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections, int label,
                 const VocOptions& options) {
  PrCurve curve;
  std::unordered_map<int, std::vector<int>> truths_of_image;
  std::vector<bool> ignored(truths.size()), taken(truths.size());
  for (size_t i = 0; i < truths.size(); ++i) {
    if (label >= 0 && truths[i].label != label) continue;
    truths_of_image[truths[i].image].push_back(static_cast<int>(i));
    ignored[i] = truths[i].difficult || truths[i].crowd || Height(truths[i].box) < options.min_height;
    curve.positives += !ignored[i];
  }
  curve.order = ScoreOrder(detections, label);
  for (const int d : curve.order) {
    const ScoredBox& detection = detections[static_cast<size_t>(d)];
    int best = -1;
    double best_iou = -1;
    for (const int t : truths_of_image[detection.image]) {
      const MetricBox& box = truths[static_cast<size_t>(t)].box;
      const double iou = BoxIou(detection.box, box, options.plus_one);
      if (iou > best_iou && (!options.centre_hit || HoldsCentre(box, detection.box))) {
        best_iou = iou;
        best = t;
      }
    }
    const bool matched = best >= 0 && (options.centre_hit || best_iou >= options.iou);
    const size_t truth = static_cast<size_t>(best);
    Outcome outcome = Outcome::kFalsePositive;
    if (matched && ignored[truth]) {
      outcome = Outcome::kIgnored;
    } else if (matched && !taken[truth]) {
      outcome = Outcome::kTruePositive;
      taken[truth] = true;
    }
    curve.matched_truth.push_back(outcome == Outcome::kFalsePositive ? -1 : best);
    if (outcome == Outcome::kFalsePositive && Height(detection.box) < options.min_height) outcome = Outcome::kIgnored;
    curve.outcomes.push_back(outcome);
  }
  FinishCurve(detections, curve);
  return curve;
}

PrCurve VocCurve(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections, int label,
                 double iou, bool iou_plus_one) {
  return VocCurve(truths, detections, label, VocOptions{iou, iou_plus_one, 0});
}

ApPair ResampledAps(const PrCurve& curve, const std::vector<int>& image_of, const std::vector<int>& positives,
                    const std::vector<int>& weight) {
  int64_t all = 0;
  for (size_t i = 0; i < positives.size(); ++i) all += int64_t{positives[i]} * weight[i];
  if (all == 0) return {kNaN, kNaN};
  std::vector<double> precision, recall;
  precision.reserve(curve.order.size());
  recall.reserve(curve.order.size());
  int64_t hits = 0, counted = 0;
  for (size_t k = 0; k < curve.order.size(); ++k) {
    const int64_t times = weight[static_cast<size_t>(image_of[k])];
    if (times == 0 || curve.outcomes[k] == Outcome::kIgnored) continue;
    counted += times;
    if (curve.outcomes[k] == Outcome::kTruePositive) hits += times;
    precision.push_back(static_cast<double>(hits) / static_cast<double>(counted));
    recall.push_back(static_cast<double>(hits) / static_cast<double>(all));
  }
  return {EnvelopeArea(precision, recall), ElevenPoints(precision, recall)};
}

double ResampledAp(const PrCurve& curve, const std::vector<int>& image_of, const std::vector<int>& positives,
                   const std::vector<int>& weight) {
  return ResampledAps(curve, image_of, positives, weight).all;
}

}  // namespace maskscope
