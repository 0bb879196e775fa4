#ifndef MASKSCOPE_DATA_CHECK_CHECK_CLASSES_H_
#define MASKSCOPE_DATA_CHECK_CHECK_CLASSES_H_

#include "data/check/label_counts.h"
#include "data/check/problem_list.h"

namespace maskscope {

// Class drift: names that differ only by case, blanks, '_' or '-'; one name that stands for two states; and states
// whose share differs more between splits, or between sets, than chance and `options.share_difference` allow.
void CheckClasses(const LabelCounts& counts, const ManifestHeader& header, const CheckOptions& options,
                  ProblemList& problems);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_CHECK_CLASSES_H_
