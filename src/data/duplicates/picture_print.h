#ifndef MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_
#define MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_

#include <array>
#include <cstdint>
#include <vector>

#include "data/duplicates/affine.h"
#include "image/image.h"

// What is remembered of a picture to find its likes: a small grey copy, and hashes of it and of its parts.
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

// 256 bits that say, for a grid of 12 x 12 fields, whether brightness grows to the right (132 pairs) and downwards (132
// pairs), without the eight pairs that touch a corner: the difference hash (dHash, Krawetz 2013) in both directions.
// Growth by less than one grey level counts as none, so that noise on plain areas does not matter.
using PrintHash = std::array<uint64_t, 4>;
inline int HashDistance(const PrintHash& a, const PrintHash& b) {
  return __builtin_popcountll(a[0] ^ b[0]) + __builtin_popcountll(a[1] ^ b[1]) + __builtin_popcountll(a[2] ^ b[2]) +
         __builtin_popcountll(a[3] ^ b[3]);
}

// A way to look at a picture: the unit square of the view laid on the unit square of the picture.
struct PrintView {
  Affine map;
  bool whole = false;  // all of the picture, perhaps turned or mirrored
  PrintHash hash{};
};

struct ViewOptions {
  bool parts = true;      // also 55 or more overlapping parts, so that shifted crops are found
  bool rotations = true;  // the centre at angles between quarter turns as well
};
// What a picture is found by: the whole in its eight poses, and its parts upright.
std::vector<PrintView> IndexedViews(const PicturePrint& print, const ViewOptions& options);
// What it looks for: the whole upright, its parts upright and mirrored, and its centre turned by every 10 degrees.
// Parts that show next to nothing are left out of both.
std::vector<PrintView> QueryViews(const PicturePrint& print, const ViewOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_PICTURE_PRINT_H_
