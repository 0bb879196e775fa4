#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/formats/collection_dataset.h"
#include "data/synthesis/synthesise_set.h"

// Where bare faces come from.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

struct KnownSet {
  const char* name;
  const char* origin;
  const char* licence;
  bool by_default;
};

// What the publishers of the sets that collections are made of say about them.
const KnownSet* FindKnown(const std::string& name) {
  static const std::vector<KnownSet> kKnown{
      {"ilc2021", "jolignier/face-mask-dataset-ilc-2021", "none stated", true},
      {"kaggle853", "Kaggle, andrewmvd, Face Mask Detection", "CC0 1.0 as stated on Kaggle", true},
      {"mafa", "MAFA part of AIZOO's face-mask data", "research use (MAFA)", false},
      {"wider", "WIDER FACE part of AIZOO's face-mask data", "research use (WIDER FACE)", true},
      {"chandrikadeb7", "chandrikadeb7/Face-Mask-Detection", "MIT on the repository", true},
      {"utkface", "UTKFace, aligned crops", "non-commercial research", false},
      {"maskedfacenet", "MaskedFace-Net", "CC BY-NC-SA 4.0", false},
  };
  const auto found = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownSet& set) { return set.name == name; });
  return found == kKnown.end() ? nullptr : &*found;
}

bool HasBareFace(const ManifestPicture& picture) {
  return std::any_of(picture.faces.begin(), picture.faces.end(),
                     [](const ManifestFace& f) { return f.face.state == MaskState::kNone && !f.face.ignore; });
}

Dataset FromCollection(const fs::path& folder) {
  for (const char* part : {"scenes", "faces"}) {
    const fs::path table = folder / part / "splits.csv";
    if (fs::is_directory(folder / part) && !fs::exists(table)) {
      throw Error(ErrorKind::kNotFound, "'" + table.string() + "' does not exist");
    }
  }
  Dataset dataset = ReadCollectionDataset(folder);
  std::erase_if(dataset.pictures, [](const ManifestPicture& picture) {
    return picture.split != DatasetSplit::kTrain || picture.kind == PictureKind::kNotAFace || picture.synthetic;
  });
  dataset.header = {};
  for (const ManifestPicture& picture : dataset.pictures) {
    const KnownSet* known = FindKnown(picture.set);
    dataset.header.sets[picture.set] = known ? ManifestSet{known->origin, known->licence} : ManifestSet{};
  }
  return dataset;
}

Dataset FromManifest(const fs::path& file) {
  ManifestReader reader(file);
  Dataset dataset;
  dataset.header = reader.header();
  dataset.header.parents = {ContentHashOfFile(file)};
  dataset.root = reader.root();
  ManifestPicture picture;
  while (reader.Next(&picture)) {
    if (picture.split == DatasetSplit::kTest || picture.split == DatasetSplit::kValidation || picture.synthetic)
      continue;
    dataset.pictures.push_back(std::move(picture));
  }
  return dataset;
}

void KeepSets(const std::vector<std::string>& sets, const fs::path& source, Dataset& dataset) {
  std::set<std::string> present;
  for (const ManifestPicture& picture : dataset.pictures) present.insert(picture.set);
  for (const std::string& name : sets) {
    if (present.contains(name)) continue;
    const std::string near = NearestWord(name, {present.begin(), present.end()});
    throw Error(ErrorKind::kUsage, "'" + source.string() + "' has no set '" + name + "' with pictures to draw on" +
                                       (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
  }
  std::erase_if(dataset.pictures, [&](const ManifestPicture& picture) {
    if (!HasBareFace(picture)) return true;
    if (!sets.empty()) return std::find(sets.begin(), sets.end(), picture.set) == sets.end();
    const KnownSet* known = FindKnown(picture.set);
    return known && !known->by_default;
  });
}

}  // namespace

Dataset ReadBareFaces(const fs::path& source, const std::vector<std::string>& sets) {
  if (!fs::exists(source)) {
    throw Error(ErrorKind::kNotFound,
                "'" + source.string() + "' does not exist: wanted a manifest, or a folder with scenes/ and faces/");
  }
  const bool folder = fs::is_directory(source);
  if (folder && !fs::is_directory(source / "scenes") && !fs::is_directory(source / "faces")) {
    throw Error(ErrorKind::kBadData,
                "folder '" + source.string() +
                    "' holds neither scenes/ nor faces/: wanted such a collection, or a manifest file");
  }
  Dataset dataset = folder ? FromCollection(source) : FromManifest(source);
  KeepSets(sets, source, dataset);
  if (dataset.pictures.empty()) {
    throw Error(ErrorKind::kBadData, "'" + source.string() +
                                         "' has no picture with a face labelled none that may be drawn on " +
                                         "(test and validation rows and drawn pictures never are)");
  }
  return dataset;
}

}  // namespace maskscope
