#include <algorithm>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/labels.h"

// Class folders: CLASS/PICTURE, or SPLIT/CLASS/PICTURE; the whole picture is one face.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

void ReadClass(const fs::path& folder, DatasetSplit split, ImportContext& context) {
  const std::string name = folder.filename().string();
  const std::vector<fs::path> files = ListPictures(folder);
  if (files.empty()) return;
  ManifestFace meaning;
  const bool known = context.SetClass(name, folder, "folder " + name, &meaning);
  if (!known) return;
  context.dataset().header.classes.push_back(name);
  for (const fs::path& file : files) {
    ManifestPicture* picture =
        context.AddPicture(file.lexically_relative(context.images()).generic_string(), 0, 0, file, "");
    if (picture == nullptr) continue;
    picture->split = split;
    if (meaning.face.ignore) {
      picture->kind = PictureKind::kNotAFace;
      picture->attributes["folders.class"] = name;
      continue;
    }
    picture->kind = PictureKind::kFaceCrop;
    ManifestFace face = meaning;
    face.face.box = {0, 0, static_cast<float>(picture->width), static_cast<float>(picture->height)};
    picture->faces.push_back(std::move(face));
  }
}

}  // namespace

void ReadClassFoldersInto(ImportContext& context) {
  const fs::path& root = context.source();
  context.SetImages(root);
  for (const fs::path& folder : ListFolders(root)) {
    const std::string name = folder.filename().string();
    const std::optional<DatasetSplit> split = SplitOfWord(name);
    if (split && !context.options().classes.contains(name)) {
      for (const fs::path& deeper : ListFolders(folder)) ReadClass(deeper, *split, context);
    } else {
      ReadClass(folder, DatasetSplit::kUnassigned, context);
    }
  }
  std::vector<std::string>& classes = context.dataset().header.classes;
  std::vector<std::string> once;
  for (const std::string& name : classes) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  classes = once;
  if (context.picture_count() == 0 && !context.has_unknown_classes()) {
    throw Error(ErrorKind::kBadData, "folder '" + root.string() + "' holds no class folders with pictures");
  }
  for (const fs::path& file : ListPictures(root)) {
    context.Warn({"not_labelled", "", "the picture lies in no class folder; it is left out"}, file);
  }
}

}  // namespace maskscope
