#ifndef MASKSCOPE_DATA_PREPARE_BALANCE_H_
#define MASKSCOPE_DATA_PREPARE_BALANCE_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/prepare/dropped.h"

namespace maskscope {

enum class BalanceMode {
  kCap,         // a class keeps at most `ratio` times the rarest class's crops, chosen by lot
  kOversample,  // crops of rare classes are repeated until the commonest is at most `ratio` times as large
  kWeights,     // nothing is added or left out; every crop gets the attribute "balance.weight"
};

struct BalanceOptions {
  BalanceMode mode = BalanceMode::kCap;
  double ratio = 1;  // 1 or more; not used for weights
  uint64_t seed = 1;
  void Validate() const;  // Errors: kUsage
};

struct BalanceResult {
  Dataset dataset;
  std::vector<DroppedRow> dropped;  // "capped"
  // "correct", "incorrect", "none", "not_a_face" -> crops before and after, weight of one.
  struct Class {
    int64_t before = 0, after = 0;
    double weight = 1;
  };
  std::map<std::string, Class> classes;
};

// Evens out the classes of face crops and not-a-face pictures that are train or not assigned; validation and test stay
// as they are, for they measure. A repeated row carries the attribute "balance.copy" = "2", "3", ... Weights are such
// that every class weighs the same and the mean weight is 1. Does not depend on the order of rows. Errors: kUsage;
// kBadData for scenes with faces among the train pictures (cut crops first).
BalanceResult BalanceDataset(const Dataset& dataset, const BalanceOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PREPARE_BALANCE_H_
