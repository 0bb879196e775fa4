#ifndef MASKSCOPE_IMAGE_DECODE_OTHER_H_
#define MASKSCOPE_IMAGE_DECODE_OTHER_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// True when DecodeOther already returns the upright picture: OpenCV turns TIFF files itself.
inline bool IsDecodedUpright(const PictureHeader& header) { return header.format == "tiff"; }

// Decodes BMP, TIFF and PNM, as stored; transparent pixels over white. Errors: kBadImage, kUnsupported, kResource.
Image DecodeOther(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_OTHER_H_
