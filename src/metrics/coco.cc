#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "metrics/detection.h"

// The COCO summary. Names follow the published evaluation: a cell is one image and class.
namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kThresholds = 10;
constexpr int kRecallPoints = 101;

double Threshold(int k) { return 0.5 + 0.05 * k; }

struct AreaRange {
  double low, high;
  bool Holds(double area) const { return area >= low && area <= high; }
};
constexpr AreaRange kAll{0, 1e10}, kSmall{0, 32 * 32}, kMedium{32 * 32, 96 * 96}, kLarge{96 * 96, 1e10};

double Area(const MetricBox& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

// A crowd region may hold many detections: the share of the detection that it covers.
double CocoIou(const MetricBox& detection, const GroundTruth& truth) {
  if (!truth.crowd) return BoxIou(detection, truth.box);
  const double width = std::min(detection[2], truth.box[2]) - std::max(detection[0], truth.box[0]);
  const double height = std::min(detection[3], truth.box[3]) - std::max(detection[1], truth.box[1]);
  return width > 0 && height > 0 ? width * height / Area(detection) : 0;
}

struct Cell {
  std::vector<const GroundTruth*> truths;
  std::vector<const ScoredBox*> detections;  // by descending score
};
using Cells = std::map<int, Cell>;  // by image

struct Judged {
  double score;
  bool hit, ignored;
};

// Matches one cell at one IoU threshold. Adds the number of counted truths to `positives`.
void MatchCell(const Cell& cell, const AreaRange& range, double threshold, int max_detections,
               bool difficult_is_ignored, std::vector<Judged>& judged, int64_t& positives) {
  std::vector<std::pair<bool, const GroundTruth*>> truths;  // (ignored, truth), the ignored last
  for (const GroundTruth* truth : cell.truths) {
    truths.emplace_back(truth->crowd || (difficult_is_ignored && truth->difficult) || !range.Holds(Area(truth->box)),
                        truth);
  }
  std::stable_sort(truths.begin(), truths.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [ignored, truth] : truths) positives += !ignored;
  std::vector<bool> taken(truths.size());
  const size_t count = std::min(cell.detections.size(), static_cast<size_t>(max_detections));
  for (size_t d = 0; d < count; ++d) {
    const ScoredBox& detection = *cell.detections[d];
    double best_iou = threshold;
    int best = -1;
    for (size_t g = 0; g < truths.size(); ++g) {
      if (taken[g] && !truths[g].second->crowd) continue;
      if (best >= 0 && !truths[static_cast<size_t>(best)].first && truths[g].first) break;
      const double iou = CocoIou(detection.box, *truths[g].second);
      if (iou < best_iou) continue;
      best_iou = iou;
      best = static_cast<int>(g);
    }
    if (best >= 0) taken[static_cast<size_t>(best)] = true;
    const bool ignored = best >= 0 ? truths[static_cast<size_t>(best)].first : !range.Holds(Area(detection.box));
    judged.push_back({detection.score, best >= 0, ignored});
  }
}

struct ApAndRecall {
  double ap, recall;
};

// One class at one threshold.
ApAndRecall EvaluateClass(const Cells& cells, const AreaRange& range, double threshold, int max_detections,
                          bool difficult_is_ignored) {
  std::vector<Judged> judged;
  int64_t positives = 0;
  for (const auto& [image, cell] : cells) {
    MatchCell(cell, range, threshold, max_detections, difficult_is_ignored, judged, positives);
  }
  if (positives == 0) return {kNaN, kNaN};
  std::stable_sort(judged.begin(), judged.end(), [](const Judged& a, const Judged& b) { return a.score > b.score; });
  std::vector<double> precision, recall;
  double hits = 0, counted = 0;
  for (const Judged& one : judged) {
    if (one.ignored) continue;
    ++counted;
    hits += one.hit;
    precision.push_back(hits / counted);
    recall.push_back(hits / static_cast<double>(positives));
  }
  for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  for (int k = 0; k < kRecallPoints; ++k) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), k / 100.0);
    if (at != recall.end()) sum += precision[static_cast<size_t>(at - recall.begin())];
  }
  return {sum / kRecallPoints, recall.empty() ? 0 : recall.back()};
}

// Mean over what is a number; NaN when nothing is.
class Mean {
 public:
  void Add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ > 0 ? sum_ / count_ : kNaN; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

struct Summary {
  Mean ap, recall;
  std::array<Mean, kThresholds> ap_at;
};

}  // namespace

CocoSummary CocoEvaluate(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                         const CocoOptions& options) {
  std::map<int, Cells> classes;
  for (const GroundTruth& truth : truths) classes[truth.label][truth.image].truths.push_back(&truth);
  for (const ScoredBox& box : detections) classes[box.label][box.image].detections.push_back(&box);
  for (auto& [label, cells] : classes) {
    for (auto& [image, cell] : cells) {
      std::stable_sort(cell.detections.begin(), cell.detections.end(),
                       [](const ScoredBox* a, const ScoredBox* b) { return a->score > b->score; });
    }
  }
  const auto summarize = [&](const AreaRange& range, int max_detections) {
    Summary summary;
    for (const auto& [label, cells] : classes) {
      for (int k = 0; k < kThresholds; ++k) {
        const ApAndRecall one = EvaluateClass(cells, range, Threshold(k), max_detections, options.difficult_is_ignored);
        summary.ap.Add(one.ap);
        summary.recall.Add(one.recall);
        summary.ap_at[static_cast<size_t>(k)].Add(one.ap);
      }
    }
    return summary;
  };
  const Summary all = summarize(kAll, 100), small = summarize(kSmall, 100), medium = summarize(kMedium, 100),
                large = summarize(kLarge, 100);
  return {all.ap.value(),
          all.ap_at[0].value(),
          all.ap_at[5].value(),
          small.ap.value(),
          medium.ap.value(),
          large.ap.value(),
          summarize(kAll, 1).recall.value(),
          summarize(kAll, 10).recall.value(),
          all.recall.value(),
          small.recall.value(),
          medium.recall.value(),
          large.recall.value()};
}

}  // namespace maskscope
