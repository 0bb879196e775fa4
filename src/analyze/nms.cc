#include "analyze/nms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace maskscope {
namespace {

double Side(float low, float high, double added) { return std::max(0.0, double(high) - low + added); }

double Area(const Box& box, double added) { return Side(box.x1, box.x2, added) * Side(box.y1, box.y2, added); }

// Areas come in so that they are computed once a box. IoU of an empty union is 0.
double Overlap(const Box& a, double area_a, const Box& b, double area_b, double added, bool of_smaller = false) {
  const double width = Side(std::max(a.x1, b.x1), std::min(a.x2, b.x2), added);
  const double height = Side(std::max(a.y1, b.y1), std::min(a.y2, b.y2), added);
  const double intersection = width * height;
  if (intersection <= 0) return 0;
  const double united = of_smaller ? std::min(area_a, area_b) : area_a + area_b - intersection;
  return united > 0 ? intersection / united : 0;
}

std::vector<int> OrderByScore(const std::vector<float>& scores) {
  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return scores[a] > scores[b]; });
  return order;
}

std::vector<double> Areas(const std::vector<Box>& boxes, double added) {
  std::vector<double> areas(boxes.size());
  for (size_t i = 0; i < boxes.size(); ++i) areas[i] = Area(boxes[i], added);
  return areas;
}

// `may_suppress(kept, candidate)` limits who suppresses whom.
template <typename MaySuppress>
std::vector<int> GreedyNms(const std::vector<Box>& boxes, const std::vector<float>& scores, const NmsRule& rule,
                           const MaySuppress& may_suppress) {
  std::vector<int> order = OrderByScore(scores);
  if (rule.top_k > 0 && order.size() > static_cast<size_t>(rule.top_k)) order.resize(rule.top_k);
  const std::vector<double> areas = Areas(boxes, rule.box_side_added);
  std::vector<int> kept;
  for (const int candidate : order) {
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](int k) {
      return may_suppress(k, candidate) && Overlap(boxes[k], areas[k], boxes[candidate], areas[candidate],
                                                   rule.overlap_side_added, rule.of_smaller) > rule.iou;
    });
    if (!suppressed) kept.push_back(candidate);
  }
  return kept;
}

NmsRule MakeRule(float iou, bool plus_one, int top_k) {
  const float added = plus_one ? 1.0f : 0.0f;
  return {iou, added, added, top_k, false};
}

}  // namespace

std::vector<int> Nms(const std::vector<Box>& boxes, const std::vector<float>& scores, const NmsRule& rule) {
  return GreedyNms(boxes, scores, rule, [](int, int) { return true; });
}

std::vector<int> Nms(const std::vector<Box>& boxes, const std::vector<float>& scores, float iou, bool plus_one,
                     int top_k) {
  return Nms(boxes, scores, MakeRule(iou, plus_one, top_k));
}

std::vector<int> NmsPerClass(const std::vector<Box>& boxes, const std::vector<float>& scores,
                             const std::vector<int>& classes, float iou, bool plus_one) {
  return NmsPerClass(boxes, scores, classes, MakeRule(iou, plus_one, 0));
}

std::vector<int> NmsPerClass(const std::vector<Box>& boxes, const std::vector<float>& scores,
                             const std::vector<int>& classes, const NmsRule& rule) {
  return GreedyNms(boxes, scores, rule, [&](int a, int b) { return classes[a] == classes[b]; });
}

std::vector<int> SoftNms(const std::vector<Box>& boxes, std::vector<float>& scores, SoftNmsKind kind, float iou,
                         float sigma, float min_score) {
  const std::vector<double> areas = Areas(boxes, 0);
  std::vector<double> decayed(scores.begin(),
                              scores.end());  // in double, so that many small decays do not add up errors
  std::vector<bool> taken(boxes.size(), false);
  std::vector<int> selected;
  for (;;) {
    int best = -1;
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!taken[i] && (best < 0 || decayed[i] > decayed[best])) best = static_cast<int>(i);
    }
    if (best < 0 || decayed[best] < min_score) break;
    taken[best] = true;
    selected.push_back(best);
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (taken[i]) continue;
      const double overlap = Overlap(boxes[best], areas[best], boxes[i], areas[i], 0);
      if (kind == SoftNmsKind::kGaussian) decayed[i] *= std::exp(-overlap * overlap / sigma);
      if (kind == SoftNmsKind::kLinear && overlap > iou) decayed[i] *= 1 - overlap;
    }
  }
  for (size_t i = 0; i < boxes.size(); ++i) scores[i] = static_cast<float>(decayed[i]);
  return selected;
}

}  // namespace maskscope
