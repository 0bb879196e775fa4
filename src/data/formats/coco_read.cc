#include <algorithm>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/formats/json_text.h"
#include "data/labels.h"

// COCO: images, annotations, categories in one JSON file, or one a split.
namespace maskscope {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct CocoFile {
  fs::path path;
  DatasetSplit split = DatasetSplit::kUnassigned;
  std::map<int64_t, std::string> categories;
  std::map<int64_t, ManifestPicture*> pictures;  // null: left out, and reported
};

std::string At(const char* list, size_t index) { return std::string(list) + "[" + std::to_string(index) + "]"; }

void ReadCategories(const json& root, CocoFile* file, ImportContext& context) {
  const json& list = JsonList(root, "categories", "top level");
  std::vector<std::string>& classes = context.dataset().header.classes;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string name = JsonString(list[i], "name", At("categories", i));
    const int64_t id = JsonInteger(list[i], "id", At("categories", i));
    if (!file->categories.emplace(id, name).second) {
      throw AnnotationFault{"bad_json", At("categories", i), "the id " + std::to_string(id) + " stands there twice"};
    }
  }
  for (const auto& [id, name] : file->categories) {
    if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
  }
}

void ReadImage(const json& image, const std::string& where, CocoFile* file, ImportContext& context) {
  const int64_t id = JsonInteger(image, "id", where);
  const auto side = [&](const char* name) {
    if (!image.contains(name)) return 0;
    const int64_t value = JsonInteger(image, name, where);
    if (value < 0 || value > 1 << 20)
      throw AnnotationFault{"bad_size", where + "." + name, "found " + std::to_string(value)};
    return static_cast<int>(value);
  };
  if (file->pictures.contains(id))
    throw AnnotationFault{"bad_json", where, "the id " + std::to_string(id) + " stands there twice"};
  file->pictures[id] = nullptr;
  ManifestPicture* picture =
      context.AddPicture(JsonString(image, "file_name", where), side("width"), side("height"), file->path, where);
  if (picture == nullptr) return;
  file->pictures[id] = picture;
  picture->split = file->split;
  for (const auto& [key, value] : image.items()) {
    if (key == "attributes") {
      TakeBag(JsonBag(value, where + ".attributes"), "coco", where, picture);
    } else if (key != "file_name" && key != "width" && key != "height") {
      picture->attributes["coco." + key] = JsonToText(value);
    }
  }
}

// [x, y, visibility] * 5; all zero: none.
std::vector<Point> ReadKeypoints(const json& list, const std::string& where) {
  std::vector<Point> points;
  bool any = false;
  for (size_t i = 0; i + 2 < list.size(); i += 3) {
    points.push_back(
        {static_cast<float>(JsonNumber(list[i], where)), static_cast<float>(JsonNumber(list[i + 1], where))});
    any = any || JsonNumber(list[i + 2], where) != 0;
  }
  if (!any) points.clear();
  return points;
}

bool IsPlainArea(const json& area, const json& bbox) {
  if (!area.is_number()) return false;
  const double wanted = bbox[2].get<double>() * bbox[3].get<double>();
  return std::abs(area.get<double>() - wanted) <= 1e-5 * wanted;
}

void ReadAnnotation(const json& annotation, const std::string& where, CocoFile& file, ImportContext& context) {
  const int64_t image = JsonInteger(annotation, "image_id", where);
  const auto found = file.pictures.find(image);
  if (found == file.pictures.end()) {
    throw AnnotationFault{"picture_missing", where + ".image_id", "there is no image " + std::to_string(image)};
  }
  if (found->second == nullptr) return;
  ManifestPicture& picture = *found->second;
  const int64_t category = JsonInteger(annotation, "category_id", where);
  if (!file.categories.contains(category)) {
    throw AnnotationFault{"bad_class_number", where + ".category_id",
                          "there is no category " + std::to_string(category)};
  }
  ManifestFace face;
  const bool known = context.SetClass(file.categories[category], file.path, where, &face);
  const json& bbox = JsonList(annotation, "bbox", where);
  if (bbox.size() != 4)
    throw AnnotationFault{"bad_box", where + ".bbox",
                          "found " + std::to_string(bbox.size()) + " numbers, wanted x, y, width, height"};
  double v[4];
  for (size_t i = 0; i < 4; ++i) v[i] = JsonNumber(bbox[i], where + ".bbox");
  context.SetBox({v[0], v[1], v[0] + v[2], v[1] + v[3]}, picture, file.path, where + ".bbox", &face);
  AttributeBag bag;
  for (const auto& [key, value] : annotation.items()) {
    if (key == "iscrowd" || key == "ignore") {
      if (value != 0 && value != 1 && !value.is_boolean())
        throw AnnotationFault{"bad_number", where + "." + key, "wanted 0 or 1"};
      face.face.ignore = face.face.ignore || value == 1 || value == true;
    } else if (key == "score") {
      const double score = JsonNumber(value, where + ".score");
      if (score < 0 || score > 1)
        throw AnnotationFault{"bad_number", where + ".score", "found " + NumberText(score) + ", wanted 0 to 1"};
      face.score = static_cast<float>(score);
    } else if (key == "keypoints" && value.is_array() && value.size() == 15) {
      face.face.landmarks = ReadKeypoints(value, where + ".keypoints");
      std::string seen;
      for (size_t i = 2; i < 15; i += 3) seen += value[i].dump();
      if (!face.face.landmarks.empty() && seen != "22222") face.attributes["coco.visibility"] = seen;
    } else if (key == "attributes") {
      bag = JsonBag(value, where + ".attributes");
    } else if (key != "bbox" && key != "category_id" && key != "image_id" && key != "num_keypoints" &&
               !(key == "area" && IsPlainArea(value, bbox))) {
      face.attributes["coco." + key] = JsonToText(value);
    }
  }
  TakeBag(bag, "coco", where, &face);
  if (known) picture.faces.push_back(std::move(face));
}

void ReadFile(CocoFile file, ImportContext& context) {
  json root;
  try {
    root = ParseJsonFile(file.path);
    if (!root.is_object()) {
      throw AnnotationFault{"bad_json", "top level",
                            "found a list, wanted an object with images, annotations and categories (a list of results "
                            "names no pictures)"};
    }
    ReadCategories(root, &file, context);
    JsonList(root, "images", "top level");
    JsonList(root, "annotations", "top level");
  } catch (const AnnotationFault& fault) {
    throw Error(ErrorKind::kBadData, "'" + file.path.string() + "', " + fault.where + ": " + fault.message);
  }
  const json& images = root["images"];
  for (size_t i = 0; i < images.size(); ++i) {
    context.Try(file.path, [&] { ReadImage(images[i], At("images", i), &file, context); });
  }
  const json& annotations = root["annotations"];
  for (size_t i = 0; i < annotations.size(); ++i) {
    context.Try(file.path, [&] { ReadAnnotation(annotations[i], At("annotations", i), file, context); });
  }
}

DatasetSplit SplitOfFile(const fs::path& file) {
  for (const char* word : {"train", "valid", "val", "test"}) {
    if (file.stem().string().find(word) != std::string::npos) return *SplitOfWord(word);
  }
  return SplitOfWord(file.parent_path().filename().string()).value_or(DatasetSplit::kUnassigned);
}

}  // namespace

void ReadCocoInto(ImportContext& context) {
  const fs::path& source = context.source();
  std::vector<fs::path> files;
  if (fs::is_regular_file(source)) {
    files = {source};
  } else {
    files = ListFiles(FirstFolder(source, {"annotations"}, source), ".json", false);
    if (files.empty()) files = ListFiles(source, ".json", true);
  }
  if (files.empty()) throw Error(ErrorKind::kBadData, "folder '" + source.string() + "' holds no .json file");
  const fs::path folder = context.dataset().root;
  const fs::path beside = folder.filename() == "annotations" ? folder.parent_path() : folder;
  context.SetImages(FirstFolder(folder, {"images"}, FirstFolder(beside, {"images"}, folder)));
  for (const fs::path& file : files)
    ReadFile({file,
              files.size() > 1 || !fs::is_regular_file(source) ? SplitOfFile(file) : DatasetSplit::kUnassigned,
              {},
              {}},
             context);
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
