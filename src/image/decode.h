#ifndef MASKSCOPE_IMAGE_DECODE_H_
#define MASKSCOPE_IMAGE_DECODE_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "image/image.h"

namespace maskscope {

struct DecodeOptions {
  int64_t max_file_bytes = int64_t{256} << 20;
  int64_t max_pixels = int64_t{100} << 20;  // checked in the header, before decoding
  // A JPEG is decoded at 1/2, 1/4 or 1/8 when its longest side stays >= this many pixels; 0 = full size.
  int reduce_to_longest_side = 0;
  void Validate() const;
};

struct DecodedImage {
  Image image;         // upright: EXIF orientation applied, possibly reduced
  int full_width = 0;  // of the upright picture at full size, pixels: the frame in which results are given
  int full_height = 0;
  int reduction =
      1;  // full size / decoded size (1, 2, 4 or 8); other factors where rounding asks: use full_width / image.width
};

struct ImageInfo {
  std::string format;         // "jpeg", "png", "webp", "bmp", "gif", "tiff" ...
  int width = 0, height = 0;  // upright
  int orientation = 1;        // EXIF, 1..8
};

// Reads only the header. `source` names the picture in errors. Errors: kBadImage, kUnsupported, kTooLarge.
ImageInfo ReadImageInfo(std::span<const uint8_t> bytes, const std::string& source);

// Decodes JPEG (grey, CMYK too), PNG (grey, palette, 16 bit, alpha over white), WebP, BMP, TIFF, PNM to RGB. A
// truncated JPEG is an error, not half a picture. Errors: kBadImage, kUnsupported, kTooLarge, kResource.
DecodedImage DecodeImage(std::span<const uint8_t> bytes, const std::string& source, const DecodeOptions& options = {});

// The same from a file. Errors, further: kNotFound, kUnreadable.
DecodedImage ReadImage(const std::filesystem::path& path, const DecodeOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_H_
