#ifndef MASKSCOPE_DATA_DUPLICATES_EVIDENCE_CACHE_H_
#define MASKSCOPE_DATA_DUPLICATES_EVIDENCE_CACHE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "data/duplicates/confirm.h"

namespace maskscope {

// What comparing two pictures on the pixels gave, by the hashes of their contents, kept in a file: nearly all the time
// of a search goes into it, and split, leaks and duplicates ask for the same pairs. About 100 bytes a pair.
// Thread-safe.
class EvidenceCache {
 public:
  // As PrintCache: an empty path keeps nothing, no file is an empty cache. Errors: kUnreadable, kBadData.
  explicit EvidenceCache(std::filesystem::path file);

  // Of the first laid over the second, in this order.
  std::optional<ConfirmEvidence> Find(const std::string& first, const std::string& second) const;
  void Add(const std::string& first, const std::string& second, const ConfirmEvidence& evidence);
  // Writes the file anew if something was added since. Errors: kOutput.
  void Save();
  size_t size() const;

 private:
  using Key = std::pair<uint64_t, uint64_t>;
  static Key KeyOf(const std::string& first, const std::string& second);

  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::map<Key, ConfirmEvidence> known_;
  bool changed_ = false;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_EVIDENCE_CACHE_H_
