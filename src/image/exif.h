#ifndef MASKSCOPE_IMAGE_EXIF_H_
#define MASKSCOPE_IMAGE_EXIF_H_

#include <cstdint>
#include <span>

#include "image/image.h"

namespace maskscope {

// The first directory of a TIFF structure: a TIFF file, or the inside of an EXIF block (EXIF 2.32, section 4.5).
struct TiffFields {
  bool valid = false;  // the structure could be read
  uint32_t width = 0, height = 0;
  int orientation = 1;   // 1..8; anything else in the file counts as 1
  int photometric = -1;  // -1: absent
};
TiffFields ReadTiffFields(std::span<const uint8_t> bytes);

// Orientation of an EXIF block, with or without its leading "Exif\0\0"; 1 where it says nothing of use.
int ExifOrientation(std::span<const uint8_t> block);

// True for the orientations that exchange width and height.
inline bool SwapsSides(int orientation) { return orientation >= 5; }

// Turns a picture as stored into the upright one (EXIF 2.32, tag 0x0112).
Image ApplyOrientation(Image stored, int orientation);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_EXIF_H_
