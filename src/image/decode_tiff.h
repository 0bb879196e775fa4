#ifndef MASKSCOPE_IMAGE_DECODE_TIFF_H_
#define MASKSCOPE_IMAGE_DECODE_TIFF_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes the first picture of a TIFF (whole numbers of 1 to 16 bits: grey, palette, RGB, CMYK, YCbCr, Lab; strips or
// tiles), as stored, transparent pixels over white. What libtiff may allocate and decode is bounded by the sides in the
// header. Errors: kBadImage (also when data are missing), kUnsupported, kResource.
Image DecodeTiff(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_TIFF_H_
