#ifndef MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_
#define MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "data/duplicates/picture_print.h"

namespace maskscope {

// Prints of pictures by the hash of their content ("sha256:HEX"), kept in a file so that a search that was stopped, or
// is repeated on a set that grew, decodes only what is new. About 4.2 kB a picture. Thread-safe.
class PrintCache {
 public:
  // An empty path keeps nothing on disk; a file that does not exist is an empty cache. Errors: kUnreadable; kBadData
  // for a file that is not such a cache or is cut off or damaged (delete it then).
  explicit PrintCache(std::filesystem::path file);

  std::optional<PicturePrint> Find(const std::string& hash) const;
  void Add(const std::string& hash, const PicturePrint& print);
  // Writes the file anew if something was added since. Errors: kOutput.
  void Save();
  size_t size() const;

 private:
  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::map<std::string, PicturePrint> prints_;
  bool changed_ = false;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_PRINT_CACHE_H_
