#ifndef MASKSCOPE_IMAGE_DECODE_OTHER_H_
#define MASKSCOPE_IMAGE_DECODE_OTHER_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes everything but JPEG, not rotated; transparent pixels over white. Errors: kBadImage, kUnsupported, kResource.
Image DecodeOther(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_OTHER_H_
