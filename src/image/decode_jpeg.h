#ifndef MASKSCOPE_IMAGE_DECODE_JPEG_H_
#define MASKSCOPE_IMAGE_DECODE_JPEG_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes at 1/`reduction` (1, 2, 4 or 8; sides rounded up), not rotated. Errors: kBadImage (also when data are
// missing), kResource.
Image DecodeJpeg(std::span<const uint8_t> bytes, const PictureHeader& header, int reduction, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_JPEG_H_
