#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/yolo_yaml.h"

namespace maskscope {
namespace {

// The digits as they were read, when they still say this box; otherwise centre and sides in shares.
std::string BoxText(const ManifestFace& face, const ExportItem& item) {
  const Box& box = face.face.box;
  const std::string digits = AttributeOr(face.attributes, "yolo.box", "");
  const std::vector<std::string_view> fields = SplitFields(digits);
  if (fields.size() == 4) {
    try {
      std::array<double, 4> value{};
      for (size_t i = 0; i < 4; ++i) value[i] = ParseNumber(fields[i], "");
      const std::array<double, 4> edges = YoloEdges(value, item.width, item.height);
      const Box said{static_cast<float>(edges[0]), static_cast<float>(edges[1]), static_cast<float>(edges[2]),
                     static_cast<float>(edges[3])};
      if (said == box) return digits;
    } catch (const AnnotationFault&) {
      // Not digits that YOLO reads: written anew below.
    }
  }
  const auto text = [](double value) { return NumberText(std::min(value, 1.0)); };
  return text((double{box.x1} + box.x2) / 2 / item.width) + " " + text((double{box.y1} + box.y2) / 2 / item.height) +
         " " + text((double{box.x2} - box.x1) / item.width) + " " + text((double{box.y2} - box.y1) / item.height);
}

std::string Labels(const ExportItem& item) {
  std::string text;
  for (size_t i = 0; i < item.picture->faces.size(); ++i) {
    const ManifestFace& face = item.picture->faces[i];
    text += std::to_string(item.numbers[i]) + " " + BoxText(face, item);
    if (face.score) text += " " + NumberText(*face.score);
    text += "\n";
  }
  if (AttributeOr(item.picture->attributes, "yolo.final_newline", "1") == "0" && !text.empty()) text.pop_back();
  return text;
}

}  // namespace

void WriteYolo(ExportContext& context) {
  context.RequireStemsDiffer();
  std::map<DatasetSplit, std::string> lists;
  for (const ExportItem& item : context.items()) {
    context.Write("labels/" + item.stem + ".txt", Labels(item));
    if (item.picture->split != DatasetSplit::kUnassigned) lists[item.picture->split] += "./images/" + item.name + "\n";
  }
  YAML::Emitter yaml;
  yaml << YAML::BeginMap;
  for (const auto& [split, text] : lists) {
    const std::string name = split == DatasetSplit::kValidation ? "val" : std::string(DatasetSplitName(split));
    context.Write(name + ".txt", text);
    yaml << YAML::Key << name << YAML::Value << name + ".txt";
  }
  yaml << YAML::Key << "nc" << YAML::Value << context.classes().size();
  yaml << YAML::Key << "names" << YAML::Value << YAML::BeginSeq;
  for (const std::string& name : context.classes()) yaml << YAML::DoubleQuoted << name;
  yaml << YAML::EndSeq << YAML::EndMap;
  context.Write("data.yaml", std::string(yaml.c_str()) + "\n");
  context.PlacePictures("images");
}

}  // namespace maskscope
