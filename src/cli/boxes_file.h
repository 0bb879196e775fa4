#ifndef MASKSCOPE_CLI_BOXES_FILE_H_
#define MASKSCOPE_CLI_BOXES_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"

namespace maskscope {

// The boxes given for one picture.
struct PictureBoxes {
  std::filesystem::path path;
  std::vector<Box> boxes;  // pixels of the upright picture, in the order of the file
};

// A table of boxes: path,x1,y1,x2,y2. A first line that names the columns may put them in any order among others
// ("source" and "image" stand for "path"), so that the CSV of `maskscope detect` can be given back; its rows without a
// face are left out. Pictures come in the order in which they first appear. `source` names the table in errors. Errors:
// kBadData naming every bad row by line (the first ten).
std::vector<PictureBoxes> ParseBoxes(std::string_view text, const std::string& source);

}  // namespace maskscope

#endif  // MASKSCOPE_CLI_BOXES_FILE_H_
