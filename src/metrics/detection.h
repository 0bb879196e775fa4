#ifndef MASKSCOPE_METRICS_DETECTION_H_
#define MASKSCOPE_METRICS_DETECTION_H_

#include <array>
#include <cstdint>
#include <vector>

// Detection metrics as pure numbers: no pictures, no files. All functions are pure and may be called from many threads.
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

// Intersection over union; 0 for empty boxes. `plus_one`: widths are x2 - x1 + 1, as in the VOC devkit.
double BoxIou(const MetricBox& a, const MetricBox& b, bool plus_one = false);

enum class Outcome : char { kTruePositive = 'T', kFalsePositive = 'F', kIgnored = 'I' };

struct PrCurve {
  std::vector<Outcome> outcomes;   // in score order
  std::vector<int> order;          // index into `detections` as passed, in score order
  std::vector<int> matched_truth;  // per entry of `order`: index into `truths` (T, and I on an ignored truth), else -1
  std::vector<double> precision, recall, score;  // after each counted (T or F) detection
  int64_t positives = 0;                         // truths that are not ignored
  double ap_all = 0;  // area under the monotone envelope (VOC 2010 on); NaN without positives
  double ap_11 = 0;   // VOC 2007: mean over recall >= 0, 0.1 .. 1; NaN without positives
};

struct VocOptions {
  double iou = 0.5;       // least IoU of a match
  bool plus_one = false;  // see BoxIou
  // Truths less high than this (in the boxes' unit) are ignored like difficult ones, and so are false detections less
  // high than this, after the area ranges of COCO.
  double min_height = 0;
  // A detection matches a truth when its centre lies in the truth's box, whatever their IoU: for sets whose boxes go
  // round something larger than ours (a whole head).
  bool centre_hit = false;
};

// PASCAL VOC matching for one class (Everingham et al. 2010, section 4.2): detections by descending score (stable);
// each takes the truth of greatest IoU in its image (the first on ties). Ignored truth (difficult or crowd): the
// detection is ignored. Free truth: true positive. Taken truth, or IoU below `iou`: false positive. `label` < 0 takes
// every label as one class.
PrCurve VocCurve(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections, int label,
                 const VocOptions& options);
PrCurve VocCurve(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections, int label,
                 double iou = 0.5, bool iou_plus_one = false);

struct ApPair {
  double all = 0, eleven = 0;  // PrCurve::ap_all, ap_11
};
// Both as they would be if image i stood in the data weight[i] times: what a bootstrap over images needs, without
// matching again (matches never cross images). image_of[k] = image of curve.order[k]; positives[i] = counted truths of
// image i. NaN without positives.
ApPair ResampledAps(const PrCurve& curve, const std::vector<int>& image_of, const std::vector<int>& positives,
                    const std::vector<int>& weight);
// The first of them.
double ResampledAp(const PrCurve& curve, const std::vector<int>& image_of, const std::vector<int>& positives,
                   const std::vector<int>& weight);

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_DETECTION_H_
