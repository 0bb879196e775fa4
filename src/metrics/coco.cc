#include "metrics/coco.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

// Names follow the published evaluation: a cell is one image and class.
namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kRecallPoints = 101;
constexpr size_t kMostDetections = 100;  // an image and class

double Threshold(size_t k) { return 0.5 + 0.05 * static_cast<double>(k); }

struct AreaRange {
  double low, high;
  bool Holds(double area) const { return area >= low && area <= high; }
};
constexpr std::array<AreaRange, 4> kAreaRanges{{{0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}}};
enum RangeIndex : size_t { kAll, kSmall, kMedium, kLarge };

double Area(const MetricBox& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

// A crowd region may hold many detections: the share of the detection that it covers.
double CocoIou(const MetricBox& detection, const GroundTruth& truth) {
  if (!truth.crowd) return BoxIou(detection, truth.box);
  const double width = std::min(detection[2], truth.box[2]) - std::max(detection[0], truth.box[0]);
  const double height = std::min(detection[3], truth.box[3]) - std::max(detection[1], truth.box[1]);
  return width > 0 && height > 0 ? width * height / Area(detection) : 0;
}

struct ApAndRecall {
  double ap = kNaN, recall = kNaN;
};

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

}  // namespace

struct CocoEvaluation::Cell {
  std::vector<const GroundTruth*> truths;
  std::vector<const ScoredBox*> detections;  // by descending score, at most kMostDetections
  std::vector<size_t> rank;                  // of each detection in its class
};

// The matching of a prefix is the prefix of the matching, so the 100 best serve the limits of 1 and 10 too.
void CocoEvaluation::MatchCell(const Cell& cell, bool difficult_is_ignored, ClassLists& lists) {
  const size_t n_truths = cell.truths.size();
  std::vector<double> iou(cell.detections.size() * n_truths);
  for (size_t d = 0; d < cell.detections.size(); ++d) {
    for (size_t g = 0; g < n_truths; ++g) iou[d * n_truths + g] = CocoIou(cell.detections[d]->box, *cell.truths[g]);
  }
  std::vector<size_t> order(n_truths);
  std::vector<char> ignored(n_truths), taken(n_truths);
  for (size_t range = 0; range < kRanges; ++range) {
    for (size_t g = 0; g < n_truths; ++g) {
      const GroundTruth& truth = *cell.truths[g];
      ignored[g] =
          truth.crowd || (difficult_is_ignored && truth.difficult) || !kAreaRanges[range].Holds(Area(truth.box));
    }
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_partition(order.begin(), order.end(), [&](size_t g) { return !ignored[g]; });
    const int counted = static_cast<int>(std::count(ignored.begin(), ignored.end(), 0));
    if (counted > 0) lists.positives[range].emplace_back(cell.truths.front()->image, counted);
    for (size_t k = 0; k < kThresholds; ++k) {
      std::fill(taken.begin(), taken.end(), 0);
      for (size_t d = 0; d < cell.detections.size(); ++d) {
        double best_iou = Threshold(k);
        size_t best = n_truths;
        for (const size_t g : order) {
          if (taken[g] && !cell.truths[g]->crowd) continue;
          if (best < n_truths && !ignored[best] && ignored[g]) break;
          if (iou[d * n_truths + g] < best_iou) continue;
          best_iou = iou[d * n_truths + g];
          best = g;
        }
        Verdict verdict = Verdict::kMiss;
        if (best < n_truths) {
          taken[best] = 1;
          verdict = ignored[best] ? Verdict::kIgnored : Verdict::kHit;
        } else if (!kAreaRanges[range].Holds(Area(cell.detections[d]->box))) {
          verdict = Verdict::kIgnored;
        }
        lists.verdicts[range][k][cell.rank[d]] = verdict;
      }
    }
  }
}

CocoEvaluation::CocoEvaluation(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                               const CocoOptions& options) {
  std::map<int, std::map<int, Cell>> cells_of_class;
  for (const GroundTruth& truth : truths) cells_of_class[truth.label][truth.image].truths.push_back(&truth);
  for (const ScoredBox& box : detections) cells_of_class[box.label][box.image].detections.push_back(&box);
  for (auto& [label, cells] : cells_of_class) {
    struct Ranked {
      double score;
      int image;
      uint8_t place;
      Cell* cell;
    };
    std::vector<Ranked> ranked;
    for (auto& [image, cell] : cells) {
      std::stable_sort(cell.detections.begin(), cell.detections.end(),
                       [](const ScoredBox* a, const ScoredBox* b) { return a->score > b->score; });
      if (cell.detections.size() > kMostDetections) cell.detections.resize(kMostDetections);
      cell.rank.resize(cell.detections.size());
      for (size_t d = 0; d < cell.detections.size(); ++d) {
        ranked.push_back({cell.detections[d]->score, image, static_cast<uint8_t>(d), &cell});
      }
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    ClassLists lists;
    for (size_t i = 0; i < ranked.size(); ++i) {
      lists.image.push_back(ranked[i].image);
      lists.place.push_back(ranked[i].place);
      ranked[i].cell->rank[ranked[i].place] = i;
    }
    for (auto& range : lists.verdicts) {
      for (auto& verdicts : range) verdicts.resize(ranked.size());
    }
    for (const auto& [image, cell] : cells) MatchCell(cell, options.difficult_is_ignored, lists);
    classes_.push_back(std::move(lists));
  }
}

CocoSummary CocoEvaluation::Summary(const std::vector<int>& weight) const {
  const auto times = [&](int image) { return weight.empty() ? 1 : weight[static_cast<size_t>(image)]; };
  std::vector<double> precision, recall;
  // One class at one threshold.
  const auto evaluate = [&](const ClassLists& lists, size_t range, size_t k, size_t most) -> ApAndRecall {
    int64_t positives = 0;
    for (const auto& [image, count] : lists.positives[range]) positives += int64_t{count} * times(image);
    if (positives == 0) return {};
    precision.clear();
    recall.clear();
    int64_t hits = 0, counted = 0;
    const std::vector<Verdict>& verdicts = lists.verdicts[range][k];
    for (size_t i = 0; i < verdicts.size(); ++i) {
      const int n = times(lists.image[i]);
      if (n == 0 || verdicts[i] == Verdict::kIgnored || lists.place[i] >= most) continue;
      counted += n;
      if (verdicts[i] == Verdict::kHit) hits += n;
      precision.push_back(static_cast<double>(hits) / static_cast<double>(counted));
      recall.push_back(static_cast<double>(hits) / static_cast<double>(positives));
    }
    for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
    double sum = 0;
    for (int point = 0; point < kRecallPoints; ++point) {
      const auto at = std::lower_bound(recall.begin(), recall.end(), point / 100.0);
      if (at != recall.end()) sum += precision[static_cast<size_t>(at - recall.begin())];
    }
    return {sum / kRecallPoints, recall.empty() ? 0 : recall.back()};
  };
  struct Means {
    Mean ap, recall;
    std::array<Mean, kThresholds> ap_at;
  };
  const auto summarize = [&](size_t range, size_t most) {
    Means means;
    for (const ClassLists& lists : classes_) {
      for (size_t k = 0; k < kThresholds; ++k) {
        const ApAndRecall one = evaluate(lists, range, k, most);
        means.ap.Add(one.ap);
        means.recall.Add(one.recall);
        means.ap_at[k].Add(one.ap);
      }
    }
    return means;
  };
  const Means all = summarize(kAll, 100), small = summarize(kSmall, 100), medium = summarize(kMedium, 100),
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

CocoSummary CocoEvaluate(const std::vector<GroundTruth>& truths, const std::vector<ScoredBox>& detections,
                         const CocoOptions& options) {
  return CocoEvaluation(truths, detections, options).Summary();
}

}  // namespace maskscope
