#ifndef MASKSCOPE_EVALUATE_CROP_SCORES_H_
#define MASKSCOPE_EVALUATE_CROP_SCORES_H_

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analyze/result.h"
#include "data/dataset.h"
#include "evaluate/estimate.h"

// How well face crops are judged.
//
// Numbers go by the likeliest state, also where the program would say unsure; `strict` ones count unsure as wrong. Two
// classes: correct and incorrect together are mask, none is no mask.
namespace maskscope {

struct CropScoreOptions {
  std::set<std::string> pooled{"kaggle12k", "visiont3lab"};  // sets never trained on, scored together as "pooled"
  int resamples = 1000;
  uint64_t seed = 1;
  void Validate() const;  // Errors: kUsage
};

struct CropScores {
  std::string name;  // of the set, or "pooled"
  int64_t crops = 0;
  bool faces = true;  // false: a set of crops that are not faces; then only `called` and `unsure` mean something
  ConfusionMatrix confusion{kMaskStates + 1};  // last column: unsure
  ConfusionMatrix best_guess{kMaskStates};
  Estimate accuracy, accuracy_strict;
  Estimate two_class_accuracy;
  std::array<Estimate, kMaskStates> f1;
  std::array<int64_t, kMaskStates> called{};  // by the likeliest state
  int64_t unsure = 0;
};

// results[i] belongs to crops[i] and holds one face. One entry per set, in order of first appearance, crops that are
// not faces apart from those that are; then "pooled" where more than one set of options.pooled is there. Errors: a
// result's own error; kBadModel.
std::vector<CropScores> ScoreCrops(const std::vector<LabelledCrop>& crops, const std::vector<Result>& results,
                                   const CropScoreOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_CROP_SCORES_H_
