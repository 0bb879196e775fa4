#include "base/error.h"
#include "image/bytes.h"
#include "image/exif.h"
#include "image/header.h"

// JPEG markers: ITU-T T.81, table B.1.
namespace maskscope {
namespace {

bool IsFrameHeader(uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}
bool HasNoLength(uint32_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

void ReadFrameHeader(const ByteView& view, size_t at, const std::string& source, PictureHeader& header) {
  const uint32_t marker = view.U8(at + 1), precision = view.U8(at + 4);
  header.height = static_cast<int>(view.U16(at + 5));
  header.width = static_cast<int>(view.U16(at + 7));
  header.components = static_cast<int>(view.U8(at + 9));
  if (precision != 8) {
    throw Error(ErrorKind::kUnsupported,
                source + ": a JPEG of " + std::to_string(precision) + " bits a sample; only 8 bits can be read");
  }
  const bool ordinary =
      marker <= 0xc2 || marker == 0xc9 || marker == 0xca;  // Huffman or arithmetic, sequential or progressive
  if (!ordinary) {
    throw Error(ErrorKind::kUnsupported, source + ": a lossless or hierarchical JPEG; only ordinary ones can be read");
  }
  if (header.height == 0)
    throw Error(ErrorKind::kUnsupported, source + ": a JPEG whose height is given after its data");
  if (header.width == 0) throw Error(ErrorKind::kBadImage, source + ": a JPEG of width 0");
}

}  // namespace

PictureHeader ParseJpegHeader(std::span<const uint8_t> bytes, const std::string& source) {
  const ByteView view(bytes);
  PictureHeader header;
  header.format = "jpeg";
  size_t at = 2;
  bool exif_seen = false;
  while (view.Has(at, 4)) {
    if (view.U8(at) != 0xff) {  // stray bytes between segments: decoders skip them too
      ++at;
      continue;
    }
    const uint32_t marker = view.U8(at + 1);
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0 || HasNoLength(marker)) {
      at += 2;
      continue;
    }
    if (marker == 0xd9 || marker == 0xda) break;
    const size_t length = view.U16(at + 2);
    if (IsFrameHeader(marker) && view.Has(at, 10)) {
      if (header.width == 0) ReadFrameHeader(view, at, source, header);
    } else if (marker == 0xe1 && !exif_seen && view.Is(at + 4, {"Exif\0\0", 6}) && length > 8) {
      header.orientation = ExifOrientation(view.Part(at + 4, length - 2));
      exif_seen = true;
    } else if (marker == 0xee && view.Is(at + 4, "Adobe")) {
      header.adobe = true;
    }
    at += 2 + (length < 2 ? 2 : length);
  }
  if (header.width == 0)
    throw Error(ErrorKind::kBadImage, source + ": a JPEG that is cut off or broken before its picture begins");
  return header;
}

bool JpegReachesEnd(std::span<const uint8_t> bytes) {
  const ByteView view(bytes);
  size_t at = 2;
  while (view.Has(at, 2)) {
    if (view.U8(at) != 0xff) {
      ++at;
      continue;
    }
    const uint32_t marker = view.U8(at + 1);
    if (marker == 0xd9) return true;
    if (marker == 0xff) {
      ++at;
    } else if (marker == 0 || HasNoLength(marker) || !view.Has(at, 4)) {
      at += 2;
    } else {
      const size_t length = view.U16(at + 2);  // a segment may hold 0xffd9 of its own: a thumbnail
      at += 2 + (length < 2 ? 2 : length);
    }
  }
  return false;
}

}  // namespace maskscope
