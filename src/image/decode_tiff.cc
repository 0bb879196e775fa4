#include "image/decode_tiff.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "image/over_white.h"
#include "image/tiff_file.h"

namespace maskscope {
namespace {

[[noreturn]] void ThrowBroken(const TiffFile& file, const std::string& source) {
  const std::string why = file.message();
  throw Error(ErrorKind::kBadImage, source + ": a broken or truncated TIFF" + (why.empty() ? "" : " (" + why + ")"));
}

// Compressions whose decoders need no more memory than strips and tiles have. LZMA, JBIG and LERC read from the data
// how much to allocate, and are hardly used for photos.
void CheckCompression(const TiffFile& file, const std::string& source) {
  constexpr std::array kKnown = {COMPRESSION_NONE,      COMPRESSION_CCITTRLE,  COMPRESSION_CCITTFAX3,
                                 COMPRESSION_CCITTFAX4, COMPRESSION_CCITTRLEW, COMPRESSION_LZW,
                                 COMPRESSION_OJPEG,     COMPRESSION_JPEG,      COMPRESSION_ADOBE_DEFLATE,
                                 COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS,  COMPRESSION_ZSTD,
                                 COMPRESSION_WEBP};
  const uint16_t found = file.Short(TIFFTAG_COMPRESSION);
  if (std::find(kKnown.begin(), kKnown.end(), found) != kKnown.end()) return;
  throw Error(ErrorKind::kUnsupported, source + ": a TIFF with compression " + std::to_string(found) +
                                           "; wanted none, LZW, Deflate, PackBits, JPEG, fax, ZSTD or WebP "
                                           "(convert it first)");
}

// The sides were checked against the limits; what is decoded must be in proportion to them.
void CheckProportions(const TiffFile& file, const PictureHeader& header, const std::string& source) {
  const uint32_t width = file.Long(TIFFTAG_IMAGEWIDTH), height = file.Long(TIFFTAG_IMAGELENGTH);
  if (width != static_cast<uint32_t>(header.width) || height != static_cast<uint32_t>(header.height)) {
    throw Error(ErrorKind::kBadImage, source + ": a broken TIFF (its directory gives its sides twice)");
  }
  // 16 bytes a pixel: four channels of 16 bits, twice over. The rest is for small pictures in large tiles.
  constexpr uint64_t kBytesAPixel = 16, kSmall = uint64_t{64} << 20;
  if (file.DecodedBytes() > kSmall + kBytesAPixel * width * height) {
    throw Error(ErrorKind::kBadImage, source + ": a broken TIFF (" + std::to_string(width) + " x " +
                                          std::to_string(height) + " pixels in " + std::to_string(file.DecodedBytes()) +
                                          " bytes of strips or tiles)");
  }
}

// All pixels as libtiff's 32-bit numbers, red lowest, alpha highest; rows as stored.
std::vector<uint32_t> ReadPixels(const TiffFile& file, const PictureHeader& header, const std::string& source) {
  std::vector<uint32_t> pixels;
  char problem[1024] = "";
  TIFFRGBAImage reader;
  if (TIFFRGBAImageOK(file.get(), problem) == 0 || TIFFRGBAImageBegin(&reader, file.get(), 1, problem) == 0) {
    throw Error(ErrorKind::kUnsupported, source + ": a TIFF that cannot be read (" + problem +
                                             "); wanted grey, palette or colour of 1 to 16 bits (convert it first)");
  }
  struct Owner {
    TIFFRGBAImage* reader;
    ~Owner() { TIFFRGBAImageEnd(reader); }
  } const owner{&reader};
  // Turning is not libtiff's work: it would mirror, and leave out the turns by 90 degrees.
  reader.orientation = reader.req_orientation = ORIENTATION_TOPLEFT;
  pixels.resize(static_cast<size_t>(header.width) * static_cast<size_t>(header.height));
  if (TIFFRGBAImageGet(&reader, pixels.data(), reader.width, reader.height) == 0) ThrowBroken(file, source);
  return pixels;
}

// True when the colours have been multiplied by alpha: in the file, or by libtiff, which does so except to grey.
bool IsPremultiplied(const TiffFile& file) {
  const uint16_t extra = file.FirstExtraSample(), photometric = file.Short(TIFFTAG_PHOTOMETRIC);
  const bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  return extra == EXTRASAMPLE_ASSOCALPHA || (extra == EXTRASAMPLE_UNASSALPHA && !grey);
}

}  // namespace

Image DecodeTiff(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source) {
  const int64_t count = int64_t{header.width} * header.height;
  if (count > int64_t{1} << 30) throw Error(ErrorKind::kTooLarge, source + ": a TIFF of more than 2^30 pixels");
  const TiffFile file(bytes, (int64_t{64} << 20) + 16 * count);
  if (file.get() == nullptr) ThrowBroken(file, source);
  CheckCompression(file, source);
  CheckProportions(file, header, source);
  const std::vector<uint32_t> pixels = ReadPixels(file, header, source);
  Image image(header.width, header.height);
  const bool premultiplied = IsPremultiplied(file);
  uint8_t* to = image.pixels.data();
  for (const uint32_t pixel : pixels) {
    const uint8_t rgba[4] = {static_cast<uint8_t>(TIFFGetR(pixel)), static_cast<uint8_t>(TIFFGetG(pixel)),
                             static_cast<uint8_t>(TIFFGetB(pixel)), static_cast<uint8_t>(TIFFGetA(pixel))};
    if (premultiplied) {
      for (size_t c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>(std::min(255, rgba[c] + 255 - rgba[3]));
    } else {
      OverWhite(rgba, 1, to);
    }
    to += 3;
  }
  return image;
}

}  // namespace maskscope
