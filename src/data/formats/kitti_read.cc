#include <array>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/formats/kitti_columns.h"
#include "data/labels.h"

// KITTI: label_2/<stem>.txt beside image_2/<stem>.*, 15 columns or 16 with a score.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

void ReadLine(std::string_view line, const std::string& where, const fs::path& file, ManifestPicture* picture,
              ImportContext& context) {
  const std::vector<std::string_view> fields = SplitFields(line);
  if (fields.size() != 15 && fields.size() != 16) {
    throw AnnotationFault{"bad_line", where,
                          "found " + std::to_string(fields.size()) + " columns, wanted 15 or, with a score, 16"};
  }
  std::array<double, 15> value{};
  for (size_t i = 1; i < fields.size(); ++i)
    value[i - 1] = ParseNumber(fields[i], where + ", column " + std::to_string(i + 1));
  ManifestFace face;
  const bool known = context.SetClass(fields[0], file, where, &face);
  context.SetBox({value[3], value[4], value[5], value[6]}, *picture, file, where, &face);
  for (const KittiColumn& column : kKittiColumns) {
    const size_t at = static_cast<size_t>(column.index);
    if (value[at - 1] != 0) face.attributes[std::string("kitti.") + column.name] = std::string(fields[at]);
  }
  if (fields.size() == 16) {
    if (value[14] < 0 || value[14] > 1)
      throw AnnotationFault{"bad_number", where + ", column 16",
                            "found score " + NumberText(value[14]) + ", wanted 0 to 1"};
    face.score = static_cast<float>(value[14]);
  }
  if (known) picture->faces.push_back(std::move(face));
}

void ReadFolder(const fs::path& images, const fs::path& labels, DatasetSplit split, ImportContext& context) {
  std::map<std::string, fs::path> picture_of;
  for (const fs::path& path : ListPictures(images)) {
    if (!picture_of.emplace(path.stem().string(), path).second)
      context.Fail({"picture_twice", "name", "another picture shares its label file"}, path);
  }
  for (const fs::path& file : ListFiles(labels, ".txt", false)) {
    const auto found = picture_of.find(file.stem().string());
    if (found == picture_of.end()) {
      context.Fail({"picture_missing_for_label", "", "label file has no picture in '" + images.string() + "'"}, file);
      continue;
    }
    std::string text;
    if (!context.Try(file, [&] { text = ReadAnnotationText(file, kMaxPictureAnnotationBytes); })) continue;
    ManifestPicture* picture =
        context.AddPicture(found->second.lexically_relative(context.images()).generic_string(), 0, 0, file, "");
    if (picture == nullptr) continue;
    picture->split = split;
    int number = 0;
    for (const std::string_view line : SplitLines(text)) {
      ++number;
      if (TrimBlanks(line).empty()) continue;
      context.Try(file, [&] { ReadLine(line, "line " + std::to_string(number), file, picture, context); });
    }
  }
  for (const fs::path& folder : ListFolders(labels)) {
    const std::string name = folder.filename().string();
    if (folder != images && fs::is_directory(images / name)) ReadFolder(images / name, folder, split, context);
  }
}

}  // namespace

void ReadKittiInto(ImportContext& context) {
  const fs::path& source = context.source();
  bool any = false;
  for (const std::string part : {"", "training", "testing", "train", "val", "test"}) {
    const fs::path folder = part.empty() ? source : source / part;
    const fs::path labels = FirstFolder(folder, {"label_2", "labels"}, {});
    if (labels.empty()) continue;
    const fs::path images = FirstFolder(folder, {"image_2", "images"}, folder);
    if (!any) context.SetImages(part.empty() ? images : source);
    const bool given = !context.options().images.empty();
    ReadFolder(given ? context.images() : images, labels, SplitOfWord(part).value_or(DatasetSplit::kUnassigned),
               context);
    any = true;
  }
  if (!any) throw Error(ErrorKind::kBadData, "folder '" + source.string() + "' has no label_2/ or labels/ folder");
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
