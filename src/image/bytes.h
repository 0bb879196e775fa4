#ifndef MASKSCOPE_IMAGE_BYTES_H_
#define MASKSCOPE_IMAGE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace maskscope {

// Reads numbers out of a file's bytes. Nothing is read beyond the end: a position outside gives 0, and `Has` tells.
class ByteView {
 public:
  explicit ByteView(std::span<const uint8_t> bytes, bool big_endian = true) : bytes_(bytes), big_endian_(big_endian) {}

  size_t size() const { return bytes_.size(); }
  bool Has(size_t at, size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  uint32_t U8(size_t at) const { return Has(at, 1) ? bytes_[at] : 0; }
  uint32_t U16(size_t at) const { return big_endian_ ? U8(at) << 8 | U8(at + 1) : U8(at + 1) << 8 | U8(at); }
  uint32_t U24(size_t at) const { return big_endian_ ? U16(at) << 8 | U8(at + 2) : U8(at + 2) << 16 | U16(at); }
  uint32_t U32(size_t at) const { return big_endian_ ? U16(at) << 16 | U16(at + 2) : U16(at + 2) << 16 | U16(at); }
  bool Is(size_t at, std::string_view text) const {
    return Has(at, text.size()) && std::memcmp(bytes_.data() + at, text.data(), text.size()) == 0;
  }
  // The part [at, at + count), cut at the end.
  std::span<const uint8_t> Part(size_t at, size_t count) const {
    if (at >= bytes_.size()) return {};
    return bytes_.subspan(at, count < bytes_.size() - at ? count : bytes_.size() - at);
  }

 private:
  std::span<const uint8_t> bytes_;
  bool big_endian_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_BYTES_H_
