#ifndef MASKSCOPE_DATA_PREPARE_SPLIT_H_
#define MASKSCOPE_DATA_PREPARE_SPLIT_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace maskscope {

struct SplitOptions {
  double train = 0.8, validation = 0.1, test = 0.1;  // shares; their sum must be 1
  uint64_t seed = 1;
  bool move_test = false;  // may pictures that are test already be moved?
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

struct SplitReport {
  // Of faces, by stratum: "correct small" (state, and the box's shorter side: small below 32 pixels, medium below 96,
  // large), "unlabelled large"; and of pictures: "no face", "not a face". In each the counts of train, validation,
  // test.
  std::map<std::string, std::array<int64_t, 3>> strata;
  std::array<int64_t, 3> pictures{};
  size_t units = 0;                 // groups and clusters, which stay whole
  size_t kept_test = 0;             // pictures that were test before and are
  std::vector<size_t> joined_test;  // pictures that became test because one of their unit was
};

// Gives every picture a split. Pictures of one group, and those of one of `clusters` (indices; FindDuplicates), form a
// unit and stay together; a unit with a picture that is test already goes to test whole. Units are dealt out by
// iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011): those with faces of the rarest stratum first, each to
// the split that lacks most of that stratum. Depends on paths, labels, clusters and seed alone, not on the order of
// rows. Errors: kUsage.
SplitReport AssignSplits(Dataset& dataset, const std::vector<std::vector<size_t>>& clusters,
                         const SplitOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PREPARE_SPLIT_H_
