#ifndef MASKSCOPE_IMAGE_DECODE_BMP_H_
#define MASKSCOPE_IMAGE_DECODE_BMP_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes a Windows or OS/2 1.x bitmap: 1, 4 and 8 bits with a palette (plain or run-length coded), 16, 24 and 32 bits;
// rows from the bottom or from the top; transparent pixels over white where the header has a mask for them. Errors:
// kBadImage (also when data are missing), kUnsupported.
Image DecodeBmp(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_BMP_H_
