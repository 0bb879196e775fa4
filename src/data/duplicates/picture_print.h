#ifndef MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_
#define MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_

#include <array>
#include <cstdint>

#include "image/image.h"

// What is remembered of a picture to find its likes: a small grey copy.
namespace maskscope {

inline constexpr int kPrintSide = 64;  // pixels

// The part of a picture inside uniform borders (the bars of a letterbox, a frame, a plain backdrop), in pixels. The
// whole picture where less than 30 % of a side would be left.
Box FindContent(const Image& image);

struct PicturePrint {
  int width = 0, height = 0;                            // of the picture, pixels
  Box content;                                          // in those pixels: what FindContent found
  std::array<uint8_t, kPrintSide * kPrintSide> grey{};  // the content, squashed to a square
};
// `image` may be a reduced copy of a picture of full_width x full_height pixels.
PicturePrint MakePicturePrint(const Image& image, int full_width, int full_height);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_
