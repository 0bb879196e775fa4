#include "image/exif.h"

#include <algorithm>
#include <cstring>

#include "image/bytes.h"

namespace maskscope {
namespace {

constexpr uint32_t kTagWidth = 0x0100, kTagHeight = 0x0101, kTagPhotometric = 0x0106, kTagOrientation = 0x0112;
constexpr uint32_t kTypeShort = 3, kTypeLong = 4;

// Copies `stored` so that output pixel (x, y) is stored pixel origin + x * step_x + y * step_y.
Image Rearrange(const Image& stored, int width, int height, ptrdiff_t origin, ptrdiff_t step_x, ptrdiff_t step_y) {
  Image upright(width, height);
  const uint8_t* const from = stored.pixels.data();
  // In tiles: a turn by 90 degrees walks the source by columns, which would miss the cache at every pixel.
  constexpr int kTile = 32;
  for (int tile_y = 0; tile_y < height; tile_y += kTile) {
    for (int tile_x = 0; tile_x < width; tile_x += kTile) {
      const int end_y = std::min(tile_y + kTile, height), end_x = std::min(tile_x + kTile, width);
      for (int y = tile_y; y < end_y; ++y) {
        uint8_t* to = upright.row(y) + 3 * size_t(tile_x);
        for (int x = tile_x; x < end_x; ++x, to += 3) std::memcpy(to, from + 3 * (origin + x * step_x + y * step_y), 3);
      }
    }
  }
  return upright;
}

}  // namespace

TiffFields ReadTiffFields(std::span<const uint8_t> bytes) {
  TiffFields fields;
  const bool little = ByteView(bytes).Is(0, {"II\x2a\0", 4});
  if (!little && !ByteView(bytes).Is(0, {"MM\0\x2a", 4})) return fields;
  const ByteView view(bytes, !little);
  const size_t directory = view.U32(4);
  if (!view.Has(directory, 2)) return fields;
  const size_t count = view.U16(directory);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (!view.Has(entry, 12)) break;
    const uint32_t tag = view.U16(entry), type = view.U16(entry + 2);
    if (type != kTypeShort && type != kTypeLong) continue;
    const uint32_t value = type == kTypeShort ? view.U16(entry + 8) : view.U32(entry + 8);
    if (tag == kTagWidth) fields.width = value;
    if (tag == kTagHeight) fields.height = value;
    if (tag == kTagPhotometric) fields.photometric = static_cast<int>(value & 0xffff);
    if (tag == kTagOrientation && value >= 1 && value <= 8) fields.orientation = static_cast<int>(value);
  }
  fields.valid = true;
  return fields;
}

int ExifOrientation(std::span<const uint8_t> block) {
  const ByteView view(block);
  if (view.Is(0, {"Exif\0\0", 6})) block = block.subspan(6);
  return ReadTiffFields(block).orientation;
}

Image ApplyOrientation(Image stored, int orientation) {
  const int w = stored.width, h = stored.height;
  const ptrdiff_t row = w, last_x = w - 1, last_row = ptrdiff_t{h - 1} * w, last = last_row + last_x;
  switch (orientation) {
    case 2:
      return Rearrange(stored, w, h, last_x, -1, row);
    case 3:
      return Rearrange(stored, w, h, last, -1, -row);
    case 4:
      return Rearrange(stored, w, h, last_row, 1, -row);
    case 5:
      return Rearrange(stored, h, w, 0, row, 1);
    case 6:
      return Rearrange(stored, h, w, last_row, -row, 1);
    case 7:
      return Rearrange(stored, h, w, last, -row, -1);
    case 8:
      return Rearrange(stored, h, w, last_x, row, -1);
    default:
      return stored;
  }
}

}  // namespace maskscope
