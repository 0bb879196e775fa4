#include "data/formats/collection_dataset.h"

#include <map>
#include <set>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/files.h"
#include "base/threads.h"
#include "data/formats/collection.h"
#include "data/formats/known_sets.h"
#include "data/labels.h"
#include "image/decode.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

DatasetSplit ToDatasetSplit(Split split) { return split == Split::kTrain ? DatasetSplit::kTrain : DatasetSplit::kTest; }

// (picture, object) -> flag, of one set.
using Audit = std::map<std::pair<std::string, size_t>, std::string>;

Audit ReadAudit(const fs::path& folder) {
  Audit audit;
  const fs::path file = folder / "incorrect_audit.csv";
  if (!fs::exists(file)) return audit;
  for (const CsvTable::Row& row : ReadCsv(file, {"image", "object", "flag"}).rows) {
    const double object = ParseLabelNumber(row.fields[1], file, "line " + std::to_string(row.line) + ", object");
    audit[{row.fields[0], static_cast<size_t>(object)}] = row.fields[2];  // ReadScenes has checked its range
  }
  return audit;
}

ManifestPicture FromScene(LabelledImage& scene, const fs::path& collection, Split split, const Audit& audit) {
  ManifestPicture picture;
  picture.path = scene.path.lexically_relative(collection).generic_string();
  picture.set = std::move(scene.set);
  picture.name = std::move(scene.name);
  picture.group = std::move(scene.group);
  picture.split = ToDatasetSplit(split);
  picture.width = scene.width;
  picture.height = scene.height;
  for (size_t i = 0; i < scene.faces.size(); ++i) {
    ManifestFace& face = picture.faces.emplace_back();
    face.face = std::move(scene.faces[i]);
    const auto flag = audit.find({picture.name, i});
    if (flag != audit.end()) face.attributes["audit.flag"] = flag->second;
  }
  return picture;
}

ManifestPicture FromCrop(LabelledCrop& crop, const fs::path& collection, Split split) {
  ManifestPicture picture;
  picture.path = crop.path.lexically_relative(collection).generic_string();
  picture.set = std::move(crop.set);
  picture.name = std::move(crop.name);
  picture.group = std::move(crop.group);
  picture.split = ToDatasetSplit(split);
  picture.synthetic = crop.synthetic;
  picture.kind = crop.state ? PictureKind::kFaceCrop : PictureKind::kNotAFace;
  if (crop.state) {
    ManifestFace& face = picture.faces.emplace_back();
    face.face.state = crop.state;
    const size_t slash = picture.name.find('/');
    face.label = slash == std::string::npos ? std::string(MaskStateName(*crop.state)) : picture.name.substr(0, slash);
  }
  return picture;
}

// Reads the file once for both. A hash alone needs no memory for the whole file.
void FillHashAndSize(const fs::path& path, bool hash, bool size, ManifestPicture& picture) {
  if (!size) {
    if (hash) picture.hash = ContentHashOfFile(path);
    return;
  }
  const std::vector<uint8_t> bytes = ReadFileBytes(path, DecodeOptions().max_file_bytes);
  if (hash) picture.hash = ContentHash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const ImageInfo info = ReadImageInfo(bytes, path.string());
  picture.width = info.width;
  picture.height = info.height;
}

}  // namespace

bool IsCollection(const fs::path& folder) {
  std::error_code code;
  return fs::is_regular_file(folder / "scenes/splits.csv", code) ||
         fs::is_regular_file(folder / "faces/splits.csv", code);
}

Dataset ReadCollectionDataset(const fs::path& collection) {
  if (!IsCollection(collection)) {
    throw Error(
        ErrorKind::kNotFound,
        "'" + collection.string() + "' is no collection: neither scenes/splits.csv nor faces/splits.csv is there");
  }
  Dataset dataset;
  dataset.root = collection;
  const fs::path name = collection.filename().empty() ? collection.parent_path().filename() : collection.filename();
  if (!name.empty() && name != "." && name != "..") dataset.header.name = name.string();
  std::map<std::string, Audit> audits;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    if (!fs::exists(collection / "scenes/splits.csv")) break;
    for (LabelledImage& scene : ReadScenes(collection, split)) {
      auto audit = audits.find(scene.set);
      if (audit == audits.end()) {
        audit = audits.emplace(scene.set, ReadAudit(collection / "scenes" / scene.set)).first;
      }
      dataset.pictures.push_back(FromScene(scene, collection, split, audit->second));
    }
  }
  for (const Split split : {Split::kTrain, Split::kTest}) {
    if (!fs::exists(collection / "faces/splits.csv")) break;
    for (LabelledCrop& crop : ReadFaces(collection, split)) {
      dataset.pictures.push_back(FromCrop(crop, collection, split));
    }
  }
  for (const ManifestPicture& picture : dataset.pictures) dataset.header.sets.emplace(picture.set, ManifestSet{});
  StateKnownSets(dataset.header);
  return dataset;
}

void FillPictures(Dataset& dataset, const FillOptions& options) {
  if (options.progress != nullptr) {
    options.progress->Start("reading", static_cast<int64_t>(dataset.pictures.size()), "pictures");
  }
  ParallelFor(dataset.pictures.size(), options.workers, [&](size_t i) {
    if (options.stop && options.stop()) throw Error(ErrorKind::kInterrupted, "stopped while pictures were read");
    ManifestPicture& picture = dataset.pictures[i];
    const fs::path path = dataset.root / picture.path;
    FillHashAndSize(path, options.hashes && picture.hash.empty(), options.sizes && picture.width == 0, picture);
    if (picture.kind == PictureKind::kFaceCrop && picture.width > 0 && picture.faces.at(0).face.box == Box{}) {
      picture.faces[0].face.box = {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
    }
    if (options.progress != nullptr) options.progress->Step();
  });
  if (options.progress != nullptr) options.progress->Finish();
}

}  // namespace maskscope
