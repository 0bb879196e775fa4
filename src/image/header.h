#ifndef MASKSCOPE_IMAGE_HEADER_H_
#define MASKSCOPE_IMAGE_HEADER_H_

#include <cstdint>
#include <span>
#include <string>

namespace maskscope {

// What the first bytes of a picture say, read by our own small parsers: limits are checked on it before a decoder may
// allocate anything.
struct PictureHeader {
  std::string format;         // "jpeg", "png", "webp", "bmp", "tiff", "pnm"
  int width = 0, height = 0;  // as stored, before rotation
  int orientation = 1;        // EXIF, 1..8
  // JPEG only.
  int components = 0;
  bool adobe = false;  // an Adobe marker: CMYK is stored inverted
};

// By content, never by the file's ending. Errors: kBadImage (empty, not a picture, header cut off), kUnsupported (a
// kind of picture that maskscope does not read, named), kTooLarge (sides beyond 2^30).
PictureHeader ParsePictureHeader(std::span<const uint8_t> bytes, const std::string& source);

// The same for bytes known to begin as a JPEG.
PictureHeader ParseJpegHeader(std::span<const uint8_t> bytes, const std::string& source);

// True when the JPEG's scans reach an end-of-image marker.
bool JpegReachesEnd(std::span<const uint8_t> bytes);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_HEADER_H_
