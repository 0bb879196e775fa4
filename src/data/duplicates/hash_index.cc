#include "data/duplicates/hash_index.h"

#include <bit>

#include "base/error.h"

namespace maskscope {

HashIndex::HashIndex(std::vector<PrintHash> hashes) : hashes_(std::move(hashes)) {
  if (hashes_.size() >= size_t{1} << 27) {
    throw Error(ErrorKind::kTooLarge, "duplicates: found " + std::to_string(hashes_.size()) +
                                          " hashes, wanted fewer than 2^27; compare parts of the set");
  }
  const int needed = hashes_.empty() ? 0 : std::bit_width(hashes_.size() - 1);
  band_bits_ = std::clamp(needed, 16, 24);
  bands_ = 256 / band_bits_;
  buckets_ = (size_t{1} << band_bits_) + 1;
  starts_.assign(buckets_ * bands_, 0);
  ids_.resize(hashes_.size() * bands_);
  for (int band = 0; band < bands_; ++band) {
    uint32_t* starts = starts_.data() + size_t(band) * buckets_;
    for (const PrintHash& hash : hashes_) ++starts[Key(hash, band) + 1];
    starts[0] = static_cast<uint32_t>(band * hashes_.size());
    for (size_t i = 1; i < buckets_; ++i) starts[i] += starts[i - 1];
    std::vector<uint32_t> next(starts, starts + buckets_ - 1);
    for (uint32_t id = 0; id < hashes_.size(); ++id) ids_[next[Key(hashes_[id], band)]++] = id;
  }
}

size_t HashIndex::memory_bytes() const {
  return hashes_.size() * sizeof(PrintHash) + (starts_.size() + ids_.size()) * sizeof(uint32_t);
}

bool HashIndex::FoundBefore(const PrintHash& query, uint32_t id, int band) const {
  for (int earlier = 0; earlier < band; ++earlier) {
    const uint32_t key = Key(query, earlier), other = Key(hashes_[id], earlier);
    if (std::popcount(key ^ other) > 1) continue;
    // It counts only where that band compared it: the bucket's first ones.
    const size_t bucket = size_t(earlier) * buckets_ + other;
    const uint32_t begin = starts_[bucket], end = std::min(starts_[bucket + 1], begin + kCrowd);
    if (end == starts_[bucket + 1] || ids_[end - 1] >= id) return true;
  }
  return false;
}

}  // namespace maskscope
