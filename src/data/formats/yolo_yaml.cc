#include "data/formats/yolo_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/error.h"
#include "data/labels.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// Names by their number: 0, 1, ... without a gap, none twice.
std::vector<std::string> Names(const YAML::Node& list, const fs::path& file) {
  if (!list || !(list.IsSequence() || list.IsMap()) || list.size() == 0) {
    FailLabel(file, "names", "wanted a list of class names");
  }
  std::vector<std::string> names(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const YAML::Node name = list[i];
    if (!name)
      FailLabel(file, "names",
                "number " + std::to_string(i) + " is missing, wanted 0 to " + std::to_string(list.size() - 1));
    names[i] = name.as<std::string>();
    for (size_t k = 0; k < i; ++k) {
      if (names[k] == names[i]) FailLabel(file, "names", "'" + names[i] + "' stands there twice");
    }
  }
  return names;
}

}  // namespace

std::array<double, 4> YoloEdges(const std::array<double, 4>& shares, int width, int height) {
  const auto edge = [](double share, int side) { return std::clamp(share, 0.0, 1.0) * side; };
  return {edge(shares[0] - shares[2] / 2, width), edge(shares[1] - shares[3] / 2, height),
          edge(shares[0] + shares[2] / 2, width), edge(shares[1] + shares[3] / 2, height)};
}

fs::path FindYoloYaml(const fs::path& source) {
  if (fs::is_regular_file(source)) return source;
  for (const char* name : {"data.yaml", "data.yml", "dataset.yaml"}) {
    if (fs::is_regular_file(source / name)) return source / name;
  }
  const std::vector<fs::path> files = ListFiles(source, ".yaml", false);
  if (files.size() == 1) return files[0];
  throw Error(ErrorKind::kBadData, "'" + source.string() +
                                       "' has no data.yaml that names the classes; give one, or their names in the "
                                       "order of their numbers (--names)");
}

YoloYaml ReadYoloYaml(const fs::path& file) {
  YoloYaml yaml;
  yaml.file = file;
  const std::string text = ReadAnnotationText(file, 1 << 20);
  try {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) FailLabel(file, "line 1", "wanted names: and train:, val:, test:");
    yaml.names = Names(root["names"], file);
    if (root["nc"] && root["nc"].as<size_t>() != yaml.names.size()) {
      FailLabel(file, "nc",
                "found " + root["nc"].as<std::string>() + ", but " + std::to_string(yaml.names.size()) + " names");
    }
    for (const char* key : {"train", "val", "test"}) {
      const YAML::Node part = root[key];
      if (!part || part.IsNull()) continue;
      const DatasetSplit split = *SplitOfWord(key);
      if (part.IsSequence()) {
        for (const YAML::Node& one : part) yaml.parts.emplace_back(split, one.as<std::string>());
      } else {
        yaml.parts.emplace_back(split, part.as<std::string>());
      }
    }
  } catch (const YAML::Exception& error) {
    FailLabel(file, "line " + std::to_string(error.mark.line + 1), error.msg);
  }
  return yaml;
}

std::map<std::string, DatasetSplit> YoloSplits(const YoloYaml& yaml, const fs::path& folder, ImportContext& context) {
  std::map<std::string, DatasetSplit> split_of;
  for (const auto& [split, name] : yaml.parts) {
    // Roboflow writes ../train/images for what lies at train/images.
    std::optional<std::string> path = SafeRelativePath(name.ends_with("/") ? name.substr(0, name.size() - 1) : name);
    if (!path && name.starts_with("../")) {
      path = SafeRelativePath(name.substr(3));
      if (path && !fs::exists(folder / *path)) path.reset();
    }
    if (!path) {
      context.Fail(
          {"bad_path", "train, val, test", "found '" + name.substr(0, 200) + "', wanted a path below the set's folder"},
          yaml.file);
      continue;
    }
    if (!path->ends_with(".txt")) {
      split_of[*path + "/"] = split;
      continue;
    }
    if (!fs::is_regular_file(folder / *path)) {
      context.Fail({"list_missing", "", "'" + *path + "', named in '" + yaml.file.string() + "', does not exist"},
                   folder / *path);
      continue;
    }
    std::string text;
    if (!context.Try(folder / *path,
                     [&] { text = ReadAnnotationText(folder / *path, kMaxPictureAnnotationBytes * 4); }))
      continue;
    for (const std::string_view line : SplitLines(text)) {
      if (TrimBlanks(line).empty()) continue;
      const std::optional<std::string> picture = SafeRelativePath(TrimBlanks(line));
      if (picture) {
        split_of[*picture] = split;
      } else {
        context.Fail(
            {"bad_path", "", "found '" + std::string(line.substr(0, 200)) + "', wanted a path below the set's folder"},
            folder / *path);
      }
    }
  }
  return split_of;
}

}  // namespace maskscope
