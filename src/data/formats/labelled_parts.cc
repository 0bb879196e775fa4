#include "data/formats/labelled_parts.h"

#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/collection_dataset.h"
#include "data/formats/formats.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// One kind of item by split, in the manifest's order.
template <typename Item>
struct BySplit {
  std::vector<Item> unassigned, train, validation, test;
  bool names_validation = false;  // some picture of the set, of whatever kind, is marked `validation`
  bool names_split = false;       // some picture has a split
  int64_t left_out = 0;           // of the right kind, but not to be had as an item

  std::vector<Item>& at(DatasetSplit split) {
    switch (split) {
      case DatasetSplit::kTrain:
        return train;
      case DatasetSplit::kValidation:
        return validation;
      case DatasetSplit::kTest:
        return test;
      case DatasetSplit::kUnassigned:
        break;
    }
    return unassigned;
  }
};

template <typename Item>
void Describe(const fs::path& root, ManifestPicture& picture, Item& item) {
  item.path = root / picture.path;
  item.group = GroupOf(picture);
  item.set = std::move(picture.set);
  item.name = picture.name.empty() ? std::move(picture.path) : std::move(picture.name);
}

bool Take(const fs::path& root, ManifestPicture& picture, LabelledImage& image) {
  Describe(root, picture, image);
  image.width = picture.width;
  image.height = picture.height;
  for (ManifestFace& face : picture.faces) image.faces.push_back(std::move(face.face));
  return true;
}

bool Take(const fs::path& root, ManifestPicture& picture, LabelledCrop& crop) {
  // An empty state means "not a face" in a LabelledCrop: a face whose state nobody knows must not become that.
  if (picture.kind == PictureKind::kFaceCrop) {
    const LabelledFace& face = picture.faces.at(0).face;
    if (!face.state || face.ignore) return false;
    crop.state = face.state;
  }
  crop.synthetic = picture.synthetic;
  Describe(root, picture, crop);
  return true;
}

bool IsOfKind(PictureKind kind, const LabelledImage&) { return kind == PictureKind::kScene; }
bool IsOfKind(PictureKind kind, const LabelledCrop&) { return kind != PictureKind::kScene; }

// Pictures one after the other: of a manifest as they are read, of any other format out of memory.
struct Pictures {
  fs::path root;
  std::function<bool(ManifestPicture*)> next;
};

Pictures OpenPictures(const fs::path& data) {
  if (DetectFormat(data) == DataFormat::kManifest) {
    const auto reader = std::make_shared<ManifestReader>(data);
    return {reader->root(), [reader](ManifestPicture* picture) { return reader->Next(picture); }};
  }
  ImportOptions options;
  options.source = data;
  const auto dataset = std::make_shared<Dataset>(ReadSoundAnnotations(options));
  return {dataset->root, [dataset, at = size_t{0}](ManifestPicture* picture) mutable {
            if (at == dataset->pictures.size()) return false;
            *picture = std::move(dataset->pictures[at++]);
            return true;
          }};
}

void WarnOfUnassigned(const fs::path& data, int64_t pictures) {
  if (pictures == 0) return;
  Log(LogLevel::kWarning, "'{}': {} pictures belong to no split and are not used ('maskscope data split' assigns them)",
      data.string(), pictures);
}

template <typename Item>
BySplit<Item> ReadBySplit(const fs::path& data, const std::function<bool(DatasetSplit)>& wanted) {
  const Pictures pictures = OpenPictures(data);
  BySplit<Item> parts;
  int64_t unassigned = 0;
  for (ManifestPicture picture; pictures.next(&picture);) {
    const DatasetSplit split = picture.split;
    parts.names_validation = parts.names_validation || split == DatasetSplit::kValidation;
    parts.names_split = parts.names_split || split != DatasetSplit::kUnassigned;
    Item item;
    if (!IsOfKind(picture.kind, item)) continue;
    unassigned += split == DatasetSplit::kUnassigned ? 1 : 0;
    if (!wanted(split)) continue;
    if (Take(pictures.root, picture, item)) {
      parts.at(split).push_back(std::move(item));
    } else {
      ++parts.left_out;
    }
  }
  if (parts.left_out > 0) {
    Log(LogLevel::kWarning, "'{}': {} face crops have no state or are marked to be ignored; they are left out",
        data.string(), parts.left_out);
  }
  if (!wanted(DatasetSplit::kUnassigned)) WarnOfUnassigned(data, unassigned);
  return parts;
}

template <typename Item>
std::vector<Item> ReadSplit(const fs::path& manifest, DatasetSplit split) {
  return std::move(ReadBySplit<Item>(manifest, [&](DatasetSplit found) { return found == split; }).at(split));
}

template <typename Item>
TrainingParts<Item> Divide(std::vector<Item> items, const ValidationRule& rule) {
  TrainingParts<Item> parts;
  for (Item& item : items) {
    (IsValidationGroup(item.group, rule.share, rule.seed) ? parts.validation : parts.train).push_back(std::move(item));
  }
  return parts;
}

// Errors: kNotFound.
bool IsCollectionFolder(const fs::path& data) {
  std::error_code code;
  if (!fs::exists(data, code)) {
    throw Error(ErrorKind::kNotFound,
                "'" + data.string() +
                    "' does not exist; wanted a manifest, a collection (a folder with scenes/ and "
                    "faces/) or a set in another format");
  }
  return IsCollection(data);
}

template <typename Item>
TrainingParts<Item> ReadTraining(const fs::path& data, const ValidationRule& rule,
                                 std::vector<Item> (*read_collection)(const fs::path&, Split)) {
  if (IsCollectionFolder(data)) return Divide(read_collection(data, Split::kTrain), rule);
  BySplit<Item> parts = ReadBySplit<Item>(data, [](DatasetSplit split) { return split != DatasetSplit::kTest; });
  if (!parts.names_split && !parts.unassigned.empty()) {
    Log(LogLevel::kWarning,
        "'{}': no picture has a split, so all {} are learnt from but for the groups kept back for validation "
        "('maskscope data split' sets a test part aside as well)",
        data.string(), parts.unassigned.size());
    parts.train = std::move(parts.unassigned);
  } else {
    WarnOfUnassigned(data, static_cast<int64_t>(parts.unassigned.size()));
  }
  if (!parts.names_validation) return Divide(std::move(parts.train), rule);
  return {std::move(parts.train), std::move(parts.validation)};
}

template <typename Item>
std::vector<Item> ReadToMeasure(const fs::path& data, DatasetSplit split, const ValidationRule& rule,
                                std::vector<Item> (*read_collection)(const fs::path&, Split)) {
  if (split == DatasetSplit::kValidation) return ReadTraining(data, rule, read_collection).validation;
  if (!IsCollectionFolder(data)) return ReadSplit<Item>(data, split);
  if (split == DatasetSplit::kUnassigned) return {};  // a collection's tables give every picture a split
  return read_collection(data, split == DatasetSplit::kTest ? Split::kTest : Split::kTrain);
}

}  // namespace

std::vector<LabelledImage> ReadManifestScenes(const fs::path& manifest, DatasetSplit split) {
  return ReadSplit<LabelledImage>(manifest, split);
}

std::vector<LabelledCrop> ReadManifestFaces(const fs::path& manifest, DatasetSplit split) {
  return ReadSplit<LabelledCrop>(manifest, split);
}

TrainingParts<LabelledImage> ReadTrainingScenes(const fs::path& data, const ValidationRule& rule) {
  return ReadTraining<LabelledImage>(data, rule, &ReadScenes);
}

TrainingParts<LabelledCrop> ReadTrainingFaces(const fs::path& data, const ValidationRule& rule) {
  return ReadTraining<LabelledCrop>(data, rule, &ReadFaces);
}

std::vector<LabelledImage> ReadScenesToMeasure(const fs::path& data, DatasetSplit split, const ValidationRule& rule) {
  return ReadToMeasure<LabelledImage>(data, split, rule, &ReadScenes);
}

std::vector<LabelledCrop> ReadFacesToMeasure(const fs::path& data, DatasetSplit split, const ValidationRule& rule) {
  return ReadToMeasure<LabelledCrop>(data, split, rule, &ReadFaces);
}

}  // namespace maskscope
