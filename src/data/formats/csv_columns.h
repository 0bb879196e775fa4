#ifndef MASKSCOPE_DATA_FORMATS_CSV_COLUMNS_H_
#define MASKSCOPE_DATA_FORMATS_CSV_COLUMNS_H_

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "data/labels.h"

namespace maskscope {

inline constexpr std::array<std::string_view, 4> kCsvBox{"x1", "y1", "x2", "y2"};
inline constexpr std::array<std::string_view, 10> kCsvLandmarks{
    "left_eye_x", "left_eye_y",   "right_eye_x",  "right_eye_y",   "nose_x",
    "nose_y",     "left_mouth_x", "left_mouth_y", "right_mouth_x", "right_mouth_y"};
inline constexpr std::string_view kCsvPicture = "picture.";  // begins the columns that speak of the picture

inline bool IsCsvColumn(std::string_view name) {
  constexpr std::array<std::string_view, 8> kOthers{"path",  "label",  "width", "height",
                                                    "split", "ignore", "score", "state"};
  const auto has = [name](const auto& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
  return has(kCsvBox) || has(kCsvLandmarks) || has(kOthers);
}

inline std::filesystem::path FindOnlyCsv(const std::filesystem::path& folder) {
  const auto files = ListFiles(folder, ".csv", false);
  if (files.size() == 1) return files[0];
  throw Error(ErrorKind::kBadData,
              "folder '" + folder.string() + "' holds " + std::to_string(files.size()) + " .csv files, wanted one");
}

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_CSV_COLUMNS_H_
