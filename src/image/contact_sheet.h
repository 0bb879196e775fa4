#ifndef MASKSCOPE_IMAGE_CONTACT_SHEET_H_
#define MASKSCOPE_IMAGE_CONTACT_SHEET_H_

#include <string>
#include <vector>

#include "image/image.h"

namespace maskscope {

struct SheetTile {
  Image image;                     // any size; shown whole, scaled to fit
  std::vector<std::string> lines;  // below it; ASCII, cut to the tile's width
};
// Tiles in rows from the upper left, on white. Errors: kUsage (columns or tile_side not positive, no tiles).
Image MakeContactSheet(const std::vector<SheetTile>& tiles, int columns, int tile_side = 220);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_CONTACT_SHEET_H_
