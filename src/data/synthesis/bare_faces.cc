#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/synthesis/synthesise_set.h"

// Which faces may be drawn on.
namespace maskscope {
namespace {

// Not drawn on unless asked for by name.
bool IsLeftOut(const std::string& set) { return set == "mafa" || set == "utkface" || set == "maskedfacenet"; }

bool HasBareFace(const ManifestPicture& picture) {
  return std::any_of(picture.faces.begin(), picture.faces.end(),
                     [](const ManifestFace& f) { return f.face.state == MaskState::kNone && !f.face.ignore; });
}

void KeepSets(const std::vector<std::string>& sets, const std::string& source, Dataset& dataset) {
  std::set<std::string> present;
  for (const ManifestPicture& picture : dataset.pictures) present.insert(picture.set);
  for (const std::string& name : sets) {
    if (present.contains(name)) continue;
    const std::string near = NearestWord(name, {present.begin(), present.end()});
    throw Error(ErrorKind::kUsage, "'" + source + "' has no set '" + name + "' with pictures to draw on" +
                                       (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
  }
  std::erase_if(dataset.pictures, [&](const ManifestPicture& picture) {
    if (!HasBareFace(picture)) return true;
    if (!sets.empty()) return std::find(sets.begin(), sets.end(), picture.set) == sets.end();
    return IsLeftOut(picture.set);
  });
}

}  // namespace

Dataset KeepBareFaces(Dataset dataset, const std::vector<std::string>& sets, const std::string& source) {
  std::erase_if(dataset.pictures, [](const ManifestPicture& picture) {
    return picture.split == DatasetSplit::kTest || picture.split == DatasetSplit::kValidation || picture.synthetic ||
           picture.kind == PictureKind::kNotAFace;
  });
  KeepSets(sets, source, dataset);
  if (dataset.pictures.empty()) {
    throw Error(ErrorKind::kBadData, "'" + source + "' has no picture with a face labelled none that may be drawn on " +
                                         "(test and validation rows and drawn pictures never are)");
  }
  return dataset;
}

}  // namespace maskscope
