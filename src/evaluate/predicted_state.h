#ifndef MASKSCOPE_EVALUATE_PREDICTED_STATE_H_
#define MASKSCOPE_EVALUATE_PREDICTED_STATE_H_

#include <array>
#include <string>

#include "analyze/result.h"
#include "data/dataset.h"

namespace maskscope {

// What a result says of one face, in the three states.
struct PredictedState {
  bool known = false;  // false: a plain face detector, the rest means nothing
  std::array<double, kMaskStates> probability{};
  MaskState best = MaskState::kNone;  // the likeliest
  bool unsure = false;

  // Mask or no mask when incorrect is no choice.
  bool mask() const { return p(MaskState::kCorrect) >= p(MaskState::kNone); }
  double mask_or_not_probability() const;
  double p(MaskState state) const { return probability[static_cast<size_t>(state)]; }
};

// `source` names the picture in errors. Errors: kBadModel when a class is none of the three states.
PredictedState ToPredictedState(const FaceResult& face, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_PREDICTED_STATE_H_
