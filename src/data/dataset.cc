#include "data/dataset.h"

#include <array>

#include "base/random.h"

namespace maskscope {

namespace {
constexpr std::array<std::string_view, kMaskStates> kStateNames{"correct", "incorrect", "none"};
}  // namespace

std::string_view MaskStateName(MaskState state) { return kStateNames[static_cast<size_t>(state)]; }

std::optional<MaskState> ParseMaskState(std::string_view name) {
  for (int i = 0; i < kMaskStates; ++i) {
    if (kStateNames[static_cast<size_t>(i)] == name) return static_cast<MaskState>(i);
  }
  return std::nullopt;
}

const ClassMap& DefaultClassMap() {
  static const ClassMap map{
      {"correct", "correct"},
      {"incorrect", "incorrect"},
      {"none", "none"},
      {"face", "face"},
      {"ignore", "ignore"},
      // Kaggle "Face Mask Detection" and ILC 2021
      {"with_mask", "correct"},
      {"with_incorrect_mask", "incorrect"},
      {"mask_weared_incorrect", "incorrect"},
      {"without_mask", "none"},
      // AIZOO's parts of MAFA and WIDER FACE
      {"HaveMask", "correct"},
      {"NoMask", "none"},
      {"Mask", "correct"},
      // Roboflow "Mask Wearing"
      {"mask", "correct"},
      {"no-mask", "none"},
      // Kaggle "Face Mask 12K"
      {"WithMask", "correct"},
      {"WithoutMask", "none"},
      {"not_a_face", "ignore"},
      // KITTI
      {"DontCare", "ignore"},
  };
  return map;
}

bool IsValidationGroup(const std::string& group, double share, uint64_t seed) {
  // Two rounds, so that groups whose names differ in one letter fall independently.
  uint64_t state = HashText(group) ^ seed * 0x9e3779b97f4a7c15ULL;
  Random::SplitMix(state);
  const double position = static_cast<double>(Random::SplitMix(state) >> 11) * 0x1.0p-53;
  return position < share;
}

}  // namespace maskscope
