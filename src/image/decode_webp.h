#ifndef MASKSCOPE_IMAGE_DECODE_WEBP_H_
#define MASKSCOPE_IMAGE_DECODE_WEBP_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes a still WebP, transparent pixels over white, not rotated. Errors: kBadImage (also when data are missing).
Image DecodeWebp(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_WEBP_H_
