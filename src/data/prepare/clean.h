#ifndef MASKSCOPE_DATA_PREPARE_CLEAN_H_
#define MASKSCOPE_DATA_PREPARE_CLEAN_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/manifest.h"
#include "data/prepare/dropped.h"

namespace maskscope {

// The faces of `state` are thinned, the most blurred first, until there are at most `ratio` times as many as of
// `other`.
struct ThinRule {
  MaskState state = MaskState::kNone;
  double ratio = 1.5;
  MaskState other = MaskState::kCorrect;
};

struct CleanOptions {
  std::optional<double> least_sharpness;  // variance of the Laplacian of the grey face; below: dropped
  std::optional<ThinRule> thin;           // after the threshold
  // Pixels: faces whose longer side is greater are shrunk to it before they are measured, so that a large face is not
  // called blurred for its size; 0 = all as they are.
  int measured_side = 64;
  bool also_test = false;  // test pictures are left as they are unless this is set
  int threads = 0;         // 0 = all cores
  Progress* progress = nullptr;
  std::function<bool()> stop;
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

// How sharp the measured faces of one state are: the values that these shares of them stay below.
inline constexpr std::array<int, 7> kSharpnessPercents{0, 1, 2, 5, 10, 25, 50};
struct SharpnessSpread {
  int64_t faces = 0;
  std::array<double, kSharpnessPercents.size()> at{};
};

struct CleanResult {
  Dataset dataset;
  std::vector<DroppedRow> dropped;  // "blurred", "thinned", "unreadable"; faces carry attribute "sharpness"
  int64_t measured = 0;             // faces
  std::map<std::string, SharpnessSpread> spread;  // by state
};

// Leaves out blurred faces. A face crop goes with its picture; in a scene the picture stays and the face becomes one to
// ignore (it still is a face, not background). Equal sharpness is ordered by path and place. Pictures that cannot be
// read are left out. Errors: kUsage, kInterrupted.
CleanResult CleanDataset(const Dataset& dataset, const CleanOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PREPARE_CLEAN_H_
