#ifndef MASKSCOPE_METRICS_DETECTION_H_
#define MASKSCOPE_METRICS_DETECTION_H_

#include <array>
#include <cstdint>
#include <vector>

// Detection metrics as pure numbers: no pictures, no files.
namespace maskscope {

using MetricBox = std::array<double, 4>;  // x1, y1, x2, y2

struct GroundTruth {
  int image = 0;
  int label = 0;
  MetricBox box{};
  bool difficult = false;
  bool crowd = false;
};
struct ScoredBox {
  int image = 0;
  int label = 0;
  MetricBox box{};
  double score = 0;
};

enum class Outcome : char { kTruePositive = 'T', kFalsePositive = 'F', kIgnored = 'I' };

struct PrCurve {
  std::vector<Outcome> outcomes;   // in score order
  std::vector<int> order;          // index into the detections of that class, in score order
  std::vector<int> matched_truth;  // per entry of `order`: index of the matched ground truth, -1 = none
  std::vector<double> precision, recall, score;  // after each counted (T or F) detection
  int64_t positives = 0;           // non-difficult ground truths
  double ap_all = 0;               // area under the monotone envelope (VOC 2010 on); NaN without positives
  double ap_11 = 0;                // VOC 2007
};

// PASCAL VOC matching for one class (see shared golden/README, "voc"): detections by descending score, stable; each takes the ground
// truth of greatest IoU in its image. `label` < 0 takes every label as one class.
PrCurve VocCurve(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections, int label, double iou = 0.5,
                 bool iou_plus_one = false);

double BoxIou(const MetricBox& a, const MetricBox& b, bool plus_one = false);

struct CocoOptions {
  bool difficult_is_ignored = false;  // crowd always is
};
struct CocoSummary {
  double ap, ap50, ap75, ap_small, ap_medium, ap_large;
  double ar_1, ar_10, ar_100, ar_small, ar_medium, ar_large;
};
CocoSummary CocoEvaluate(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                         const CocoOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_DETECTION_H_
