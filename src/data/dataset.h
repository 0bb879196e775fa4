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

// Class names as published -> states. "ignore" makes an ignored face without state. An unknown name is an error that
// names it, its file and the names known. The defaults know with_mask, HaveMask, mask, correct ...; matching is exact.
using ClassMap = std::map<std::string, std::string>;  // value: "correct" | "incorrect" | "none" | "ignore"
const ClassMap& DefaultClassMap();

// Pascal VOC: every .xml below `annotations`; the picture is `images`/<filename>; name and group become "<images
// folder>/<filename>". Coordinates are taken as edges, as they stand, but a low edge within the first pixel becomes 0
// (tools clamp to 1..side). Boxes that reach over the right or lower frame are clamped to it. Negative, swapped, empty
// or not finite coordinates and boxes wholly outside are errors. <difficult>1 sets `ignore` and keeps the state.
// Errors: kNotFound, kBadData naming file and element.
std::vector<LabelledImage> ReadVoc(const std::filesystem::path& annotations, const std::filesystem::path& images,
                                   const ClassMap& classes = DefaultClassMap());
// YOLO: labels/<stem>.txt beside images/<stem>.*; class names in order. A picture without a label file has no faces.
// Reads each picture's header for its size. Errors: as ReadVoc; label files without a picture and shares outside 0..1
// are kBadData.
std::vector<LabelledImage> ReadYolo(const std::filesystem::path& labels, const std::filesystem::path& images,
                                    const std::vector<std::string>& names, const ClassMap& classes = DefaultClassMap());
// Class folders: <root>/<class>/<picture>; "not_a_face" (any class mapped to "ignore") gives crops without state.
// `name` is
// "<class>/<picture>", `set` the root's name, `group` both.
std::vector<LabelledCrop> ReadClassFolders(const std::filesystem::path& root,
                                           const ClassMap& classes = DefaultClassMap());

enum class Split { kTrain, kTest };

// A collection folder with scenes/ (one sub-folder a set, VOC or YOLO, found by what is there) and faces/, each with a
// splits.csv (set,image,split,group | set,image,label,split,group,synthetic). Reads the rows of one split. A picture
// without a row, or a row without a picture, is an error (kBadData), and so is a group in both splits. In a set's
// incorrect_audit.csv (image,object,flag), the objects flagged not_face become ignored faces without state. Face crops
// may also lie loose in faces/<set>/: then the table alone says their label. Rows keep their order.
std::vector<LabelledImage> ReadScenes(const std::filesystem::path& collection, Split split);
std::vector<LabelledCrop> ReadFaces(const std::filesystem::path& collection, Split split);

// Carves a validation part out: whole groups, chosen by a hash of (seed, group), about `share` of them. Both results
// keep the order. The same group name always falls on the same side, in scenes and faces alike.
bool IsValidationGroup(const std::string& group, double share, uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DATASET_H_
