#include <algorithm>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "data/formats/collection.h"
#include "data/labels.h"
#include "image/decode.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxLabelBytes = int64_t{16} << 20;
constexpr int64_t kMaxPictureBytes = int64_t{256} << 20;

std::vector<std::string> SplitFields(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> fields;
  for (std::string field; stream >> field;) fields.push_back(field);
  return fields;
}

// "class cx cy w h", the last four in shares of the picture's sides.
LabelledFace ReadLine(const std::vector<std::string>& fields, const std::vector<std::string>& names,
                      const ClassMap& classes, const fs::path& file, const std::string& where,
                      const LabelledImage& image) {
  if (fields.size() != 5) {
    FailLabel(
        file, where,
        "found " + std::to_string(fields.size()) + " fields, wanted 5 (class, centre x, centre y, width, height)");
  }
  const double index = ParseLabelNumber(fields[0], file, where + ", class");
  if (index < 0 || index >= static_cast<double>(names.size()) || index != static_cast<int>(index)) {
    FailLabel(file, where, "found class " + fields[0] + ", wanted 0 to " + std::to_string(names.size() - 1));
  }
  static constexpr const char* kNames[] = {"centre x", "centre y", "width", "height"};
  double value[4];
  for (size_t i = 0; i < 4; ++i) {
    value[i] = ParseLabelNumber(fields[i + 1], file, where + ", " + kNames[i]);
    if (value[i] < 0 || value[i] > 1 || (i >= 2 && value[i] == 0)) {
      FailLabel(file, where,
                std::string("found ") + kNames[i] + " " + fields[i + 1] + ", wanted a share " +
                    (i >= 2 ? "above 0, at most 1" : "from 0 to 1"));
    }
  }
  const LabelClass label =
      FindLabelClass(names[static_cast<size_t>(index)], classes, file, where + ", class " + fields[0]);
  LabelledFace face;
  // Rounded decimals may put an edge a hair outside; a box may also reach over the frame.
  const auto edge = [](double share, int side) { return static_cast<float>(std::clamp(share, 0.0, 1.0) * side); };
  face.box = {edge(value[0] - value[2] / 2, image.width), edge(value[1] - value[3] / 2, image.height),
              edge(value[0] + value[2] / 2, image.width), edge(value[1] + value[3] / 2, image.height)};
  face.state = label.state;
  face.ignore = label.ignore;
  return face;
}

void ReadLabels(const fs::path& file, const std::vector<std::string>& names, const ClassMap& classes,
                LabelledImage& image) {
  std::istringstream text(ReadFileText(file, kMaxLabelBytes));
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    const std::vector<std::string> fields = SplitFields(line);
    if (fields.empty()) continue;
    image.faces.push_back(ReadLine(fields, names, classes, file, "line " + std::to_string(number), image));
  }
}

}  // namespace

std::vector<LabelledImage> ReadYolo(const fs::path& labels, const fs::path& images,
                                    const std::vector<std::string>& names, const ClassMap& classes) {
  if (names.empty())
    throw Error(ErrorKind::kBadData, "'" + labels.string() + "': found no class names, wanted at least one");
  std::map<std::string, fs::path> label_of;  // stem -> file
  for (const fs::path& file : ListFiles(labels, ".txt", false)) label_of[file.stem().string()] = file;
  std::vector<LabelledImage> read;
  std::map<std::string, fs::path> picture_of;
  for (const fs::path& path : ListPictures(images)) {
    const std::string stem = path.stem().string();
    if (const auto [other, fresh] = picture_of.emplace(stem, path); !fresh) {
      FailLabel(path, "name", "'" + other->second.filename().string() + "' shares its label file");
    }
    LabelledImage image;
    image.path = path;
    image.name = (images.filename() / path.filename()).string();
    image.group = image.name;
    const ImageInfo info = ReadImageInfo(ReadFileBytes(path, kMaxPictureBytes), path.string());
    image.width = info.width;
    image.height = info.height;
    if (const auto found = label_of.find(stem); found != label_of.end()) {
      ReadLabels(found->second, names, classes, image);
      label_of.erase(found);
    }
    read.push_back(std::move(image));
  }
  if (!label_of.empty()) {
    throw Error(ErrorKind::kBadData,
                "label file '" + label_of.begin()->second.string() + "' has no picture in '" + images.string() + "'");
  }
  if (read.empty()) throw Error(ErrorKind::kBadData, "folder '" + images.string() + "' holds no picture");
  return read;
}

}  // namespace maskscope
