#include <array>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/labels.h"

// WIDER FACE (wider_face_*_bbx_gt.txt) and RetinaFace's label.txt: a line with the picture, then a line a face.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 6> kWiderNames{"blur", "expression", "illumination", "invalid", "occlusion", "pose"};

std::string LineOf(size_t index) { return "line " + std::to_string(index + 1); }

std::vector<double> Numbers(std::string_view line, const std::string& where) {
  std::vector<double> numbers;
  for (const std::string_view field : SplitFields(line)) numbers.push_back(ParseNumber(field, where));
  return numbers;
}

void ReadWiderFace(std::string_view line, const std::string& where, const fs::path& file, ManifestPicture* picture,
                   ImportContext& context) {
  const std::vector<double> v = Numbers(line, where);
  if (v.size() != 4 && v.size() != 10) {
    throw AnnotationFault{
        "bad_line", where,
        "found " + std::to_string(v.size()) + " numbers, wanted 4 (x, y, width, height) or 10 (and six attributes)"};
  }
  ManifestFace face;
  context.SetBox({v[0], v[1], v[0] + v[2], v[1] + v[3]}, *picture, file, where, &face);
  for (size_t i = 4; i < v.size(); ++i) face.attributes[std::string("wider.") + kWiderNames[i - 4]] = NumberText(v[i]);
  face.face.ignore = v.size() == 10 && v[7] == 1;
  if (v.size() == 10) face.attributes.erase("wider.invalid");
  picture->faces.push_back(std::move(face));
}

void ReadWiderFile(const fs::path& file, DatasetSplit split, ImportContext& context) {
  const std::string text = ReadAnnotationText(file, kMaxAnnotationBytes);
  const std::vector<std::string_view> lines = SplitLines(text);
  for (size_t at = 0; at < lines.size();) {
    const std::string_view name = TrimBlanks(lines[at]);
    if (name.empty()) {
      ++at;
      continue;
    }
    const std::string where = LineOf(at);
    double count = 0;
    try {
      if (at + 1 >= lines.size())
        throw AnnotationFault{"bad_line", where, "the file ends where the number of faces should stand"};
      count = ParseNumber(lines[at + 1], LineOf(at + 1));
      if (count < 0 || count > 1e6 || count != static_cast<int>(count) ||
          at + 2 + static_cast<size_t>(count) > lines.size()) {
        throw AnnotationFault{"bad_line", LineOf(at + 1),
                              "found " + NumberText(count) + ", wanted the number of faces that follow"};
      }
    } catch (const AnnotationFault& fault) {  // where the next picture begins cannot be known
      throw Error(ErrorKind::kBadData, "'" + file.string() + "', " + fault.where + ": " + fault.message);
    }
    ManifestPicture* picture = context.AddPicture(name, 0, 0, file, where);
    if (picture != nullptr) picture->split = split;
    at += 2;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i, ++at) {
      if (picture == nullptr) continue;
      context.Try(file, [&] { ReadWiderFace(lines[at], LineOf(at), file, picture, context); });
    }
    // A picture without faces is followed by one line of zeros.
    if (count == 0 && at < lines.size() && lines[at].find_first_not_of("0 \t") == std::string_view::npos) ++at;
  }
}

void ReadRetinaFaceFace(std::string_view line, const std::string& where, const fs::path& file, ManifestPicture* picture,
                        ImportContext& context) {
  const std::vector<double> v = Numbers(line, where);
  if (v.size() != 4 && v.size() != 19 && v.size() != 20) {
    throw AnnotationFault{"bad_line", where,
                          "found " + std::to_string(v.size()) +
                              " numbers, wanted 4 (x, y, width, height), or 19 or 20 (five times x, y, flag; quality)"};
  }
  ManifestFace face;
  context.SetBox({v[0], v[1], v[0] + v[2], v[1] + v[3]}, *picture, file, where, &face);
  if (v.size() > 4) {
    std::string flags;
    for (size_t i = 4; i < 19; i += 3) {
      face.face.landmarks.push_back({static_cast<float>(v[i]), static_cast<float>(v[i + 1])});
      flags += (flags.empty() ? "" : " ") + NumberText(v[i + 2]);
    }
    if (v[4] == -1 && v[5] == -1) {
      face.face.landmarks.clear();
    } else if (flags != "0 0 0 0 0") {
      face.attributes["retinaface.flags"] = flags;
    }
    if (v.size() == 20) face.attributes["retinaface.quality"] = NumberText(v[19]);
  }
  picture->faces.push_back(std::move(face));
}

void ReadRetinaFaceFile(const fs::path& file, const std::string& folder, DatasetSplit split, ImportContext& context) {
  const std::string text = ReadAnnotationText(file, kMaxAnnotationBytes);
  const std::vector<std::string_view> lines = SplitLines(text);
  ManifestPicture* picture = nullptr;
  bool named = false;
  for (size_t at = 0; at < lines.size(); ++at) {
    const std::string_view line = TrimBlanks(lines[at]);
    if (line.empty()) continue;
    if (line[0] == '#') {
      const std::string_view name = TrimBlanks(line.substr(1));
      picture = SafeRelativePath(name) ? context.AddPicture(folder + std::string(name), 0, 0, file, LineOf(at))
                                       : context.AddPicture(name, 0, 0, file, LineOf(at));
      named = true;
      if (picture != nullptr) picture->split = split;
    } else if (!named) {
      throw Error(ErrorKind::kBadData, "'" + file.string() + "', " + LineOf(at) + ": wanted a line '# PICTURE' first");
    } else if (picture != nullptr) {
      context.Try(file, [&] { ReadRetinaFaceFace(line, LineOf(at), file, picture, context); });
    }
  }
}

}  // namespace

void ReadWiderInto(ImportContext& context) {
  const fs::path& source = context.source();
  std::vector<fs::path> files{source};
  if (fs::is_directory(source)) {
    std::erase_if(files = ListFiles(source, ".txt", true),
                  [](const fs::path& file) { return file.filename().string().find("bbx_gt") == std::string::npos; });
  }
  if (files.empty())
    throw Error(ErrorKind::kBadData, "folder '" + source.string() + "' holds no wider_face_*_bbx_gt.txt");
  const fs::path folder = context.dataset().root;
  context.SetImages(FirstFolder(folder, {"images", "WIDER_train/images", "WIDER_val/images"}, folder));
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    DatasetSplit split = DatasetSplit::kUnassigned;
    for (const char* word : {"train", "val", "test"}) {
      if (name.find(std::string("_") + word) != std::string::npos) split = *SplitOfWord(word);
    }
    ReadWiderFile(file, split, context);
  }
  context.WarnOfUnlabelled(context.images());
}

void ReadRetinaFaceInto(ImportContext& context) {
  const fs::path& source = context.source();
  const fs::path folder = context.dataset().root;
  if (fs::is_regular_file(source) || fs::is_regular_file(source / "label.txt")) {
    const fs::path file = fs::is_directory(source) ? source / "label.txt" : source;
    context.SetImages(FirstFolder(folder, {"images"}, folder));
    ReadRetinaFaceFile(file, "", SplitOfWord(folder.filename().string()).value_or(DatasetSplit::kUnassigned), context);
  } else {
    context.SetImages(folder);
    bool any = false;
    for (const fs::path& part : ListFolders(folder)) {
      if (!fs::is_regular_file(part / "label.txt")) continue;
      const std::string name = part.filename().string();
      const bool deep = context.options().images.empty();
      ReadRetinaFaceFile(part / "label.txt", deep ? name + (fs::is_directory(part / "images") ? "/images/" : "/") : "",
                         SplitOfWord(name).value_or(DatasetSplit::kUnassigned), context);
      any = true;
    }
    if (!any) throw Error(ErrorKind::kBadData, "folder '" + source.string() + "' holds no label.txt");
  }
  context.WarnOfUnlabelled(context.images());
}

}  // namespace maskscope
