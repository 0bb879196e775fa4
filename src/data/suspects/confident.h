#ifndef MASKSCOPE_DATA_SUSPECTS_CONFIDENT_H_
#define MASKSCOPE_DATA_SUSPECTS_CONFIDENT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "data/suspects/faces.h"

// Which labels are likely wrong, from probabilities that were given without having seen them: confident learning
// (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70).
namespace maskscope {

using StateProbabilities = std::array<double, kMaskStates>;

// kMargin: (1 + p(likeliest other) - p(label)) / 2. kSelfConfidence: 1 - p(label). Both 0..1, greater is worse.
enum class SuspectScore { kMargin, kSelfConfidence };
std::string_view SuspectScoreName(SuspectScore score);  // "margin", "self-confidence"
std::optional<SuspectScore> ParseSuspectScore(std::string_view name);

struct LabelledProbabilities {
  MaskState label = MaskState::kNone;
  StateProbabilities probability{};  // out of fold, sum 1
  AllowedStates allowed{};           // the label's is taken for granted
};

struct RankedLabel {
  size_t index = 0;                        // in the input
  MaskState suggested = MaskState::kNone;  // the likeliest allowed class that is not the label
  StateProbabilities probability{};        // over the allowed classes only
  double score = 0;
  bool candidate = false;  // some other class is likely beyond its own threshold, and likelier than the label
};

struct LabelRanking {
  // Every input, the most suspicious first: candidates by score, then the others by score; ties by index. A face whose
  // set has no other class is last, with score 0.
  std::vector<RankedLabel> ranked;
  size_t candidates = 0;
  StateProbabilities threshold{};  // of a class: mean probability of it over the faces labelled so; NaN without any
  // [label][confident class]: faces that reach a class's threshold, by the likeliest such class.
  std::array<std::array<int64_t, kMaskStates>, kMaskStates> confident_joint{};
};

LabelRanking RankLabels(const std::vector<LabelledProbabilities>& faces, SuspectScore score);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_CONFIDENT_H_
