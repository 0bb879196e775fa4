#ifndef MASKSCOPE_DATA_FORMATS_LABELLED_PARTS_H_
#define MASKSCOPE_DATA_FORMATS_LABELLED_PARTS_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/formats/collection.h"
#include "data/manifest.h"

// What training and evaluation read where a user names their data: a manifest, a collection, or a set in any of the
// annotation formats (formats.h; class names as DefaultClassMap has them, pictures where the format has them).
namespace maskscope {

// Pictures of exactly this split: whole scenes, or crops (kFaceCrop and kNotAFace; a crop without state or with an
// ignored face has no place among LabelledCrops and is left out). A picture without a group is its own. What is left
// out and pictures without a split are logged as a warning with their number. Errors: those of ManifestReader.
std::vector<LabelledImage> ReadManifestScenes(const std::filesystem::path& manifest, DatasetSplit split);
std::vector<LabelledCrop> ReadManifestFaces(const std::filesystem::path& manifest, DatasetSplit split);

// Which of the train groups are held back where the data do not say (IsValidationGroup).
struct ValidationRule {
  double share = 0.1;
  uint64_t seed = 1;
};

template <typename Item>
struct TrainingParts {
  std::vector<Item> train, validation;
};

// The train rows in two parts. A set with pictures marked `validation` decides itself; anything else is divided by the
// rule, whole groups. Never a row marked `test`. Rows without a split belong to train where no row has one, and are
// left out, with a warning, where some have. Errors: those of ReadScenes, ReadFaces, ManifestReader and
// ReadSoundAnnotations.
TrainingParts<LabelledImage> ReadTrainingScenes(const std::filesystem::path& data, const ValidationRule& rule);
TrainingParts<LabelledCrop> ReadTrainingFaces(const std::filesystem::path& data, const ValidationRule& rule);

// What is measured on: kUnassigned, what no split claims; kTest; kTrain (all of a collection's train rows);
// kValidation, as training would hold it back.
std::vector<LabelledImage> ReadScenesToMeasure(const std::filesystem::path& data, DatasetSplit split,
                                               const ValidationRule& rule);
std::vector<LabelledCrop> ReadFacesToMeasure(const std::filesystem::path& data, DatasetSplit split,
                                             const ValidationRule& rule);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_LABELLED_PARTS_H_
