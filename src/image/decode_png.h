#ifndef MASKSCOPE_IMAGE_DECODE_PNG_H_
#define MASKSCOPE_IMAGE_DECODE_PNG_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes any PNG to 8 bits, transparent pixels over white, not rotated. Errors: kBadImage (also when data are
// missing), kResource.
Image DecodePng(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_PNG_H_
