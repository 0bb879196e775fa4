#include "evaluate/predicted_state.h"

#include <algorithm>

#include "base/error.h"

namespace maskscope {
namespace {

// Models other than ours call the states by the names of the sets they come from.
MaskState StateOfClass(const std::string& name, const std::string& source) {
  const auto found = DefaultClassMap().find(name);
  const std::optional<MaskState> state =
      found == DefaultClassMap().end() ? std::nullopt : ParseMaskState(found->second);
  if (!state) {
    throw Error(ErrorKind::kBadModel,
                "'" + source + "': the model's class '" + name + "' is none of correct, incorrect and none");
  }
  return *state;
}

}  // namespace

double PredictedState::mask_or_not_probability() const {
  const double correct = p(MaskState::kCorrect), none = p(MaskState::kNone);
  // Both can be 0 when incorrect has all: then the two are a toss-up.
  return correct + none > 0 ? std::max(correct, none) / (correct + none) : 0.5;
}

PredictedState ToPredictedState(const FaceResult& face, const std::string& source) {
  PredictedState predicted;
  if (face.probabilities.empty()) return predicted;
  predicted.known = true;
  for (const auto& [name, probability] : face.probabilities) {
    predicted.probability[static_cast<size_t>(StateOfClass(name, source))] += probability;
  }
  const auto top = std::max_element(predicted.probability.begin(), predicted.probability.end());
  predicted.best = static_cast<MaskState>(top - predicted.probability.begin());
  predicted.unsure = face.state == "unsure";
  return predicted;
}

}  // namespace maskscope
