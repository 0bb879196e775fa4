#include <array>

#include "data/formats/annotation_text.h"
#include "data/formats/export_context.h"
#include "data/formats/kitti_columns.h"

namespace maskscope {
namespace {

// Columns are parted by blanks: a class name may hold none.
std::string TypeOf(std::string label, ExportContext& context) {
  bool changed = label.empty();
  for (char& c : label) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\v' && c != '\f') continue;
    c = '_';
    changed = true;
  }
  if (changed) context.Lose("blanks in class names (they become '_')");
  return label;
}

std::string Line(const ManifestFace& face, const std::string& label, ExportContext& context) {
  std::array<std::string, 15> columns;
  columns.fill("0");
  columns[0] = TypeOf(label, context);
  for (const KittiColumn& column : kKittiColumns) {
    columns[static_cast<size_t>(column.index)] =
        context.NumberAttribute(face.attributes, std::string("kitti.") + column.name, "0");
  }
  const Box& box = face.face.box;
  columns[4] = NumberText(box.x1);
  columns[5] = NumberText(box.y1);
  columns[6] = NumberText(box.x2);
  columns[7] = NumberText(box.y2);
  std::string line;
  for (const std::string& column : columns) line += (line.empty() ? "" : " ") + column;
  return line + (face.score ? " " + NumberText(*face.score) : "") + "\n";
}

}  // namespace

void WriteKitti(ExportContext& context) {
  context.RequireStemsDiffer();
  for (const ExportItem& item : context.items()) {
    std::string text;
    for (size_t i = 0; i < item.labels.size(); ++i) text += Line(item.picture->faces[i], item.labels[i], context);
    context.Write("label_2/" + item.stem + ".txt", text);
  }
  context.PlacePictures("image_2");
}

}  // namespace maskscope
