#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "data/formats/annotation_text.h"
#include "data/formats/collection_dataset.h"
#include "data/formats/formats.h"
#include "data/formats/import_context.h"
#include "data/labels.h"

// Which format lies there, from names and the first bytes.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr std::streamsize kLookAt = 1 << 16;

std::string Beginning(const fs::path& file) {
  std::string text(static_cast<size_t>(kLookAt), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), kLookAt);
  text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string Ending(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

std::optional<DataFormat> FormatOfText(const fs::path& file) {
  const std::string text = Beginning(file);
  const std::vector<std::string_view> lines = SplitLines(text);
  if (lines.empty()) return std::nullopt;
  if (lines[0].starts_with("#")) return DataFormat::kRetinaFace;
  const bool counted = lines.size() >= 2 && !TrimBlanks(lines[1]).empty() &&
                       TrimBlanks(lines[1]).find_first_not_of("0123456789") == std::string_view::npos;
  if (counted && IsPictureName(std::string(TrimBlanks(lines[0])))) return DataFormat::kWider;
  return std::nullopt;
}

std::optional<DataFormat> FormatOfFile(const fs::path& file) {
  const std::string ending = Ending(file);
  const std::string text = Beginning(file);
  if (Has(text.substr(0, 400), kManifestSchema.substr(0, kManifestSchema.find('/')))) return DataFormat::kManifest;
  if (ending == ".csv") return DataFormat::kCsv;
  if (ending == ".yaml" || ending == ".yml") return DataFormat::kYolo;
  if (ending == ".txt") return FormatOfText(file);
  if (ending == ".xml" && Has(text, "<annotations")) return DataFormat::kCvat;
  if (ending == ".json") {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return std::nullopt;
    if (text[first] == '[') return DataFormat::kLabelStudio;
    if (text[first] == '{') return DataFormat::kCoco;
  }
  return std::nullopt;
}

bool HoldsFolders(const fs::path& folder, std::initializer_list<const char*> names) {
  return !FirstFolder(folder, names, {}).empty();
}

// The one file with annotations at the top of a folder, when its format can be told.
std::optional<DataFormat> FormatOfFilesIn(const fs::path& folder) {
  for (const char* ending : {".json", ".xml", ".csv", ".txt"}) {
    for (const fs::path& file : ListFiles(folder, ending, false)) {
      const std::optional<DataFormat> format = FormatOfFile(file);
      if (format) return format;
    }
  }
  return std::nullopt;
}

// A manifest is a file; which of a folder's is meant, only its user knows.
void RefuseManifestsIn(const fs::path& folder) {
  std::string names;
  for (const fs::path& file : ListFiles(folder, ".jsonl", false)) {
    if (FormatOfFile(file) == DataFormat::kManifest) {
      names += (names.empty() ? "'" : ", '") + file.filename().string() + "'";
    }
  }
  if (names.empty()) return;
  throw Error(ErrorKind::kBadData, "folder '" + folder.string() + "' holds a manifest (" + names +
                                       "): name the file, or say with --from in which other format to read the folder");
}

// scenes/ or faces/ of a collection says nothing by itself: which picture is for what stands in the table that both
// share.
void RefusePartOfCollection(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder / ".").lexically_normal().parent_path();
  if (!fs::exists(folder / "splits.csv") || !IsCollection(whole.parent_path())) return;
  throw Error(ErrorKind::kBadData, "folder '" + folder.string() + "' is part of a collection: give '" +
                                       whole.parent_path().string() + "', or one set in it");
}

// For the message: what was downloaded may lie there as it came.
std::string ArchivesIn(const fs::path& folder) {
  for (const char* ending : {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".xz", ".bz2"}) {
    const std::vector<fs::path> files = ListFiles(folder, ending, false);
    if (!files.empty()) return ". It holds the archive '" + files[0].filename().string() + "': unpack it first";
  }
  return "";
}

std::optional<DataFormat> FormatOfFolder(const fs::path& folder) {
  if (IsCollection(folder)) return DataFormat::kCollection;
  RefusePartOfCollection(folder);
  RefuseManifestsIn(folder);
  const fs::path annotations = FirstFolder(folder, {"Annotations", "annotations"}, {});
  if (!annotations.empty()) {
    if (!ListFiles(annotations, ".json", false).empty()) return DataFormat::kCoco;
    if (!ListFiles(annotations, ".xml", true).empty()) return DataFormat::kVoc;
  }
  for (const char* part : {".", "training", "train", "testing"}) {
    if (HoldsFolders(folder / part, {"label_2"})) return DataFormat::kKitti;
  }
  if (fs::exists(folder / "data.yaml") || fs::exists(folder / "data.yml") || fs::exists(folder / "dataset.yaml"))
    return DataFormat::kYolo;
  if (HoldsFolders(folder, {"wider_face_split"})) return DataFormat::kWider;
  for (const fs::path& part : ListFolders(folder)) {
    if (fs::exists(part / "label.txt")) return DataFormat::kRetinaFace;
    if (fs::exists(part / "_annotations.coco.json")) return DataFormat::kCoco;
  }
  if (const std::optional<DataFormat> format = FormatOfFilesIn(folder)) return format;
  if (!ListFiles(folder, ".xml", false).empty()) return DataFormat::kVoc;
  if (HoldsFolders(folder, {"labels"})) return DataFormat::kYolo;
  for (const fs::path& part : ListFolders(folder)) {
    if (!ListPictures(part).empty()) return DataFormat::kClassFolders;
    for (const fs::path& deeper : ListFolders(part)) {
      if (SplitOfWord(part.filename().string()) && !ListPictures(deeper).empty()) return DataFormat::kClassFolders;
    }
  }
  return std::nullopt;
}

}  // namespace

DataFormat DetectFormat(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) throw Error(ErrorKind::kNotFound, "'" + path.string() + "' does not exist");
  const bool folder = fs::is_directory(path, code);
  if (!folder) RefuseArchiveFile(path);
  if (!folder && Ending(path) == ".jsonl") return DataFormat::kManifest;
  if (const std::optional<DataFormat> format = folder ? FormatOfFolder(path) : FormatOfFile(path)) return *format;
  if (!folder) {
    throw Error(
        ErrorKind::kBadData,
        "cannot tell the format of '" + path.string() +
            "': it is no manifest (.jsonl), COCO or Label Studio (.json), CVAT (.xml), CSV, WIDER "
            "FACE or RetinaFace (.txt). Name it with --from; for VOC, YOLO, KITTI and class folders give the folder");
  }
  throw Error(
      ErrorKind::kBadData,
      "cannot tell the format of '" + path.string() +
          "': found no scenes/ or faces/ with splits.csv (collection), no Annotations/ with .xml or .json (VOC, COCO), "
          "no data.yaml or labels/ (YOLO), no label_2/ "
          "(KITTI), no label.txt (RetinaFace), no annotation file at its top (manifest, COCO, Label Studio, CVAT, CSV, "
          "WIDER) and no folders with "
          "pictures (class folders). Name it with --from" +
          ArchivesIn(path));
}

}  // namespace maskscope
