#ifndef MASKSCOPE_EVALUATE_REPORT_PICTURE_TILE_H_
#define MASKSCOPE_EVALUATE_REPORT_PICTURE_TILE_H_

#include <vector>

#include "image/draw.h"
#include "image/image.h"

namespace maskscope {

// Blue: found; yellow: labelled; pink and dashed: almost found.
inline constexpr Color kLabelColor{240, 228, 66}, kFoundColor{86, 180, 233}, kAlmostColor{204, 121, 167};

struct MarkedBox {
  Box box;  // pixels of the picture
  Color color;
  LineStyle line = LineStyle::kSolid;
};

// The whole picture, `height` pixels high at most, with the boxes drawn; without any, just smaller.
Image SmallPicture(const Image& image, const std::vector<MarkedBox>& marks, int height);
// The surroundings of `focus`, large, beside it.
Image PictureTile(const Image& image, const Box& focus, const std::vector<MarkedBox>& marks, int height);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_PICTURE_TILE_H_
