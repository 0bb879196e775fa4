#ifndef MASKSCOPE_DATA_DUPLICATES_GROUP_AGREEMENT_H_
#define MASKSCOPE_DATA_DUPLICATES_GROUP_AGREEMENT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "data/duplicates/find_duplicates.h"

namespace maskscope {

// How the pairs found agree with the groups that a dataset came with. Groups may also hold pictures that show the same
// person or place without being copies, so a low recall is no fault by itself.
struct GroupAgreement {
  std::string sets;                      // "ilc2021", or "across sets"
  size_t pairs = 0, pairs_in_group = 0;  // found; of these, of one group
  size_t grouped_pairs = 0, joined = 0;  // pairs of pictures of one group; of these, in one cluster
  size_t groups = 0, whole = 0;          // groups of two pictures or more; of these, whole in one cluster
};

// One for each set of which at least two pictures share a group (a pair or group within the set), by name, then one for
// what spans such sets, then one for all of these. Pictures without a group, and pairs with pictures of sets whose
// groups tell nothing (each picture its own), are left out. O((pictures + pairs) log pictures).
std::vector<GroupAgreement> CompareWithGroups(const Dataset& dataset, const DuplicateReport& report);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_GROUP_AGREEMENT_H_
