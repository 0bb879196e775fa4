#ifndef MASKSCOPE_DATA_MERGE_COMPARE_LABELS_H_
#define MASKSCOPE_DATA_MERGE_COMPARE_LABELS_H_

#include <string>
#include <vector>

#include "data/manifest.h"

namespace maskscope {

// The same labels for the same picture: kind, and every face's box, state, ignore, class name, score and landmarks.
// Attributes are not labels.
bool SameLabels(const ManifestPicture& a, const ManifestPicture& b);

// How two labellings of one picture differ, in words ("face at 1, 2, 3, 4: correct in the first, none in the second").
// Boxes that overlap by half (IoU) are one face; nothing is said about boxes of one face that differ by less. Empty:
// they agree.
std::vector<std::string> CompareLabels(const ManifestPicture& first, const ManifestPicture& second);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_MERGE_COMPARE_LABELS_H_
