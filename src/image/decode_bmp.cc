#include "image/decode_bmp.h"

#include <cstring>

#include "base/error.h"
#include "image/bmp_layout.h"
#include "image/bytes.h"
#include "image/over_white.h"

namespace maskscope {
namespace {

[[noreturn]] void ThrowBroken(const std::string& source) {
  throw Error(ErrorKind::kBadImage, source + ": a broken or truncated BMP");
}

// The picture's row in which the file's row `y` belongs.
int RowOf(const BmpLayout& layout, const Image& image, int y) { return layout.top_down ? y : image.height - 1 - y; }

// Fields of less than 8 bits fill the upper bits.
int Value(const BmpField& field, uint32_t pixel) {
  const uint32_t value = (pixel & field.mask) >> field.shift;
  return static_cast<int>(field.bits >= 8 ? value >> (field.bits - 8) : value << (8 - field.bits));
}

void ReadPaletteRow(const BmpLayout& layout, const uint8_t* from, int width, uint8_t* to) {
  const int per_byte = 8 / layout.bits, mask = (1 << layout.bits) - 1;
  for (int x = 0; x < width; ++x, to += 3) {
    const int index = from[x / per_byte] >> (8 - layout.bits * (x % per_byte + 1)) & mask;
    std::memcpy(to, layout.palette[static_cast<size_t>(index)].data(), 3);
  }
}

void ReadColourRow(const BmpLayout& layout, const uint8_t* from, int width, uint8_t* to) {
  if (layout.bits == 24) {
    for (int x = 0; x < width; ++x, from += 3, to += 3) to[0] = from[2], to[1] = from[1], to[2] = from[0];
    return;
  }
  const bool wide = layout.bits == 32;
  const auto& [red, green, blue, alpha] = layout.fields;
  for (int x = 0; x < width; ++x, from += wide ? 4 : 2, to += 3) {
    uint32_t pixel = static_cast<uint32_t>(from[0] | from[1] << 8);
    if (wide) pixel |= static_cast<uint32_t>(from[2]) << 16 | static_cast<uint32_t>(from[3]) << 24;
    const uint8_t rgba[4] = {static_cast<uint8_t>(Value(red, pixel)), static_cast<uint8_t>(Value(green, pixel)),
                             static_cast<uint8_t>(Value(blue, pixel)),
                             static_cast<uint8_t>(alpha.mask == 0 ? 255 : Value(alpha, pixel))};
    OverWhite(rgba, 1, to);
  }
}

Image DecodePlain(std::span<const uint8_t> bytes, const PictureHeader& header, const BmpLayout& layout,
                  const std::string& source) {
  const size_t stride = (static_cast<size_t>(header.width) * static_cast<size_t>(layout.bits) + 31) / 32 * 4;
  const ByteView view(bytes);
  // The data must be there before a picture of the size they claim is made.
  if (!view.Has(layout.data, stride * static_cast<size_t>(header.height))) ThrowBroken(source);
  Image image(header.width, header.height);
  const uint8_t* from = bytes.data() + layout.data;
  for (int y = 0; y < image.height; ++y, from += stride) {
    uint8_t* to = image.row(RowOf(layout, image, y));
    if (layout.bits <= 8) {
      ReadPaletteRow(layout, from, image.width, to);
    } else {
      ReadColourRow(layout, from, image.width, to);
    }
  }
  return image;
}

// Run-length coded pixels: pairs of bytes, of which those with a first byte 0 are commands.
class RunReader {
 public:
  RunReader(std::span<const uint8_t> bytes, const BmpLayout& layout, Image& image, const std::string& source)
      : view_(bytes, /*big_endian=*/false), layout_(layout), image_(image), source_(source), at_(layout.data) {}

  void Read() {
    // Some writers leave out the mark at the end: it says nothing once the last pixel is there.
    while (y_ < image_.height && !(y_ == image_.height - 1 && x_ == image_.width)) {
      const int first = Next(), second = Next();
      if (first > 0) {
        Run(first, second);
      } else if (second == 0) {
        x_ = 0;
        ++y_;
      } else if (second == 1) {
        return;
      } else if (second == 2) {
        Move();
      } else {
        Literal(second);
      }
    }
  }

 private:
  int Next() {
    if (!view_.Has(at_, 1)) ThrowBroken(source_);
    return static_cast<int>(view_.U8(at_++));
  }
  void Put(int index) {
    if (x_ >= image_.width) ThrowBroken(source_);
    uint8_t* to = image_.row(RowOf(layout_, image_, y_)) + 3 * size_t(x_++);
    std::memcpy(to, layout_.palette[static_cast<size_t>(index)].data(), 3);
  }
  int Nibble(int byte, int i) const { return i % 2 == 0 ? byte >> 4 : byte & 15; }
  void Run(int count, int value) {
    const bool nibbles = layout_.coding == BmpCoding::kRle4;
    for (int i = 0; i < count; ++i) Put(nibbles ? Nibble(value, i) : value);
  }
  void Move() {
    const int right = Next(), down = Next();
    x_ += right;
    y_ += down;
    if (x_ > image_.width || y_ > image_.height) ThrowBroken(source_);
  }
  void Literal(int count) {
    const size_t begin = at_;
    if (layout_.coding == BmpCoding::kRle4) {
      for (int i = 0, byte = 0; i < count; ++i) {
        if (i % 2 == 0) byte = Next();
        Put(Nibble(byte, i));
      }
    } else {
      for (int i = 0; i < count; ++i) Put(Next());
    }
    if ((at_ - begin) % 2 != 0) Next();
  }

  ByteView view_;
  const BmpLayout& layout_;
  Image& image_;
  const std::string& source_;
  size_t at_;
  int x_ = 0, y_ = 0;  // in the file's order of rows
};

Image DecodeRuns(std::span<const uint8_t> bytes, const PictureHeader& header, const BmpLayout& layout,
                 const std::string& source) {
  Image image(header.width, header.height);
  for (size_t i = 0; i < image.pixels.size(); i += 3) std::memcpy(&image.pixels[i], layout.palette[0].data(), 3);
  RunReader(bytes, layout, image, source).Read();
  return image;
}

}  // namespace

Image DecodeBmp(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  const BmpLayout layout = ReadBmpLayout(bytes, source);
  return layout.coding == BmpCoding::kPlain ? DecodePlain(bytes, header, layout, source)
                                            : DecodeRuns(bytes, header, layout, source);
}

}  // namespace maskscope
