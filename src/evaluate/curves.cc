#include "evaluate/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kRecallPoints = 101, kThresholdPoints = 51;

double ThresholdAt(size_t k) { return static_cast<double>(k) / (kThresholdPoints - 1); }

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kNaN;
}

// All numbers of the curves in one row: precision at recall, then precision, recall and F1 at each threshold. `scores`:
// of each entry of the curve's order.
std::vector<double> CurveNumbers(const WeightedVoc& voc, const std::vector<double>& scores,
                                 const std::vector<int>& weight) {
  int64_t positives = 0, hits = 0, counted = 0;
  for (size_t i = 0; i < weight.size(); ++i) positives += int64_t{voc.positives()[i]} * weight[i];
  std::vector<double> numbers(kRecallPoints + 3 * kThresholdPoints, kNaN);
  double* precision_at = numbers.data() + kRecallPoints;
  double* recall_at = precision_at + kThresholdPoints;
  double* f1_at = recall_at + kThresholdPoints;
  const auto record = [&](size_t k) {
    precision_at[k] = Share(hits, counted);
    recall_at[k] = Share(hits, positives);
    f1_at[k] = positives > 0 ? Share(2 * hits, counted + positives) : kNaN;
  };
  std::vector<double> precision, recall;
  size_t next = kThresholdPoints;  // thresholds from here on are recorded
  for (size_t n = 0; n < scores.size(); ++n) {
    for (; next > 0 && scores[n] < ThresholdAt(next - 1); --next) record(next - 1);
    const int64_t times = weight[static_cast<size_t>(voc.image_of()[n])];
    if (times == 0 || voc.curve().outcomes[n] == Outcome::kIgnored) continue;
    counted += times;
    if (voc.curve().outcomes[n] == Outcome::kTruePositive) hits += times;
    precision.push_back(Share(hits, counted));
    recall.push_back(Share(hits, positives));
  }
  for (; next > 0; --next) record(next - 1);
  if (positives == 0) return numbers;
  for (size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  for (size_t k = 0; k < kRecallPoints; ++k) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), static_cast<double>(k) / 100);
    if (at != recall.end()) numbers[k] = precision[static_cast<size_t>(at - recall.begin())];
  }
  return numbers;
}

}  // namespace

ClassCurves MakeCurves(const SceneView& view, ListKind kind, const Resampler& resampler) {
  const ClassList list = MakeList(view, kind);
  const WeightedVoc voc(list.truths, list.detections, view.match, resampler.pictures());
  std::vector<double> scores;
  for (const int d : voc.curve().order) scores.push_back(list.detections[static_cast<size_t>(d)].score);
  ClassCurves curves;
  curves.name = ListName(kind);
  curves.faces = voc.curve().positives;
  curves.ap = resampler.AveragePrecision(list.truths, list.detections, view.match);
  const std::vector<double> values =
      CurveNumbers(voc, scores, std::vector<int>(static_cast<size_t>(resampler.pictures()), 1));
  const std::vector<Interval> intervals = resampler.Intervals(
      values.size(), [&](const std::vector<int>& weight) { return CurveNumbers(voc, scores, weight); });
  const auto estimates = [&](size_t from, size_t count) {
    std::vector<Estimate> some(count);
    for (size_t i = 0; i < count; ++i) {
      some[i].value = values[from + i];
      some[i].count = curves.faces;
      if (some[i].defined()) some[i].interval = intervals[from + i];
    }
    return some;
  };
  for (size_t k = 0; k < kRecallPoints; ++k) curves.recall_grid.push_back(static_cast<double>(k) / 100);
  for (size_t k = 0; k < kThresholdPoints; ++k) curves.thresholds.push_back(ThresholdAt(k));
  curves.precision_at_recall = estimates(0, kRecallPoints);
  curves.precision = estimates(kRecallPoints, kThresholdPoints);
  curves.recall = estimates(kRecallPoints + kThresholdPoints, kThresholdPoints);
  curves.f1 = estimates(kRecallPoints + 2 * kThresholdPoints, kThresholdPoints);
  double best = -1;
  for (size_t k = 0; k < kThresholdPoints; ++k) {
    if (!curves.f1[k].defined() || curves.f1[k].value <= best) continue;
    best = curves.f1[k].value;
    curves.best_threshold = curves.thresholds[k];
  }
  return curves;
}

}  // namespace maskscope
