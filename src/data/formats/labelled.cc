#include "base/error.h"
#include "data/formats/collection.h"
#include "data/formats/import_context.h"
#include "data/formats/yolo_yaml.h"

// The readers of one set for training and evaluation: formats.h's, reduced to what they need.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::vector<LabelledImage> ToLabelled(Dataset dataset, const fs::path& images) {
  std::vector<LabelledImage> read;
  read.reserve(dataset.pictures.size());
  for (ManifestPicture& picture : dataset.pictures) {
    LabelledImage image;
    image.path = dataset.root / picture.path;
    image.name = (images.filename() / image.path.lexically_relative(images)).generic_string();
    image.group = image.name;
    image.width = picture.width;
    image.height = picture.height;
    for (ManifestFace& face : picture.faces) image.faces.push_back(std::move(face.face));
    read.push_back(std::move(image));
  }
  return read;
}

}  // namespace

std::vector<LabelledImage> ReadVoc(const fs::path& annotations, const fs::path& images, const ClassMap& classes) {
  ImportOptions options;
  options.source = annotations;
  options.format = DataFormat::kVoc;
  options.images = images;
  options.classes = classes;
  options.check = PictureCheck::kExists;
  return ToLabelled(ReadAnnotations(options), images);
}

std::vector<LabelledImage> ReadYolo(const fs::path& labels, const fs::path& images,
                                    const std::vector<std::string>& names, const ClassMap& classes) {
  if (names.empty())
    throw Error(ErrorKind::kBadData, "'" + labels.string() + "': found no class names, wanted at least one");
  ImportOptions options;
  options.source = labels;
  options.format = DataFormat::kYolo;
  options.images = images;
  options.classes = classes;
  options.class_names = names;
  return ToLabelled(ReadAnnotations(options), images);
}

std::vector<LabelledCrop> ReadClassFolders(const fs::path& root, const ClassMap& classes) {
  ImportOptions options;
  options.source = root;
  options.format = DataFormat::kClassFolders;
  options.classes = classes;
  options.check = PictureCheck::kExists;
  Dataset dataset = ReadAnnotations(options);
  std::vector<LabelledCrop> crops;
  for (const ManifestPicture& picture : dataset.pictures) {
    LabelledCrop crop;
    crop.path = dataset.root / picture.path;
    crop.set = root.filename().string();
    crop.name = picture.name;
    crop.group = crop.set + "/" + crop.name;
    if (!picture.faces.empty()) crop.state = picture.faces[0].face.state;
    crops.push_back(std::move(crop));
  }
  return crops;
}

}  // namespace maskscope
