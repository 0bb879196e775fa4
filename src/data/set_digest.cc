#include "data/set_digest.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "data/manifest_json.h"

namespace maskscope {
namespace {

constexpr std::string_view kHashName = "sha256:";

uint64_t Word(std::string_view digits) {
  uint64_t word = 0;
  for (const char c : digits) word = word << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return word;
}

}  // namespace

void SetDigest::Add(const ManifestPicture& picture) {
  ManifestPicture what = picture;
  if (!what.hash.empty()) what.path = "-";
  std::string hash;
  try {
    hash = ContentHash(PictureLine(what));
  } catch (const JsonFault& fault) {
    throw Error(ErrorKind::kBadData, "'" + picture.path + "': " + fault.field + ": " + fault.what);
  }
  const std::string_view digits = std::string_view(hash).substr(kHashName.size());
  uint64_t carry = 0;
  for (size_t i = 0; i < sum_.size(); ++i) {
    const uint64_t word = Word(digits.substr(16 * (sum_.size() - 1 - i), 16));
    const uint64_t with_carry = sum_[i] + carry;
    carry = with_carry < carry;
    sum_[i] = with_carry + word;
    carry += sum_[i] < word;
  }
}

std::string SetDigest::Text() const {
  return fmt::format("set-sha256:{:016x}{:016x}{:016x}{:016x}", sum_[3], sum_[2], sum_[1], sum_[0]);
}

}  // namespace maskscope
