#include <algorithm>
#include <cstdlib>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/json_text.h"
#include "data/formats/label_studio_points.h"

namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

// Native fields as they were read ("coco.segmentation"); those that are written anew are not taken.
void PutOwn(const AttributeBag& attributes, std::initializer_list<std::string_view> not_these, Json* object) {
  for (const auto& [key, value] : attributes) {
    const std::string name(OwnName(key, "coco"));
    if (name.empty() || std::find(not_these.begin(), not_these.end(), name) != not_these.end()) continue;
    (*object)[name] = TextToJson(value);
  }
}

// Ids as they were read when every one is there, whole and different; otherwise numbers from 1.
class Ids {
 public:
  explicit Ids(const std::vector<std::string>& texts) {
    std::map<int64_t, int> seen;
    for (const std::string& text : texts) {
      const nlohmann::json id = nlohmann::json::parse(text, nullptr, false);
      kept_ = kept_ && id.is_number_integer() && ++seen[id.get<int64_t>()] == 1;
      ids_.push_back(kept_ ? id.get<int64_t>() : 0);
    }
  }
  int64_t Of(size_t index) const { return kept_ ? ids_[index] : static_cast<int64_t>(index) + 1; }

 private:
  bool kept_ = true;
  std::vector<int64_t> ids_;
};

Json Categories(const std::vector<std::string>& classes) {
  Json list = Json::array();
  for (size_t i = 0; i < classes.size(); ++i) {
    list.push_back({{"id", i + 1},
                    {"name", classes[i]},
                    {"supercategory", "face"},
                    {"keypoints", kLandmarkNames},
                    {"skeleton", Json::array()}});
  }
  return list;
}

Json Annotation(const ManifestFace& face, int category, int64_t id, int64_t image) {
  const Box& box = face.face.box;
  const double width = ExtentOf(box.x1, box.x2), height = ExtentOf(box.y1, box.y2);
  Json json{{"id", id}, {"image_id", image}, {"category_id", category + 1}};
  json["bbox"] = {ShortestDouble(box.x1), ShortestDouble(box.y1), width, height};
  json["area"] = width * height;
  json["iscrowd"] = face.face.ignore ? 1 : 0;
  if (face.score) json["score"] = ShortestDouble(*face.score);
  if (!face.face.landmarks.empty()) {
    std::string seen = AttributeOr(face.attributes, "coco.visibility", "22222");
    if (seen.size() != 5 || seen.find_first_not_of("012") != std::string::npos) seen = "22222";
    for (size_t i = 0; i < 5; ++i) {
      json["keypoints"].push_back(ShortestDouble(face.face.landmarks[i].x));
      json["keypoints"].push_back(ShortestDouble(face.face.landmarks[i].y));
      json["keypoints"].push_back(seen[i] - '0');
    }
    json["num_keypoints"] = 5 - std::count(seen.begin(), seen.end(), '0');
  }
  PutOwn(face.attributes, {"id", "image_id", "category_id", "bbox", "iscrowd", "score", "attributes", "visibility"},
         &json);
  const AttributeBag bag = FaceBag(face, "coco", {.landmarks = true, .score = true, .ignore = true});
  if (!bag.empty()) json["attributes"] = Json(BagToJson(bag));
  return json;
}

std::string Document(const ExportContext& context, DatasetSplit split, bool all) {
  std::vector<const ExportItem*> items;
  std::vector<std::string> image_ids, face_ids;
  for (const ExportItem& item : context.items()) {
    if (!all && item.picture->split != split) continue;
    items.push_back(&item);
    image_ids.push_back(AttributeOr(item.picture->attributes, "coco.id", ""));
    for (const ManifestFace& face : item.picture->faces)
      face_ids.push_back(AttributeOr(face.attributes, "coco.id", ""));
  }
  const Ids image_numbers(image_ids), face_numbers(face_ids);
  Json root{{"info", {{"description", context.dataset().header.name}}}};
  root["images"] = root["annotations"] = Json::array();
  root["categories"] = Categories(context.classes());
  size_t face_index = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const ExportItem& item = *items[i];
    Json image{{"id", image_numbers.Of(i)}, {"file_name", item.name}, {"width", item.width}, {"height", item.height}};
    PutOwn(item.picture->attributes, {"id", "file_name", "width", "height", "attributes"}, &image);
    const AttributeBag bag = PictureBag(*item.picture, "coco");
    if (!bag.empty()) image["attributes"] = Json(BagToJson(bag));
    root["images"].push_back(std::move(image));
    for (size_t k = 0; k < item.labels.size(); ++k, ++face_index) {
      root["annotations"].push_back(
          Annotation(item.picture->faces[k], item.numbers[k], face_numbers.Of(face_index), image_numbers.Of(i)));
    }
  }
  return root.dump(1) + "\n";
}

}  // namespace

void WriteCoco(ExportContext& context) {
  const std::vector<DatasetSplit> splits = context.Splits();
  const bool divided = splits.size() > 1 || (splits.size() == 1 && splits[0] != DatasetSplit::kUnassigned);
  if (context.one_file() || !divided) {
    if (divided) context.Lose("splits (one file holds no splits; give a folder)");
    context.Write("annotations/instances.json", Document(context, DatasetSplit::kUnassigned, true));
  } else {
    for (const DatasetSplit split : splits) {
      const std::string name = split == DatasetSplit::kValidation ? "val" : std::string(DatasetSplitName(split));
      context.Write("annotations/instances_" + name + ".json", Document(context, split, false));
    }
  }
  context.PlacePictures("images");
}

}  // namespace maskscope
