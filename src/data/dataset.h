#ifndef MASKSCOPE_DATA_DATASET_H_
#define MASKSCOPE_DATA_DATASET_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"

// Labelled pictures in memory: what training and evaluation read, whatever format they were published in. Pictures stay
// on disk.
namespace maskscope {

enum class MaskState { kCorrect = 0, kIncorrect = 1, kNone = 2 };
inline constexpr int kMaskStates = 3;
std::string_view MaskStateName(MaskState state);  // "correct", "incorrect", "none"
std::optional<MaskState> ParseMaskState(std::string_view name);

// One labelled face. `state` is empty when the face's state is not labelled or not one of the three (then it still is a
// face).
struct LabelledFace {
  Box box;  // pixels of the upright picture
  std::optional<MaskState> state;
  bool ignore =
      false;  // VOC difficult, or known not to be a face: neither a hit nor a miss, never trained on as a class
  std::vector<Point>
      landmarks;  // 5 (left eye, right eye, nose, left and right mouth corner, as seen in the picture) or none
};

struct LabelledImage {
  std::filesystem::path path;
  std::string set;            // "kaggle853"
  std::string name;           // as in splits.csv: relative to the set's folder
  std::string group;          // pictures of one group never fall on both sides of a split
  int width = 0, height = 0;  // pixels; 0 = not stated by the annotation
  std::vector<LabelledFace> faces;
};

// A face crop: the whole picture shows one face.
struct LabelledCrop {
  std::filesystem::path path;
  std::string set, name, group;
  std::optional<MaskState> state;  // empty: not a face (folder not_a_face)
  bool synthetic = false;
};

// Class names as published -> states. "ignore" makes an ignored face without state, "face" one whose state is not
// labelled. An unknown name is an error that names it, its file and the names known. The defaults know with_mask,
// HaveMask, mask, correct ...; matching is exact.
using ClassMap = std::map<std::string, std::string>;  // value: "correct" | "incorrect" | "none" | "face" | "ignore"
const ClassMap& DefaultClassMap();

// Carves a validation part out: whole groups, chosen by a hash of (seed, group), about `share` of them. Both results
// keep the order. The same group name always falls on the same side, in scenes and faces alike.
bool IsValidationGroup(const std::string& group, double share, uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DATASET_H_
