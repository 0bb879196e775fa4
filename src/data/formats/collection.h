#ifndef MASKSCOPE_DATA_FORMATS_COLLECTION_H_
#define MASKSCOPE_DATA_FORMATS_COLLECTION_H_

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"

// Labelled pictures as training and evaluation read them: one set, or a collection of sets with a table of splits. All
// of these throw at the first thing that is wrong; formats.h reads the same formats with everything they hold.
namespace maskscope {

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
// `name` is "<class>/<picture>", `set` the root's name, `group` both.
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

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_COLLECTION_H_
