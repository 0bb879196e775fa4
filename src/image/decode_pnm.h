#ifndef MASKSCOPE_IMAGE_DECODE_PNM_H_
#define MASKSCOPE_IMAGE_DECODE_PNM_H_

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"
#include "image/image.h"

namespace maskscope {

// Decodes Netpbm's P1 to P6: bits, grey and colour, as text or binary, of 8 or 16 bits a value; the file's greatest
// value becomes 255. Errors: kBadImage (also when data are missing).
Image DecodePnm(std::span<const uint8_t> bytes, const PictureHeader& header, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DECODE_PNM_H_
