#include "data/suspects/confident.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace maskscope {
namespace {

constexpr size_t kStates = kMaskStates;

bool IsAllowed(const LabelledProbabilities& face, size_t state) {
  return face.allowed[state] || state == static_cast<size_t>(face.label);
}

// Over the allowed classes. A face that the model gives none of them is shared out evenly.
StateProbabilities Restricted(const LabelledProbabilities& face) {
  StateProbabilities restricted{};
  double sum = 0;
  size_t allowed = 0;
  for (size_t s = 0; s < kStates; ++s) {
    if (!IsAllowed(face, s)) continue;
    sum += restricted[s] = face.probability[s];
    ++allowed;
  }
  for (size_t s = 0; s < kStates; ++s) {
    if (IsAllowed(face, s)) restricted[s] = sum > 0 ? restricted[s] / sum : 1.0 / static_cast<double>(allowed);
  }
  return restricted;
}

// The likeliest allowed class beside the label; the label where there is none.
size_t LikeliestOther(const LabelledProbabilities& face, const StateProbabilities& p) {
  const auto label = static_cast<size_t>(face.label);
  size_t best = label;
  for (size_t s = 0; s < kStates; ++s) {
    if (s != label && IsAllowed(face, s) && (best == label || p[s] > p[best])) best = s;
  }
  return best;
}

}  // namespace

std::string_view SuspectScoreName(SuspectScore score) {
  return score == SuspectScore::kMargin ? "margin" : "self-confidence";
}

std::optional<SuspectScore> ParseSuspectScore(std::string_view name) {
  if (name == "margin") return SuspectScore::kMargin;
  if (name == "self-confidence") return SuspectScore::kSelfConfidence;
  return std::nullopt;
}

LabelRanking RankLabels(const std::vector<LabelledProbabilities>& faces, SuspectScore score) {
  LabelRanking ranking;
  std::array<double, kStates> sum{}, count{};
  for (const LabelledProbabilities& face : faces) {
    const auto label = static_cast<size_t>(face.label);
    RankedLabel& ranked = ranking.ranked.emplace_back();
    ranked.index = ranking.ranked.size() - 1;
    ranked.probability = Restricted(face);
    sum[label] += ranked.probability[label];
    ++count[label];
  }
  for (size_t s = 0; s < kStates; ++s) {
    ranking.threshold[s] = count[s] > 0 ? sum[s] / count[s] : std::numeric_limits<double>::quiet_NaN();
  }
  for (RankedLabel& ranked : ranking.ranked) {
    const LabelledProbabilities& face = faces[ranked.index];
    const StateProbabilities& p = ranked.probability;
    const auto label = static_cast<size_t>(face.label);
    size_t confident = kStates;
    for (size_t s = 0; s < kStates; ++s) {
      // A comparison with NaN is false: a class that nobody has is never confident.
      if (IsAllowed(face, s) && p[s] >= ranking.threshold[s] && (confident == kStates || p[s] > p[confident])) {
        confident = s;
      }
    }
    if (confident != kStates) ++ranking.confident_joint[label][confident];
    const size_t other = LikeliestOther(face, p);
    ranked.suggested = static_cast<MaskState>(other);
    ranked.candidate = confident != kStates && confident != label;
    if (ranked.candidate) ranked.suggested = static_cast<MaskState>(confident);
    if (other != label) {
      ranked.score = score == SuspectScore::kMargin ? (1 + p[other] - p[label]) / 2 : 1 - p[label];
    }
    if (ranked.candidate) ++ranking.candidates;
  }
  std::sort(ranking.ranked.begin(), ranking.ranked.end(), [](const RankedLabel& a, const RankedLabel& b) {
    return std::make_tuple(!a.candidate, -a.score, a.index) < std::make_tuple(!b.candidate, -b.score, b.index);
  });
  return ranking;
}

}  // namespace maskscope
