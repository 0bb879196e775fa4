#include "image/bmp_layout.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "image/bytes.h"

// Bitmap headers: BITMAPCOREHEADER (12 bytes), BITMAPINFOHEADER (40), its extensions V2 to V5 (52 to 124).
namespace maskscope {
namespace {

constexpr size_t kFileHeader = 14, kCoreHeader = 12, kLeastInfoHeader = 36, kOs2Header = 64, kAlphaHeader = 56;
constexpr uint32_t kRgb = 0, kRle8 = 1, kRle4 = 2, kBitfields = 3;

[[noreturn]] void ThrowUnsupported(const std::string& source, int bits, uint32_t compression) {
  throw Error(ErrorKind::kUnsupported,
              source + ": a BMP of " + std::to_string(bits) + " bits a pixel with compression " +
                  std::to_string(compression) +
                  "; wanted 1, 4, 8, 16, 24 or 32 bits, plain, run-length coded or with bit fields (convert it first)");
}

void ReadPalette(const ByteView& view, size_t at, size_t count, size_t entry_size, const std::string& source,
                 BmpLayout& layout) {
  if (!view.Has(at, count * entry_size)) {
    throw Error(ErrorKind::kBadImage, source + ": a BMP that is cut off in its palette");
  }
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      layout.palette[i][c] = static_cast<uint8_t>(view.U8(at + i * entry_size + 2 - c));
    }
  }
}

BmpField FieldOf(uint32_t mask, int bits, const std::string& source) {
  BmpField field{mask, mask == 0 ? 0 : std::countr_zero(mask), std::popcount(mask)};
  const bool together = mask == 0 || static_cast<int>(std::bit_width(mask)) == field.shift + field.bits;
  if (!together || (bits == 16 && mask > 0xffff)) {
    throw Error(ErrorKind::kUnsupported, source + ": a BMP with a colour mask of " + std::to_string(mask) +
                                             "; wanted bits side by side inside the pixel (convert it first)");
  }
  return field;
}

void ReadFields(const ByteView& view, size_t info_size, uint32_t compression, const std::string& source,
                BmpLayout& layout) {
  std::array<uint32_t, 4> masks = {0xff0000, 0xff00, 0xff, 0};  // the fourth byte of plain 32 bits means nothing
  if (layout.bits == 16) masks = {0x7c00, 0x03e0, 0x001f, 0};
  if (compression == kBitfields) {
    const size_t at = kFileHeader + 40;
    const bool alpha = layout.bits == 32 && info_size >= kAlphaHeader;
    if (!view.Has(at, alpha ? 16 : 12)) {
      throw Error(ErrorKind::kBadImage, source + ": a BMP that is cut off in its colour masks");
    }
    for (size_t i = 0; i < (alpha ? 4 : 3); ++i) masks[i] = view.U32(at + 4 * i);
  }
  for (size_t i = 0; i < 4; ++i) layout.fields[i] = FieldOf(masks[i], layout.bits, source);
}

BmpCoding CodingOf(int bits, uint32_t compression, size_t info_size, const std::string& source) {
  const bool plain = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
  if (compression == kRgb && plain) return BmpCoding::kPlain;
  // In OS/2 2.x the same number means another compression.
  if (compression == kBitfields && (bits == 16 || bits == 32) && info_size != kOs2Header) return BmpCoding::kPlain;
  if (compression == kRle8 && bits == 8) return BmpCoding::kRle8;
  if (compression == kRle4 && bits == 4) return BmpCoding::kRle4;
  ThrowUnsupported(source, bits, compression);
}

BmpLayout ReadCoreLayout(const ByteView& view, BmpLayout layout, const std::string& source) {
  layout.bits = static_cast<int>(view.U16(24));
  layout.coding = CodingOf(layout.bits, kRgb, kCoreHeader, source);
  if (layout.bits <= 8) {
    ReadPalette(view, kFileHeader + kCoreHeader, size_t{1} << layout.bits, 3, source, layout);
  } else {
    ReadFields(view, kCoreHeader, kRgb, source, layout);
  }
  return layout;
}

}  // namespace

BmpLayout ReadBmpLayout(std::span<const uint8_t> bytes, const std::string& source) {
  const ByteView view(bytes, /*big_endian=*/false);
  BmpLayout layout;
  layout.data = view.U32(10);
  const size_t info_size = view.U32(14);
  if (info_size == kCoreHeader) return ReadCoreLayout(view, layout, source);
  if (info_size < kLeastInfoHeader || !view.Has(kFileHeader, info_size)) {
    throw Error(ErrorKind::kBadImage, source + ": a BMP that is cut off or broken in its header");
  }
  layout.top_down = static_cast<int32_t>(view.U32(22)) < 0;
  layout.bits = static_cast<int>(view.U16(28));
  const uint32_t compression = view.U32(30);
  layout.coding = CodingOf(layout.bits, compression, info_size, source);
  if (layout.bits > 8) {
    ReadFields(view, info_size, compression, source, layout);
    return layout;
  }
  const uint32_t used = view.U32(46);
  if (used > 256) {
    throw Error(ErrorKind::kBadImage, source + ": a broken BMP (a palette of " + std::to_string(used) + " colours)");
  }
  ReadPalette(view, kFileHeader + info_size, used == 0 ? size_t{1} << layout.bits : used, 4, source, layout);
  return layout;
}

}  // namespace maskscope
