#ifndef MASKSCOPE_DATA_SET_DIGEST_H_
#define MASKSCOPE_DATA_SET_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "data/manifest.h"

namespace maskscope {

// What a set holds, as one number: the pictures' contents with their sets, groups, splits and labels, in any order,
// wherever the files lie and however the manifest came about. Two manifests with the same digest train the same model.
// The sum, modulo 2^256, of the SHA-256 of each picture's line without its path (the additive multiset hash of Clarke
// et al. 2003). It tells sets apart by accident; it does not withstand somebody who crafts a set.
class SetDigest {
 public:
  // A picture without a hash of its content counts by its path instead. Errors: kBadData (text that is not UTF-8).
  void Add(const ManifestPicture& picture);
  // "set-sha256:" and 64 digits 0-9a-f.
  std::string Text() const;

 private:
  std::array<uint64_t, 4> sum_{};  // least significant first
};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SET_DIGEST_H_
