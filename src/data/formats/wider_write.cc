#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"

namespace maskscope {
namespace {

std::string BoxText(const Box& box) {
  return NumberText(box.x1) + " " + NumberText(box.y1) + " " + NumberText(ExtentOf(box.x1, box.x2)) + " " +
         NumberText(ExtentOf(box.y1, box.y2));
}

std::string WiderFace(const ManifestFace& face, ExportContext& context) {
  const auto value = [&](const char* name) {
    return " " + context.NumberAttribute(face.attributes, std::string("wider.") + name, "0");
  };
  return BoxText(face.face.box) + value("blur") + value("expression") + value("illumination") +
         (face.face.ignore ? " 1" : " 0") + value("occlusion") + value("pose") + "\n";
}

std::string RetinaFaceFace(const ManifestFace& face, ExportContext& context) {
  std::string text = BoxText(face.face.box);
  const std::string flag_text = AttributeOr(face.attributes, "retinaface.flags", "0 0 0 0 0");
  const std::vector<std::string_view> flags = SplitFields(flag_text);
  for (size_t i = 0; i < 5; ++i) {
    if (face.face.landmarks.empty()) {
      text += " -1 -1 -1";
      continue;
    }
    const Point& point = face.face.landmarks[i];
    const AttributeBag flag{{"flag", flags.size() == 5 ? std::string(flags[i]) : "0"}};
    text += " " + NumberText(point.x) + " " + NumberText(point.y) + " " + context.NumberAttribute(flag, "flag", "0");
  }
  if (face.attributes.contains("retinaface.quality")) {
    text += " " + context.NumberAttribute(face.attributes, "retinaface.quality", "0");
  }
  return text + "\n";
}

std::string NameOfPart(DatasetSplit split) {
  return split == DatasetSplit::kValidation   ? "val"
         : split == DatasetSplit::kUnassigned ? "all"
                                              : std::string(DatasetSplitName(split));
}

}  // namespace

void WriteWider(ExportContext& context) {
  for (const DatasetSplit split : context.Splits()) {
    std::string text;
    for (const ExportItem& item : context.items()) {
      if (item.picture->split != split) continue;
      text += item.name + "\n" + std::to_string(item.labels.size()) + "\n";
      for (const ManifestFace& face : item.picture->faces) text += WiderFace(face, context);
      if (item.labels.empty()) text += "0 0 0 0 0 0 0 0 0 0\n";
    }
    context.Write("wider_face_split/wider_face_" + NameOfPart(split) + "_bbx_gt.txt", text);
  }
  context.PlacePictures("images");
}

// One label.txt; a split is not said in it.
void WriteRetinaFace(ExportContext& context) {
  std::string text;
  for (const ExportItem& item : context.items()) {
    text += "# " + item.name + "\n";
    for (const ManifestFace& face : item.picture->faces) text += RetinaFaceFace(face, context);
  }
  context.Write("label.txt", text);
  context.PlacePictures("images");
}

}  // namespace maskscope
