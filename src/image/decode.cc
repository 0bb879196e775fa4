#include "image/decode.h"

#include <algorithm>
#include <new>
#include <stdexcept>

#include "base/error.h"
#include "base/files.h"
#include "image/decode_bmp.h"
#include "image/decode_jpeg.h"
#include "image/decode_png.h"
#include "image/decode_pnm.h"
#include "image/decode_tiff.h"
#include "image/decode_webp.h"
#include "image/exif.h"
#include "image/header.h"

namespace maskscope {
namespace {

void CheckPixels(const PictureHeader& header, const DecodeOptions& options, const std::string& source) {
  const int64_t pixels = int64_t{header.width} * header.height;
  if (pixels <= options.max_pixels) return;
  throw Error(ErrorKind::kTooLarge, source + ": " + std::to_string(header.width) + " x " +
                                        std::to_string(header.height) + " pixels, more than the limit of " +
                                        std::to_string(options.max_pixels) + " pixels in all");
}

// The greatest of 1, 2, 4, 8 that leaves the longest side at least `wanted`.
int ChooseReduction(const PictureHeader& header, int wanted) {
  if (header.format != "jpeg" || wanted <= 0) return 1;
  const int64_t longest = std::max(header.width, header.height);
  int reduction = 1;
  while (reduction < 8 && (longest + 2 * reduction - 1) / (2 * reduction) >= wanted) reduction *= 2;
  return reduction;
}

Image DecodeStored(std::span<const uint8_t> bytes, const PictureHeader& header, int reduction,
                   const std::string& source) {
  if (header.format == "jpeg") return DecodeJpeg(bytes, header, reduction, source);
  if (header.format == "png") return DecodePng(bytes, header, source);
  if (header.format == "webp") return DecodeWebp(bytes, header, source);
  if (header.format == "bmp") return DecodeBmp(bytes, header, source);
  if (header.format == "tiff") return DecodeTiff(bytes, header, source);
  if (header.format == "pnm") return DecodePnm(bytes, header, source);
  throw Error(ErrorKind::kInternal, source + ": no decoder for '" + header.format + "'");
}

}  // namespace

void DecodeOptions::Validate() const {
  Problems problems;
  problems.Require(max_file_bytes > 0, "max_file_bytes", std::to_string(max_file_bytes), "more than 0");
  problems.Require(max_pixels > 0, "max_pixels", std::to_string(max_pixels), "more than 0");
  problems.Require(reduce_to_longest_side >= 0, "reduce_to_longest_side", std::to_string(reduce_to_longest_side),
                   "0 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "decode options");
}

ImageInfo ReadImageInfo(std::span<const uint8_t> bytes, const std::string& source) {
  const PictureHeader header = ParsePictureHeader(bytes, source);
  ImageInfo info{header.format, header.width, header.height, header.orientation};
  if (SwapsSides(header.orientation)) std::swap(info.width, info.height);
  return info;
}

DecodedImage DecodeImage(std::span<const uint8_t> bytes, const std::string& source, const DecodeOptions& options) {
  const PictureHeader header = ParsePictureHeader(bytes, source);
  CheckPixels(header, options, source);
  DecodedImage decoded;
  decoded.full_width = header.width;
  decoded.full_height = header.height;
  if (SwapsSides(header.orientation)) std::swap(decoded.full_width, decoded.full_height);
  decoded.reduction = ChooseReduction(header, options.reduce_to_longest_side);
  try {
    decoded.image = ApplyOrientation(DecodeStored(bytes, header, decoded.reduction, source), header.orientation);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kResource, source + ": no memory to decode " + std::to_string(header.width) + " x " +
                                          std::to_string(header.height) + " pixels");
  }
  return decoded;
}

DecodedImage ReadImage(const std::filesystem::path& path, const DecodeOptions& options) {
  return DecodeImage(ReadFileBytes(path, options.max_file_bytes), path.string(), options);
}

}  // namespace maskscope
