#ifndef MASKSCOPE_DATA_DUPLICATES_CLUSTER_SHEETS_H_
#define MASKSCOPE_DATA_DUPLICATES_CLUSTER_SHEETS_H_

#include <filesystem>
#include <vector>

#include "data/duplicates/find_duplicates.h"

namespace maskscope {

// One PNG a cluster, "cluster-0001.png" ..., the pictures with set, name, split and how the first pair that holds each
// was found. Clusters of more than 60 pictures show the first 60 and say so. Returns the files. Errors: kOutput.
std::vector<std::filesystem::path> WriteClusterSheets(const Dataset& dataset, const DuplicateReport& report,
                                                      const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CLUSTER_SHEETS_H_
