#include <set>

#include "base/csv.h"
#include "data/formats/annotation_text.h"
#include "data/formats/csv_columns.h"
#include "data/formats/export_context.h"

namespace maskscope {
namespace {

// Readers that trim blanks must not lose one at the beginning.
std::string Field(const std::string& text) { return text.starts_with(' ') ? QuoteCsv(text) : CsvField(text); }

// A bag's names as columns: "x" of another format or tool stays, what is called like a column of ours gets "csv."
// before.
std::string ColumnOf(const std::string& name, std::string_view prefix) {
  const bool taken = prefix.empty() && (IsCsvColumn(name) || name.starts_with(kCsvPicture));
  return std::string(prefix) + (taken ? "csv.attribute." + name : name);
}

AttributeBag FaceFields(const ManifestFace& face) {
  AttributeBag fields = FaceBag(face, "csv", {.landmarks = true, .score = true, .ignore = true});
  for (const auto& [key, value] : face.attributes) {
    if (!OwnName(key, "csv").empty()) fields[key] = value;
  }
  return fields;
}

AttributeBag PictureFields(const ManifestPicture& picture) {
  AttributeBag fields = PictureBag(picture, "csv");
  for (const auto& [key, value] : picture.attributes) {
    if (!OwnName(key, "csv").empty()) fields[key] = value;
  }
  return fields;
}

struct Table {
  bool landmarks = false, score = false, ignore = false, split = false, state = false;
  std::set<std::string> face_columns, picture_columns;
};

Table ColumnsFor(const ExportContext& context) {
  Table table;
  for (const ExportItem& item : context.items()) {
    table.split = table.split || item.picture->split != DatasetSplit::kUnassigned;
    for (const auto& [name, value] : PictureFields(*item.picture)) table.picture_columns.insert(name);
    for (const ManifestFace& face : item.picture->faces) {
      table.landmarks = table.landmarks || !face.face.landmarks.empty();
      table.score = table.score || face.score.has_value();
      table.ignore = table.ignore || face.face.ignore;
      for (const auto& [name, value] : FaceFields(face)) table.face_columns.insert(name);
    }
  }
  return table;
}

std::string Header(const Table& table) {
  std::string line = "path,x1,y1,x2,y2,label,width,height";
  if (table.split) line += ",split";
  if (table.ignore) line += ",ignore";
  if (table.score) line += ",score";
  if (table.landmarks) {
    for (const std::string_view name : kCsvLandmarks) line += "," + std::string(name);
  }
  for (const std::string& name : table.face_columns) line += "," + Field(ColumnOf(name, ""));
  for (const std::string& name : table.picture_columns) line += "," + Field(ColumnOf(name, kCsvPicture));
  return line + "\n";
}

// `face` is null for a picture without faces.
std::string Row(const Table& table, const ExportItem& item, const ManifestFace* face, const std::string& label) {
  std::string line = Field(item.name);
  const auto put = [&](const std::string& text) { line += "," + Field(text); };
  const Box box = face != nullptr ? face->face.box : Box{};
  for (const float edge : {box.x1, box.y1, box.x2, box.y2}) put(face != nullptr ? NumberText(edge) : "");
  put(label);
  put(std::to_string(item.width));
  put(std::to_string(item.height));
  if (table.split)
    put(item.picture->split == DatasetSplit::kUnassigned ? "" : std::string(DatasetSplitName(item.picture->split)));
  if (table.ignore) put(face == nullptr ? "" : face->face.ignore ? "1" : "0");
  if (table.score) put(face != nullptr && face->score ? NumberText(*face->score) : "");
  for (size_t i = 0; table.landmarks && i < 10; ++i) {
    const bool has = face != nullptr && !face->face.landmarks.empty();
    put(has ? NumberText(i % 2 == 0 ? face->face.landmarks[i / 2].x : face->face.landmarks[i / 2].y) : "");
  }
  const AttributeBag fields = face != nullptr ? FaceFields(*face) : AttributeBag();
  for (const std::string& name : table.face_columns) put(AttributeOr(fields, name, ""));
  const AttributeBag picture_fields = PictureFields(*item.picture);
  for (const std::string& name : table.picture_columns) put(AttributeOr(picture_fields, name, ""));
  return line + "\n";
}

}  // namespace

void WriteCsv(ExportContext& context) {
  const Table table = ColumnsFor(context);
  std::string text = Header(table);
  for (const ExportItem& item : context.items()) {
    if (item.labels.empty()) text += Row(table, item, nullptr, "");
    for (size_t i = 0; i < item.labels.size(); ++i) text += Row(table, item, &item.picture->faces[i], item.labels[i]);
  }
  context.Write("annotations.csv", text);
  context.PlacePictures("images");
}

}  // namespace maskscope
