#ifndef MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_
#define MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_

#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/duplicates/picture_print.h"

namespace maskscope {

// Prints of pictures by the hash of their content ("sha256:HEX"), kept in a file so that a search that was stopped, or
// is repeated on a set that grew, decodes only what is new. About 4.2 kB a picture, on disk and in memory. The file
// only grows at its end: what a run had saved when it was killed is there for the next one. Thread-safe.
class PrintCache {
 public:
  // An empty path keeps nothing on disk; a file that does not exist is an empty cache; a last entry that was cut off is
  // dropped. Errors: kUnreadable; kBadData for a file that is not such a cache or is damaged (delete it then).
  explicit PrintCache(std::filesystem::path file);

  // Null where it is not known. What they point to lives as long as the cache.
  const PicturePrint* Find(const std::string& hash) const;
  const PicturePrint* Add(const std::string& hash, const PicturePrint& print);
  // Appends what was added since. Errors: kOutput.
  void Save();
  size_t size() const;

 private:
  void Load();

  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, PicturePrint> prints_;
  std::vector<const std::string*> unsaved_;  // keys of prints_, in the order they came
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_
