#ifndef MASKSCOPE_METRICS_COCO_H_
#define MASKSCOPE_METRICS_COCO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "metrics/detection.h"

// The COCO summary (Lin et al. 2014 and its published evaluation).
namespace maskscope {

struct CocoOptions {
  bool difficult_is_ignored = false;  // crowd always is
};

// The twelve numbers of the COCO detection challenge: IoU 0.50:0.05:0.95, 101 recall points, box area as object area
// (small to 32^2, medium to 96^2, large), 1, 10, 100 detections an image and class. Means over classes that have
// truths; NaN where there are none.
struct CocoSummary {
  double ap, ap50, ap75, ap_small, ap_medium, ap_large;
  double ar_1, ar_10, ar_100, ar_small, ar_medium, ar_large;
};

// Their usual names, in the usual order.
inline constexpr std::array<std::pair<const char*, double CocoSummary::*>, 12> kCocoNumbers{{
    {"AP", &CocoSummary::ap},
    {"AP50", &CocoSummary::ap50},
    {"AP75", &CocoSummary::ap75},
    {"AP_small", &CocoSummary::ap_small},
    {"AP_medium", &CocoSummary::ap_medium},
    {"AP_large", &CocoSummary::ap_large},
    {"AR_1", &CocoSummary::ar_1},
    {"AR_10", &CocoSummary::ar_10},
    {"AR_100", &CocoSummary::ar_100},
    {"AR_small", &CocoSummary::ar_small},
    {"AR_medium", &CocoSummary::ar_medium},
    {"AR_large", &CocoSummary::ar_large},
}};

// Matched once, summed up as often as wanted: what a bootstrap over images needs, for matches never cross images.
// Thread-safe once built.
class CocoEvaluation {
 public:
  // Images are numbered from 0. Memory: about 50 bytes a detection.
  CocoEvaluation(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                 const CocoOptions& options = {});

  // As it would be if image i stood in the data weight[i] times; an empty `weight` = each once.
  CocoSummary Summary(const std::vector<int>& weight = {}) const;

 private:
  static constexpr size_t kRanges = 4, kThresholds = 10;
  enum class Verdict : uint8_t { kMiss, kHit, kIgnored };
  struct ClassLists {
    std::vector<int> image;      // of each detection, by descending score
    std::vector<uint8_t> place;  // among its image's detections, from 0
    std::array<std::array<std::vector<Verdict>, kThresholds>, kRanges> verdicts;
    std::array<std::vector<std::pair<int, int>>, kRanges> positives;  // (image, counted truths)
  };
  struct Cell;
  static void MatchCell(const Cell& cell, bool difficult_is_ignored, ClassLists& lists);

  std::vector<ClassLists> classes_;
};

CocoSummary CocoEvaluate(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                         const CocoOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_COCO_H_
