#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/formats/export_context.h"

namespace maskscope {

// SPLIT/CLASS/PICTURE, or CLASS/PICTURE where no split is assigned. Pictures keep their file name; where two of a class
// have the same, the second gets its folders before it.
void WriteClassFolders(ExportContext& context) {
  std::vector<std::string> places;
  std::set<std::string> taken;
  for (const ExportItem& item : context.items()) {
    const ManifestPicture& picture = *item.picture;
    const bool crop = picture.kind == PictureKind::kFaceCrop && picture.faces.size() == 1;
    if (!crop && picture.kind != PictureKind::kNotAFace) {
      throw Error(ErrorKind::kBadData, "'" + picture.path + "' is a scene with " +
                                           std::to_string(picture.faces.size()) +
                                           " faces; class folders hold pictures of one face: cut the faces out first");
    }
    const std::string label = crop ? item.labels[0] : AttributeOr(picture.attributes, "folders.class", "not_a_face");
    if (label.empty() || label == "." || label == ".." || label.find('/') != std::string::npos) {
      throw Error(ErrorKind::kBadData,
                  "'" + picture.path + "': the class name '" + label + "' cannot be a folder's name");
    }
    const std::string split =
        picture.split == DatasetSplit::kUnassigned ? "" : std::string(DatasetSplitName(picture.split)) + "/";
    std::string place = split + label + "/" + item.name.substr(item.name.rfind('/') + 1);
    if (taken.contains(place)) {
      std::string name = item.name;
      std::replace(name.begin(), name.end(), '/', '_');
      place = split + label + "/" + name;
    }
    if (!taken.insert(place).second) throw Error(ErrorKind::kBadData, "two pictures would both become '" + place + "'");
    places.push_back(place);
  }
  context.PlacePicturesAt(places);
}

}  // namespace maskscope
