#include <algorithm>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/json_text.h"
#include "data/formats/label_studio_points.h"

namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

double Percent(double pixels, int side) { return pixels / side * 100; }

Json Region(const ExportItem& item, const std::string& id, const char* type, Json value) {
  value["rotation"] = 0;
  return {{"id", id},
          {"type", type},
          {"from_name", type == std::string_view("rectanglelabels") ? "label" : "landmark"},
          {"to_name", "image"},
          {"original_width", item.width},
          {"original_height", item.height},
          {"image_rotation", 0},
          {"value", std::move(value)}};
}

void PutFace(const ExportItem& item, size_t index, Json* result) {
  const ManifestFace& face = item.picture->faces[index];
  const Box& box = face.face.box;
  const std::string id = "face" + std::to_string(index);
  Json region = Region(item, id, "rectanglelabels",
                       {{"x", Percent(box.x1, item.width)},
                        {"y", Percent(box.y1, item.height)},
                        {"width", Percent(double{box.x2} - box.x1, item.width)},
                        {"height", Percent(double{box.y2} - box.y1, item.height)},
                        {"rectanglelabels", {item.labels[index]}}});
  const std::string rotation = AttributeOr(face.attributes, "labelstudio.rotation", "");
  if (!rotation.empty()) region["value"]["rotation"] = TextToJson(rotation);
  if (face.score) region["score"] = ShortestDouble(*face.score);
  const AttributeBag bag = FaceBag(face, "labelstudio", {.landmarks = true, .score = true});
  if (!bag.empty()) region["meta"] = Json(BagToJson(bag));
  result->push_back(std::move(region));
  for (size_t i = 0; i < face.face.landmarks.size(); ++i) {
    const Point& point = face.face.landmarks[i];
    Json key = Region(item, id + "." + std::string(kLandmarkNames[i]), "keypointlabels",
                      {{"x", Percent(point.x, item.width)},
                       {"y", Percent(point.y, item.height)},
                       {"width", 0.5},
                       {"keypointlabels", {kLandmarkNames[i]}}});
    key["parentID"] = id;
    result->push_back(std::move(key));
  }
}

Json Task(const ExportItem& item, size_t index) {
  const ManifestPicture& picture = *item.picture;
  Json data{{"image", item.name}};
  if (picture.split != DatasetSplit::kUnassigned) data["split"] = DatasetSplitName(picture.split);
  for (const auto& [key, value] : picture.attributes) {
    const std::string_view name = OwnName(key, "labelstudio");
    if (name.starts_with("data.")) data[std::string(name.substr(5))] = TextToJson(value);
  }
  const AttributeBag bag = PictureBag(picture, "labelstudio");
  if (!bag.empty()) data["attributes"] = Json(BagToJson(bag));
  Json result = Json::array();
  for (size_t i = 0; i < item.labels.size(); ++i) PutFace(item, i, &result);
  const std::string id = AttributeOr(picture.attributes, "labelstudio.id", "");
  Json task{{"id", id.empty() ? Json(index + 1) : Json(TextToJson(id))}, {"data", std::move(data)}};
  // What a model said is a prediction; one face by a person makes the picture annotated.
  const bool predicted =
      !picture.faces.empty() && std::all_of(picture.faces.begin(), picture.faces.end(),
                                            [](const ManifestFace& face) { return face.score.has_value(); });
  Json holder{{"result", std::move(result)}};
  if (predicted)
    holder["model_version"] = TextToJson(AttributeOr(picture.attributes, "labelstudio.model_version", "maskscope"));
  task[predicted ? "predictions" : "annotations"].push_back(std::move(holder));
  return task;
}

}  // namespace

void WriteLabelStudio(ExportContext& context) {
  Json tasks = Json::array();
  for (size_t i = 0; i < context.items().size(); ++i) tasks.push_back(Task(context.items()[i], i));
  context.Write("tasks.json", tasks.dump(1) + "\n");
  context.PlacePictures("images");
}

}  // namespace maskscope
