#ifndef MASKSCOPE_DATA_FORMATS_YOLO_YAML_H_
#define MASKSCOPE_DATA_FORMATS_YOLO_YAML_H_

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/formats/import_context.h"

namespace maskscope {

// A data.yaml: names (a list, or a map from number to name) and what is train, val and test.
struct YoloYaml {
  std::filesystem::path file;  // empty: none
  std::vector<std::string> names;
  std::vector<std::pair<DatasetSplit, std::string>> parts;  // a folder or a .txt list each
};
// data.yaml (or the only .yaml) of a folder, or the file itself. Errors: kBadData saying what is wanted.
std::filesystem::path FindYoloYaml(const std::filesystem::path& source);
// Errors: kBadData naming file and line.
YoloYaml ReadYoloYaml(const std::filesystem::path& file);
// Paths below the set's folder -> split: pictures, or folders ending in '/'. Paths that leave the folder are reported.
std::map<std::string, DatasetSplit> YoloSplits(const YoloYaml& yaml, const std::filesystem::path& folder,
                                               ImportContext& context);
// Edges x1, y1, x2, y2 in pixels of centre and sides in shares. Rounded decimals may put an edge a hair outside, and a
// box may reach over the frame: clamped.
std::array<double, 4> YoloEdges(const std::array<double, 4>& shares, int width, int height);
// Reads labels/ for images/ (and the folders below), whatever lies around them.
void ReadYoloSections(const std::filesystem::path& images, const std::filesystem::path& labels,
                      const std::vector<std::string>& names, ImportContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_YOLO_YAML_H_
