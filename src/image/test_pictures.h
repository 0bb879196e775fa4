#ifndef MASKSCOPE_IMAGE_TEST_PICTURES_H_
#define MASKSCOPE_IMAGE_TEST_PICTURES_H_

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "image/image.h"

// Pictures and encoded files made by hand, for tests of several modules.
namespace maskscope::test {

using Bytes = std::vector<uint8_t>;

// A file of the given material (MASKSCOPE_SHARED, by default ../shared). Tests skip where it is absent.
inline std::filesystem::path SharedFile(const std::string& relative) {
  const char* named = std::getenv("MASKSCOPE_SHARED");
  return std::filesystem::path(named != nullptr ? named : "../shared") / relative;
}

// Smooth waves of different period in each colour: survives JPEG, and no two corners look alike.
inline Image WavyImage(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = double(x) / width, v = double(y) / height;
      uint8_t* p = image.row(y) + 3 * x;
      p[0] = static_cast<uint8_t>(std::lround(30 + 200 * u));
      p[1] = static_cast<uint8_t>(std::lround(30 + 200 * v));
      p[2] = static_cast<uint8_t>(std::lround(128 + 90 * std::sin(5 * u + 3 * v)));
    }
  }
  return image;
}

inline Image NoisyImage(int width, int height, uint64_t seed) {
  Image image(width, height);
  Random random(seed);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.Below(256));
  return image;
}

// Greatest difference of a value; 256 when the sizes differ.
inline int GreatestDifference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int greatest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) greatest = std::max(greatest, std::abs(a.pixels[i] - b.pixels[i]));
  return greatest;
}

inline void Append(Bytes& bytes, std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); }
inline void Append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

// `count` bytes of a number.
inline Bytes Number(uint64_t value, int count, bool big_endian) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * (big_endian ? count - 1 - i : i)));
  return bytes;
}

// One directory entry of a TIFF structure: tag, type 3 (16 bits) or 4 (32 bits), one value.
struct TiffEntry {
  uint32_t tag, type, value;
};
inline Bytes TiffStructure(const std::vector<TiffEntry>& entries, bool big_endian, const Bytes& data = {}) {
  Bytes bytes;
  Append(bytes, std::string_view(big_endian ? "MM" : "II"));
  Append(bytes, Number(42, 2, big_endian));
  Append(bytes, Number(8 + data.size(), 4, big_endian));  // the data come first, at 8
  Append(bytes, data);
  Append(bytes, Number(entries.size(), 2, big_endian));
  for (const TiffEntry& entry : entries) {
    Append(bytes, Number(entry.tag, 2, big_endian));
    Append(bytes, Number(entry.type, 2, big_endian));
    Append(bytes, Number(1, 4, big_endian));
    if (entry.type == 3) {
      Append(bytes, Number(entry.value, 2, big_endian));
      Append(bytes, Number(0, 2, big_endian));
    } else {
      Append(bytes, Number(entry.value, 4, big_endian));
    }
  }
  Append(bytes, Number(0, 4, big_endian));
  return bytes;
}

inline Bytes ExifBlock(int orientation, bool big_endian = true) {
  Bytes block;
  Append(block, {"Exif\0\0", 6});
  Append(block, TiffStructure({{0x0112, 3, static_cast<uint32_t>(orientation)}}, big_endian));
  return block;
}

// A marker segment right after the start of a JPEG.
inline Bytes WithJpegSegment(const Bytes& jpeg, uint8_t marker, const Bytes& content) {
  Bytes bytes(jpeg.begin(), jpeg.begin() + 2);
  bytes.push_back(0xff);
  bytes.push_back(marker);
  Append(bytes, Number(content.size() + 2, 2, true));
  Append(bytes, content);
  bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
  return bytes;
}

inline uint32_t Crc32(const Bytes& bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

inline Bytes PngChunk(std::string_view type, const Bytes& content) {
  Bytes named;
  Append(named, type);
  Append(named, content);
  Bytes chunk = Number(content.size(), 4, true);
  Append(chunk, named);
  Append(chunk, Number(Crc32(named), 4, true));
  return chunk;
}

// zlib data that are stored, not compressed.
inline Bytes Deflated(const Bytes& raw) {
  Bytes bytes = {0x78, 0x01};
  uint32_t a = 1, b = 0;
  for (const uint8_t byte : raw) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  for (size_t at = 0; at < raw.size() || at == 0; at += 65535) {
    const size_t count = std::min<size_t>(65535, raw.size() - at);
    bytes.push_back(at + count >= raw.size() ? 1 : 0);
    Append(bytes, Number(count, 2, false));
    Append(bytes, Number(~count & 0xffff, 2, false));
    bytes.insert(bytes.end(), raw.begin() + static_cast<ptrdiff_t>(at),
                 raw.begin() + static_cast<ptrdiff_t>(at + count));
  }
  Append(bytes, Number(b << 16 | a, 4, true));
  return bytes;
}

// A PNG whose `rows` begin each with their filter byte 0. `before_data` are whole chunks.
inline Bytes MakePng(uint32_t width, uint32_t height, int depth, int color_type, const Bytes& rows,
                     const Bytes& before_data = {}) {
  Bytes bytes;
  Append(bytes, "\x89PNG\r\n\x1a\n");
  Bytes header = Number(width, 4, true);
  Append(header, Number(height, 4, true));
  Append(header, Bytes{static_cast<uint8_t>(depth), static_cast<uint8_t>(color_type), 0, 0, 0});
  Append(bytes, PngChunk("IHDR", header));
  Append(bytes, before_data);
  Append(bytes, PngChunk("IDAT", Deflated(rows)));
  Append(bytes, PngChunk("IEND", {}));
  return bytes;
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_IMAGE_TEST_PICTURES_H_
