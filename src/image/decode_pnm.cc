#include "image/decode_pnm.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace maskscope {
namespace {

[[noreturn]] void ThrowBroken(const std::string& source) {
  throw Error(ErrorKind::kBadImage, source + ": a broken or truncated PNM");
}

// Numbers in text, with comments from '#' to the end of the line.
class TextReader {
 public:
  TextReader(std::span<const uint8_t> bytes, size_t at, const std::string& source)
      : bytes_(bytes), at_(at), source_(source) {}

  // At most `digits` digits: bits need no space between them. A number beyond 2^30 comes out as 2^30.
  int Number(int digits = 1 << 30) {
    SkipSpace();
    if (at_ >= bytes_.size() || !std::isdigit(bytes_[at_])) ThrowBroken(source_);
    int64_t value = 0;
    for (int i = 0; i < digits && at_ < bytes_.size() && std::isdigit(bytes_[at_]); ++i) {
      value = std::min<int64_t>(value * 10 + (bytes_[at_++] - '0'), int64_t{1} << 30);
    }
    return static_cast<int>(value);
  }
  // The single white space between a header and binary data.
  void OneSpace() {
    if (at_ >= bytes_.size() || !std::isspace(bytes_[at_])) ThrowBroken(source_);
    ++at_;
  }
  std::span<const uint8_t> Rest() const { return bytes_.subspan(at_); }

 private:
  void SkipSpace() {
    while (at_ < bytes_.size() && (std::isspace(bytes_[at_]) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
  }

  std::span<const uint8_t> bytes_;
  size_t at_;
  const std::string& source_;
};

struct Layout {
  bool binary = false, bits = false;
  size_t samples = 1;  // a pixel
  int greatest = 1;    // value of a sample
};

uint8_t Scaled(int value, const Layout& layout) {
  value = std::min(value, layout.greatest);
  if (layout.bits) return value == 0 ? 255 : 0;  // 1 is ink
  return static_cast<uint8_t>((int64_t{value} * 255 + layout.greatest / 2) / layout.greatest);
}

void PutPixel(const uint8_t* samples, const Layout& layout, uint8_t* to) {
  for (size_t c = 0; c < 3; ++c) to[c] = samples[layout.samples == 3 ? c : 0];
}

// Refuses, before a picture is made, one whose values cannot all be in the file.
Image MakeImage(const PictureHeader& header, size_t needed, size_t found, const std::string& source) {
  if (needed > found) ThrowBroken(source);
  return {header.width, header.height};
}

Image ReadText(TextReader& reader, const PictureHeader& header, const Layout& layout, const std::string& source) {
  const size_t count = static_cast<size_t>(header.width) * static_cast<size_t>(header.height) * layout.samples;
  Image image = MakeImage(header, layout.bits ? count : 2 * count - 1, reader.Rest().size(), source);
  uint8_t samples[3];
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    for (size_t c = 0; c < layout.samples; ++c) {
      samples[c] = Scaled(layout.bits ? reader.Number(1) : reader.Number(), layout);
    }
    PutPixel(samples, layout, &image.pixels[i]);
  }
  return image;
}

Image ReadBits(std::span<const uint8_t> data, const PictureHeader& header, const Layout& layout,
               const std::string& source) {
  const size_t stride = (static_cast<size_t>(header.width) + 7) / 8;
  Image image = MakeImage(header, stride * static_cast<size_t>(header.height), data.size(), source);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = data.data() + stride * static_cast<size_t>(y);
    for (int x = 0; x < image.width; ++x) {
      std::fill_n(image.row(y) + 3 * size_t(x), 3, Scaled(from[x / 8] >> (7 - x % 8) & 1, layout));
    }
  }
  return image;
}

Image ReadBinary(std::span<const uint8_t> data, const PictureHeader& header, const Layout& layout,
                 const std::string& source) {
  const size_t size = layout.greatest > 255 ? 2 : 1;  // bytes a sample, the upper one first
  const size_t pixels = static_cast<size_t>(header.width) * static_cast<size_t>(header.height);
  Image image = MakeImage(header, pixels * layout.samples * size, data.size(), source);
  const uint8_t* from = data.data();
  uint8_t samples[3];
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    for (size_t c = 0; c < layout.samples; ++c, from += size) {
      samples[c] = Scaled(size == 2 ? from[0] << 8 | from[1] : from[0], layout);
    }
    PutPixel(samples, layout, &image.pixels[i]);
  }
  return image;
}

}  // namespace

Image DecodePnm(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  const int kind = bytes[1] - '0';  // 1 to 6: the header was read from the same bytes
  Layout layout;
  layout.binary = kind >= 4;
  layout.bits = kind == 1 || kind == 4;
  layout.samples = kind == 3 || kind == 6 ? 3 : 1;
  TextReader reader(bytes, 2, source);
  reader.Number();  // the sides, which the header has
  reader.Number();
  if (!layout.bits) {
    layout.greatest = reader.Number();
    if (layout.greatest < 1 || layout.greatest > 65535) {
      throw Error(ErrorKind::kBadImage, source + ": a broken PNM (greatest value " + std::to_string(layout.greatest) +
                                            ", wanted 1 to 65535)");
    }
  }
  if (!layout.binary) return ReadText(reader, header, layout, source);
  reader.OneSpace();
  return layout.bits ? ReadBits(reader.Rest(), header, layout, source)
                     : ReadBinary(reader.Rest(), header, layout, source);
}

}  // namespace maskscope
