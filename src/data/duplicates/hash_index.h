#ifndef MASKSCOPE_DATA_DUPLICATES_HASH_INDEX_H_
#define MASKSCOPE_DATA_DUPLICATES_HASH_INDEX_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "data/duplicates/picture_print.h"

namespace maskscope {

// Finds hashes near a given one without comparing all (multi-index hashing: Norouzi, Punjani, Fleet 2012). The 256 bits
// are cut into bands; two hashes are compared when at least one band is equal or differs in one bit. Bands grow with
// the number of hashes (16 bits up to 65,536, one more each time it doubles), so that a look-up compares with about
// the same few hundred whatever that number: building is O(n), n look-ups O(n log n). Of a
// bucket with more than `kCrowd` hashes (a film's frames, pictures that are nearly plain) only the first are compared:
// a crowd of likes is still held together by those. Crowds aside, every hash within `certain_distance` is found;
// beyond, with a probability that falls with the distance (at 60 of 256 bits and 16 bands still 3 of 4). Thread-safe
// once built.
class HashIndex {
 public:
  static constexpr uint32_t kCrowd = 500;

  // Errors: kTooLarge (2^27 hashes or more).
  explicit HashIndex(std::vector<PrintHash> hashes);

  size_t size() const { return hashes_.size(); }
  int band_bits() const { return band_bits_; }
  int certain_distance() const { return 2 * bands_ - 1; }
  size_t memory_bytes() const;

  // Calls found(id, distance) once for each hash that is found within `max_distance`, in no particular order. Returns
  // the number of hashes compared.
  template <typename Found>
  size_t Search(const PrintHash& query, int max_distance, const Found& found) const {
    size_t compared = 0;
    for (int band = 0; band < bands_; ++band) {
      const uint32_t key = Key(query, band);
      for (int flip = -1; flip < band_bits_; ++flip) {
        const uint32_t probe = flip < 0 ? key : key ^ (1u << flip);
        const size_t bucket = size_t(band) * buckets_ + probe;
        const uint32_t begin = starts_[bucket], end = std::min(starts_[bucket + 1], begin + kCrowd);
        compared += end - begin;
        for (uint32_t i = begin; i < end; ++i) {
          const uint32_t id = ids_[i];
          const int distance = HashDistance(query, hashes_[id]);
          if (distance <= max_distance && !FoundBefore(query, id, band)) found(id, distance);
        }
      }
    }
    return compared;
  }

 private:
  uint32_t Key(const PrintHash& hash, int band) const {
    const int bit = band * band_bits_, word = bit / 64, shift = bit % 64;
    uint64_t value = hash[word] >> shift;
    if (shift + band_bits_ > 64) value |= hash[word + 1] << (64 - shift);
    return static_cast<uint32_t>(value) & static_cast<uint32_t>(buckets_ - 2);
  }
  // Whether an earlier band has led to this hash already.
  bool FoundBefore(const PrintHash& query, uint32_t id, int band) const;

  std::vector<PrintHash> hashes_;
  int band_bits_ = 16, bands_ = 16;
  size_t buckets_ = 0;  // entries of `starts_` a band: the buckets and the end
  std::vector<uint32_t> starts_, ids_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_HASH_INDEX_H_
