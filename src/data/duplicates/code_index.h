#ifndef MASKSCOPE_DATA_DUPLICATES_CODE_INDEX_H_
#define MASKSCOPE_DATA_DUPLICATES_CODE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/duplicates/view_code.h"

namespace maskscope {

// A code to be found, with what its owner wants to know of it. 40 bytes.
struct IndexedCode {
  ViewCode code;
  uint8_t view = 0;  // the owner's
  uint32_t picture = 0;
};

struct CodeHit {
  uint32_t entry = 0;      // in the index
  uint8_t entry_pose = 0;  // the pose in which the entry is alike ...
  uint8_t query_pose = 0;  // ... to the query in this one
  float distance = 0;      // CodeDistance
};

// Finds codes near a given one, in any of the eight poses, without comparing all: locality-sensitive hashing with
// probes directed by the query (Lv et al., "Multi-Probe LSH", 2007). Codes are brought to their canonical pose; tables
// are keyed by the signs of some of the terms, one more each time the number of codes doubles, so that a look-up
// compares with about the same few hundred whatever that number: building is O(n), n look-ups are O(n log n). A look-up
// opens the buckets that a like of the query lies in most probably, given how far its terms are from a change of sign,
// or of canonical pose. Of a bucket with more than `kCrowd` codes (a film's frames, passport photos) only the first are
// compared: a crowd of likes is still held together by those. Thread-safe once built.
class CodeIndex {
 public:
  static constexpr uint32_t kCrowd = 300;

  // Errors: kTooLarge (2^29 pictures or 2^32 codes or more).
  CodeIndex(std::vector<IndexedCode> entries, int threads);

  size_t size() const { return entries_.size(); }
  // An entry's code is kept in its canonical pose, which is this one.
  const IndexedCode& entry(uint32_t i) const { return entries_[i]; }
  int pose(uint32_t i) const { return poses_[i]; }
  size_t memory_bytes() const;

  // Appends what is found within max_distance among the first `end` entries, each once. Returns the number of codes
  // compared.
  size_t Search(const ViewCode& query, float max_distance, uint32_t end, std::vector<CodeHit>& hits) const;

 private:
  static constexpr int kTables = 4;
  struct Table {
    std::vector<uint8_t> terms;         // whose signs are the key
    std::vector<uint32_t> starts, ids;  // of each bucket in `ids`, and the end; entries by bucket
  };
  struct Laid;
  struct Probe;
  std::vector<Probe> LikeliestProbes(const std::vector<Laid>& poses) const;

  std::vector<IndexedCode> entries_;  // in canonical pose
  std::vector<uint8_t> poses_;        // that pose
  Table tables_[kTables];
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CODE_INDEX_H_
