#include "base/error.h"
#include "data/formats/collection.h"
#include "data/labels.h"

namespace maskscope {

namespace fs = std::filesystem;

std::vector<LabelledCrop> ReadClassFolders(const fs::path& root, const ClassMap& classes) {
  std::vector<LabelledCrop> crops;
  for (const fs::path& folder : ListFolders(root)) {
    const std::string name = folder.filename().string();
    const LabelClass label = FindLabelClass(name, classes, root, "folder " + name);
    for (const fs::path& path : ListPictures(folder)) {
      LabelledCrop crop;
      crop.path = path;
      crop.set = root.filename().string();
      crop.name = name + "/" + path.filename().string();
      crop.group = crop.set + "/" + crop.name;
      crop.state = label.state;
      crops.push_back(std::move(crop));
    }
  }
  if (crops.empty()) {
    throw Error(ErrorKind::kBadData, "folder '" + root.string() + "' holds no class folders with pictures");
  }
  return crops;
}

}  // namespace maskscope
