#ifndef MASKSCOPE_DATA_SUSPECTS_FACES_H_
#define MASKSCOPE_DATA_SUSPECTS_FACES_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace maskscope {

// Which classes a face may have: by set, or all.
using AllowedStates = std::array<bool, kMaskStates>;

struct FaceChoice {
  // Rows marked test only when asked for: what is measured on is not looked at by accident.
  std::set<DatasetSplit> splits{DatasetSplit::kTrain, DatasetSplit::kValidation, DatasetSplit::kUnassigned};
  std::set<std::string> sets;  // empty = all
  float min_face = 32;         // pixels, the shorter side of a box in a scene: below, a face cannot be judged
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

struct JudgedFace {
  size_t picture = 0, face = 0;  // in the dataset
  MaskState label = MaskState::kNone;
  size_t group = 0;  // faces of one group are never on both sides of a fold
};

struct JudgedFaces {
  std::vector<JudgedFace> faces;                      // by picture, then face
  std::vector<size_t> pictures;                       // of the chosen splits and sets
  std::vector<size_t> group_of;                       // [pictures of the dataset]
  int64_t small = 0, ignored = 0, without_state = 0;  // faces of these pictures that are not judged
};

// Pictures share a group when the manifest says so (ManifestPicture::group), when their bytes are the same, or when
// they are in one of `clusters` (indices into the dataset's pictures, as found by FindDuplicates).
JudgedFaces ChooseFaces(const Dataset& dataset, const FaceChoice& choice,
                        const std::vector<std::vector<size_t>>& clusters = {});

// By set: the states that a labelled, not ignored face of it has, in any split.
std::map<std::string, AllowedStates> StatesOfSets(const Dataset& dataset);

// The number of the fold of each face, 0 to folds - 1: whole groups, and of each class about the same share in every
// fold. Depends on nothing but its arguments. Errors: kUsage when there are fewer groups than folds, or fewer than 2.
std::vector<int> AssignFolds(const std::vector<JudgedFace>& faces, int folds, uint64_t seed);

// What a duplicates report (maskscope.duplicates/1) says belongs together, as indices into the dataset's pictures.
// Errors: kNotFound, kUnreadable, kBadData for anything else and for pictures that the set has not.
std::vector<std::vector<size_t>> ReadClusters(const std::filesystem::path& report, const Dataset& dataset);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_FACES_H_
