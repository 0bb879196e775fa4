#include "image/header.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "image/bytes.h"
#include "image/exif.h"

namespace maskscope {
namespace {

constexpr int64_t kGreatestSide = int64_t{1} << 30;

[[noreturn]] void ThrowCut(const std::string& source, const char* kind) {
  throw Error(ErrorKind::kBadImage, source + ": a " + kind + " that is cut off or broken in its header");
}

void SetSize(PictureHeader& header, int64_t width, int64_t height, const std::string& source) {
  if (width <= 0 || height <= 0) {
    throw Error(ErrorKind::kBadImage, source + ": a " + header.format + " of " + std::to_string(width) + " x " +
                                          std::to_string(height) + " pixels; both sides must be at least 1");
  }
  if (width > kGreatestSide || height > kGreatestSide) {
    throw Error(ErrorKind::kTooLarge, source + ": a " + header.format + " of " + std::to_string(width) + " x " +
                                          std::to_string(height) + " pixels");
  }
  header.width = static_cast<int>(width);
  header.height = static_cast<int>(height);
}

// PNG (third edition), 5.3 and 11.2; eXIf is 11.3.4.5.
PictureHeader ParsePng(std::span<const uint8_t> bytes, const std::string& source) {
  const ByteView view(bytes);
  if (!view.Is(12, "IHDR") || !view.Has(8, 25)) ThrowCut(source, "PNG");
  PictureHeader header;
  header.format = "png";
  SetSize(header, view.U32(16), view.U32(20), source);
  for (size_t at = 8; view.Has(at, 12);) {
    const size_t length = view.U32(at);
    if (view.Is(at + 4, "eXIf")) header.orientation = ExifOrientation(view.Part(at + 8, length));
    if (view.Is(at + 4, "IEND")) break;
    at += 12 + length;
  }
  return header;
}

// WebP container specification.
void FindWebpExif(const ByteView& view, PictureHeader& header) {
  for (size_t at = 12; view.Has(at, 8);) {
    const size_t length = view.U32(at + 4);
    if (view.Is(at, "EXIF")) header.orientation = ExifOrientation(view.Part(at + 8, length));
    at += 8 + length + (length & 1);
  }
}

PictureHeader ParseWebp(std::span<const uint8_t> bytes, const std::string& source) {
  const ByteView view(bytes, /*big_endian=*/false);
  PictureHeader header;
  header.format = "webp";
  if (view.Is(12, "VP8X") && view.Has(20, 10)) {
    if (view.U8(20) & 2)
      throw Error(ErrorKind::kUnsupported, source + ": an animated WebP; give its frames as single pictures");
    SetSize(header, int64_t{view.U24(24)} + 1, int64_t{view.U24(27)} + 1, source);
    if (view.U8(20) & 8) FindWebpExif(view, header);
  } else if (view.Is(12, "VP8L") && view.Has(20, 5) && view.U8(20) == 0x2f) {
    const uint32_t bits = view.U32(21);
    SetSize(header, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, source);
  } else if (view.Is(12, "VP8 ") && view.Has(20, 10) && view.Is(23, "\x9d\x01\x2a")) {
    SetSize(header, view.U16(26) & 0x3fff, view.U16(28) & 0x3fff, source);
  } else {
    ThrowCut(source, "WebP");
  }
  return header;
}

PictureHeader ParseBmp(std::span<const uint8_t> bytes, const std::string& source) {
  const ByteView view(bytes, /*big_endian=*/false);
  if (!view.Has(14, 12)) ThrowCut(source, "BMP");
  PictureHeader header;
  header.format = "bmp";
  if (view.U32(14) == 12) {  // OS/2 1.x: sides of 16 bits
    SetSize(header, view.U16(18), view.U16(20), source);
    return header;
  }
  // The height is negative where rows are stored from the top.
  const int64_t height = static_cast<int32_t>(view.U32(22));
  SetSize(header, static_cast<int32_t>(view.U32(18)), height < 0 ? -height : height, source);
  return header;
}

PictureHeader ParseTiff(std::span<const uint8_t> bytes, const std::string& source) {
  const TiffFields fields = ReadTiffFields(bytes);
  if (!fields.valid) ThrowCut(source, "TIFF");
  PictureHeader header;
  header.format = "tiff";
  header.orientation = fields.orientation;
  SetSize(header, fields.width, fields.height, source);
  return header;
}

// Netpbm: numbers in text, with comments from '#' to the end of the line.
PictureHeader ParsePnm(std::span<const uint8_t> bytes, const std::string& source) {
  PictureHeader header;
  header.format = "pnm";
  size_t at = 2;
  int64_t sides[2] = {0, 0};
  for (int64_t& side : sides) {
    while (at < bytes.size() && (std::isspace(bytes[at]) || bytes[at] == '#')) {
      if (bytes[at] == '#') {
        while (at < bytes.size() && bytes[at] != '\n') ++at;
      } else {
        ++at;
      }
    }
    if (at >= bytes.size() || !std::isdigit(bytes[at])) ThrowCut(source, "PNM");
    while (at < bytes.size() && std::isdigit(bytes[at])) {
      side = std::min<int64_t>(side * 10 + (bytes[at++] - '0'), kGreatestSide + 1);
    }
  }
  SetSize(header, sides[0], sides[1], source);
  return header;
}

// Kinds that people do have, so that the message can say more than "not a picture".
const char* KnownButUnsupported(const ByteView& view) {
  if (view.Is(0, "GIF8")) return "GIF";
  if (view.Is(4, "ftypavif") || view.Is(4, "ftypavis")) return "AVIF";
  if (view.Is(4, "ftyphei") || view.Is(4, "ftyphev") || view.Is(4, "ftypmif1") || view.Is(4, "ftypmsf1")) return "HEIC";
  if (view.Is(4, "ftyp")) return "MP4 or QuickTime video";
  if (view.Is(0, "RIFF") && view.Is(8, "AVI ")) return "AVI video";
  if (view.Is(0, "\x1a\x45\xdf\xa3")) return "Matroska video";
  if (view.Is(0, {"\0\0\0\x0cjP  ", 8}) || view.Is(0, "\xff\x4f\xff\x51")) return "JPEG 2000";
  if (view.Is(0, {"\0\0\0\x0cJXL ", 8}) || view.Is(0, "\xff\x0a")) return "JPEG XL";
  if (view.Is(0, {"II\x2b\0", 4}) || view.Is(0, {"MM\0\x2b", 4})) return "BigTIFF";
  if (view.Is(0, "%PDF")) return "PDF";
  if (view.Is(0, "8BPS")) return "Photoshop document";
  if (view.Is(0, {"\0\0\1\0", 4})) return "Windows icon";
  if (view.Is(0, "v/1\x01")) return "OpenEXR";
  if (view.Is(0, "#?RADIANCE")) return "Radiance HDR";
  if (view.Is(0, "P7") || view.Is(0, "PF\n") || view.Is(0, "Pf\n")) return "PAM or PFM";
  return nullptr;
}

bool LooksLikeText(std::span<const uint8_t> bytes) {
  const auto head = bytes.first(std::min<size_t>(bytes.size(), 512));
  return std::all_of(head.begin(), head.end(),
                     [](uint8_t c) { return c >= 0x80 || std::isprint(c) || std::isspace(c); });
}

bool IsPnm(const ByteView& view) {
  return view.U8(0) == 'P' && view.U8(1) >= '1' && view.U8(1) <= '6' &&
         (std::isspace(static_cast<int>(view.U8(2))) || view.U8(2) == '#');
}

}  // namespace

PictureHeader ParsePictureHeader(std::span<const uint8_t> bytes, const std::string& source) {
  if (bytes.empty()) throw Error(ErrorKind::kBadImage, source + ": the file is empty");
  const ByteView view(bytes);
  if (view.Is(0, "\xff\xd8\xff")) return ParseJpegHeader(bytes, source);
  if (view.Is(0, "\x89PNG\r\n\x1a\n")) return ParsePng(bytes, source);
  if (view.Is(0, "RIFF") && view.Is(8, "WEBP")) return ParseWebp(bytes, source);
  if (view.Is(0, {"II\x2a\0", 4}) || view.Is(0, {"MM\0\x2a", 4})) return ParseTiff(bytes, source);
  if (IsPnm(view)) return ParsePnm(bytes, source);
  if (const char* kind = KnownButUnsupported(view)) {
    throw Error(ErrorKind::kUnsupported,
                source + ": found a " + kind + "; wanted JPEG, PNG, WebP, BMP, TIFF or PNM (convert it first)");
  }
  if (view.Is(0, "BM") && !LooksLikeText(bytes)) return ParseBmp(bytes, source);
  throw Error(ErrorKind::kBadImage, source + ": not a picture" + (LooksLikeText(bytes) ? " (it looks like text)" : "") +
                                        "; wanted JPEG, PNG, WebP, BMP, TIFF or PNM");
}

}  // namespace maskscope
