#ifndef MASKSCOPE_DATA_FORMATS_COLLECTION_DATASET_H_
#define MASKSCOPE_DATA_FORMATS_COLLECTION_DATASET_H_

#include <filesystem>
#include <functional>

#include "base/progress.h"
#include "data/manifest.h"

namespace maskscope {

// Whether the folder is a collection: scenes/splits.csv or faces/splits.csv are there.
bool IsCollection(const std::filesystem::path& folder);

// A collection folder as a dataset: scenes and faces, both splits, groups as in the tables. What a set's
// incorrect_audit.csv says of a face becomes its attribute "audit.flag". Crops keep their folder's name as label; class
// names inside scenes' annotations are not kept, only the states they stand for. Paths are relative to the collection.
// Hashes are left open (FillPictures). Errors: those of ReadScenes and ReadFaces; kNotFound where neither part is
// there.
Dataset ReadCollectionDataset(const std::filesystem::path& collection);

struct FillOptions {
  bool hashes = true;  // of pictures that have none yet
  bool sizes = true;   // the same; read from the picture's header
  int workers = 0;     // 0 = all cores
  Progress* progress = nullptr;
  std::function<bool()> stop = {};  // true ends the work with Error{kInterrupted}
};
// Computes what is still open about the pictures themselves. A face crop's box becomes the picture. Errors: kNotFound,
// kUnreadable and kBadImage naming the first picture that cannot be read.
void FillPictures(Dataset& dataset, const FillOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_COLLECTION_DATASET_H_
