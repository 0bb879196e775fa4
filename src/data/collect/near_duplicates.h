#ifndef MASKSCOPE_DATA_COLLECT_NEAR_DUPLICATES_H_
#define MASKSCOPE_DATA_COLLECT_NEAR_DUPLICATES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "data/duplicates/find_duplicates.h"
#include "data/duplicates/print_cache.h"
#include "data/duplicates/view_code.h"

namespace maskscope::collect {

// Tells of each new picture whether a collection already has the same photo at another size or quality, turned by
// quarters or mirrored: the test of `data duplicates` for whole pictures, one at a time. Crops and other parts of a
// photo are left to that command. Not thread-safe.
class NearDuplicates {
 public:
  // `folder`: what paths are relative to; `cache`: a file for the prints.
  NearDuplicates(std::filesystem::path folder, std::filesystem::path cache);

  // The picture's print, to be handed to Find and Add.
  static PicturePrint PrintOf(const Image& image);
  // The path of the picture that shows the same, or "". Errors: those of ReadImage, for pictures of the collection.
  std::string Find(const Image& image, const PicturePrint& print) const;
  void Add(const std::string& hash, const std::string& path, const PicturePrint& print);
  // A picture that is there from earlier runs: its print is read, or made from the file.
  void AddFile(const std::string& hash, const std::string& path);
  // Writes the prints. Errors: kOutput.
  void Save() { cache_.Save(); }

 private:
  struct Known {
    std::string path;
    const PicturePrint* print;  // in the cache
    ViewCode code;              // of the whole
  };

  std::filesystem::path folder_;
  PrintCache cache_;
  DuplicateOptions options_;
  std::vector<Known> known_;
};

}  // namespace maskscope::collect

#endif  // MASKSCOPE_DATA_COLLECT_NEAR_DUPLICATES_H_
