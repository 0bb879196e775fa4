#ifndef MASKSCOPE_DATA_DUPLICATES_CONTACT_SHEET_H_
#define MASKSCOPE_DATA_DUPLICATES_CONTACT_SHEET_H_

#include <filesystem>
#include <string>
#include <vector>

#include "data/duplicates/find_duplicates.h"
#include "image/image.h"

namespace maskscope {

struct SheetTile {
  Image image;                     // any size; shown whole, scaled to fit
  std::vector<std::string> lines;  // below it; ASCII, cut to the tile's width
};
// Tiles in rows from the upper left, on white. Errors: kUsage (columns or tile_side not positive, no tiles).
Image MakeContactSheet(const std::vector<SheetTile>& tiles, int columns, int tile_side = 220);

// One PNG a cluster, "cluster-0001.png" ..., the pictures with set, name, split and how the first pair that holds each
// was found. Clusters of more than 60 pictures show the first 60 and say so. Returns the files. Errors: kOutput.
std::vector<std::filesystem::path> WriteClusterSheets(const Dataset& dataset, const DuplicateReport& report,
                                                      const std::filesystem::path& folder);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_CONTACT_SHEET_H_
