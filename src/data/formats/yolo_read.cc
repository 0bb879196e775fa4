#include <algorithm>

#include "base/error.h"
#include "data/formats/import_context.h"
#include "data/formats/yolo_yaml.h"
#include "data/labels.h"

// YOLO: images/ beside labels/, class numbers named by data.yaml.
namespace maskscope {
namespace {

namespace fs = std::filesystem;

// A folder of pictures, the folder of their labels, and the split it is.
struct Section {
  fs::path images, labels;
  DatasetSplit split = DatasetSplit::kUnassigned;
};

// labels/train beside images/train, by the last folder called images; the pictures' own folder otherwise.
fs::path LabelsBeside(const fs::path& images) {
  std::vector<fs::path> parts(images.begin(), images.end());
  const auto found = std::find(parts.rbegin(), parts.rend(), fs::path("images"));
  if (found == parts.rend()) return images;
  *found = "labels";
  fs::path labels;
  for (const fs::path& part : parts) labels /= part;
  return labels;
}

// "class cx cy w h [score]", the four in shares of the picture's sides.
bool ReadLine(std::string_view line, const std::vector<std::string>& names, const fs::path& file,
              const std::string& where, const ManifestPicture& picture, ImportContext& context, ManifestFace* face) {
  const std::vector<std::string_view> fields = SplitFields(line);
  if (fields.size() != 5 && fields.size() != 6) {
    throw AnnotationFault{"bad_line", where,
                          "found " + std::to_string(fields.size()) +
                              " fields, wanted 5 (class, centre x, centre y, width, height) or 6 (and a score)"};
  }
  const double index = ParseNumber(fields[0], where + ", class");
  if (index < 0 || index >= static_cast<double>(names.size()) || index != static_cast<int>(index)) {
    throw AnnotationFault{
        "bad_class_number", where,
        "found class " + std::string(fields[0]) + ", wanted 0 to " + std::to_string(names.size() - 1)};
  }
  static constexpr const char* kNames[] = {"centre x", "centre y", "width", "height", "score"};
  double value[5];
  for (size_t i = 0; i + 1 < fields.size(); ++i) {
    value[i] = ParseNumber(fields[i + 1], where + ", " + kNames[i]);
    const bool side = i == 2 || i == 3;
    if (value[i] < 0 || value[i] > 1 || (side && value[i] == 0)) {
      throw AnnotationFault{"bad_box", where,
                            std::string("found ") + kNames[i] + " " + std::string(fields[i + 1]) + ", wanted a share " +
                                (side ? "above 0, at most 1" : "from 0 to 1")};
    }
  }
  const bool known =
      context.SetClass(names[static_cast<size_t>(index)], file, where + ", class " + std::string(fields[0]), face);
  if (fields.size() == 6) face->score = static_cast<float>(value[4]);
  context.SetBox(YoloEdges({value[0], value[1], value[2], value[3]}, picture.width, picture.height), picture, file,
                 where, face);
  // The decimals as they stand there, so that they can be written again digit by digit.
  face->attributes["yolo.box"] = std::string(fields[1]) + " " + std::string(fields[2]) + " " + std::string(fields[3]) +
                                 " " + std::string(fields[4]);
  return known;
}

void ReadLabels(const std::string& text, const fs::path& file, const std::vector<std::string>& names,
                ManifestPicture* picture, ImportContext& context) {
  if (!text.empty() && text.back() != '\n') picture->attributes["yolo.final_newline"] = "0";
  int number = 0;
  for (const std::string_view line : SplitLines(text)) {
    ++number;
    if (TrimBlanks(line).empty()) continue;
    context.Try(file, [&] {
      ManifestFace face;
      if (ReadLine(line, names, file, "line " + std::to_string(number), *picture, context, &face)) {
        picture->faces.push_back(std::move(face));
      }
    });
  }
}

void ReadSection(const Section& section, const std::vector<std::string>& names, ImportContext& context) {
  // Pictures that were named apart (--images) and do not lie beside their labels may lie among those of other sets.
  const bool apart = !context.options().images.empty() &&
                     fs::weakly_canonical(LabelsBeside(section.images)) != fs::weakly_canonical(section.labels);
  std::map<std::string, fs::path> label_of;  // stem -> file
  if (fs::is_directory(section.labels)) {
    for (const fs::path& file : ListFiles(section.labels, ".txt", false)) {
      if (section.labels != section.images || file.stem() != "classes") label_of[file.stem().string()] = file;
    }
  }
  std::map<std::string, fs::path> picture_of;
  for (const fs::path& path : ListPictures(section.images)) {
    const std::string stem = path.stem().string();
    if (const auto [other, fresh] = picture_of.emplace(stem, path); !fresh) {
      context.Fail({"picture_twice", "name", "'" + other->second.filename().string() + "' shares its label file"},
                   path);
      continue;
    }
    const auto found = label_of.find(stem);
    const fs::path file = found == label_of.end() ? fs::path() : found->second;
    if (found != label_of.end()) label_of.erase(found);
    std::string text;
    if (!file.empty() && !context.Try(file, [&] { text = ReadAnnotationText(file, kMaxPictureAnnotationBytes); }))
      continue;  // without its labels the picture would pass for one without faces
    if (file.empty() && apart) {
      context.Warn({"not_labelled", "", "the picture has no label file; it is left out"}, path);
      continue;
    }
    // Shares of the sides mean nothing without the picture: its header is read whatever the options say.
    ManifestPicture* picture =
        context.AddPicture(path.lexically_relative(context.images()).generic_string(), -1, -1, path, "");
    if (picture == nullptr) continue;
    picture->split = section.split;
    if (file.empty())
      context.Note({"no_label_file", "", "the picture has no label file: taken as without faces"}, path);
    ReadLabels(text, file, names, picture, context);
  }
  for (const auto& [stem, file] : label_of) {
    context.Fail({"picture_missing_for_label", "", "label file has no picture in '" + section.images.string() + "'"},
                 file);
  }
}

// Every folder with pictures from `images` down.
void AddSections(const fs::path& images, const fs::path& labels, DatasetSplit split, std::vector<Section>* sections) {
  sections->push_back({images, labels, split});
  for (const fs::path& folder : ListFolders(images)) {
    const std::string name = folder.filename().string();
    if (folder == labels || name == "labels") continue;
    AddSections(folder, labels == images ? folder : labels / name,
                split == DatasetSplit::kUnassigned ? SplitOfWord(name).value_or(split) : split, sections);
  }
}

}  // namespace

void ReadYoloSections(const fs::path& images, const fs::path& labels, const std::vector<std::string>& names,
                      ImportContext& context) {
  std::vector<Section> sections;
  AddSections(images, labels, DatasetSplit::kUnassigned, &sections);
  for (const Section& section : sections) ReadSection(section, names, context);
}

void ReadYoloInto(ImportContext& context) {
  const ImportOptions& options = context.options();
  YoloYaml yaml;
  if (options.class_names.empty()) {
    yaml = ReadYoloYaml(FindYoloYaml(options.source));
  } else {
    yaml.names = options.class_names;
  }
  if (yaml.names.empty())
    throw Error(ErrorKind::kBadData, "'" + options.source.string() + "': found no class names, wanted at least one");
  context.dataset().header.classes = yaml.names;
  const fs::path folder = context.dataset().root;
  const fs::path images = FirstFolder(folder, {"images"}, folder);
  context.SetImages(images);
  if (!options.images.empty()) {
    ReadYoloSections(context.images(), FirstFolder(folder, {"labels"}, folder), yaml.names, context);
  } else {
    // train/images beside train/labels (Roboflow), or images/train beside labels/train (Ultralytics).
    std::vector<Section> sections;
    if (images != folder) {
      AddSections(images, LabelsBeside(images), DatasetSplit::kUnassigned, &sections);
    } else {
      for (const fs::path& part : ListFolders(folder)) {
        if (!fs::is_directory(part / "images")) continue;
        AddSections(part / "images", part / "labels",
                    SplitOfWord(part.filename().string()).value_or(DatasetSplit::kUnassigned), &sections);
      }
      if (sections.empty()) AddSections(folder, folder, DatasetSplit::kUnassigned, &sections);
    }
    for (const Section& section : sections) ReadSection(section, yaml.names, context);
  }
  context.ApplySplits(YoloSplits(yaml, folder, context));
}

}  // namespace maskscope
