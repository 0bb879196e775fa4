#ifndef MASKSCOPE_IMAGE_BMP_LAYOUT_H_
#define MASKSCOPE_IMAGE_BMP_LAYOUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace maskscope {

enum class BmpCoding { kPlain, kRle8, kRle4 };

// Where one colour sits inside a pixel of 16 or 32 bits.
struct BmpField {
  uint32_t mask = 0;
  int shift = 0, bits = 0;
};

// How the pixels of a bitmap are stored.
struct BmpLayout {
  int bits = 0;  // a pixel: 1, 4, 8, 16, 24 or 32
  BmpCoding coding = BmpCoding::kPlain;
  bool top_down = false;
  size_t data = 0;                                    // position of the pixels in the file
  std::array<std::array<uint8_t, 3>, 256> palette{};  // RGB; entries the file does not have are black
  std::array<BmpField, 4> fields;                     // red, green, blue, alpha of 16 and 32 bits a pixel
};

// Reads what follows the sides in a bitmap's header. Errors: kBadImage, kUnsupported.
BmpLayout ReadBmpLayout(std::span<const uint8_t> bytes, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_BMP_LAYOUT_H_
