#include "data/formats/formats.h"

#include <yaml-cpp/yaml.h>

#include <array>

#include "base/error.h"
#include "data/formats/collection_dataset.h"
#include "data/formats/import_context.h"
#include "data/formats/known_sets.h"
#include "data/labels.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, kDataFormats> kNames{"manifest",    "voc",        "yolo",  "coco",
                                                            "wider",       "retinaface", "kitti", "cvat",
                                                            "labelstudio", "folders",    "csv",   "collection"};

void ReadInto(DataFormat format, ImportContext& context) {
  switch (format) {
    case DataFormat::kManifest:
    case DataFormat::kCollection:
      return;  // read by ReadManifest, ReadCollectionDataset
    case DataFormat::kVoc:
      return ReadVocInto(context);
    case DataFormat::kYolo:
      return ReadYoloInto(context);
    case DataFormat::kCoco:
      return ReadCocoInto(context);
    case DataFormat::kWider:
      return ReadWiderInto(context);
    case DataFormat::kRetinaFace:
      return ReadRetinaFaceInto(context);
    case DataFormat::kKitti:
      return ReadKittiInto(context);
    case DataFormat::kCvat:
      return ReadCvatInto(context);
    case DataFormat::kLabelStudio:
      return ReadLabelStudioInto(context);
    case DataFormat::kClassFolders:
      return ReadClassFoldersInto(context);
    case DataFormat::kCsv:
      return ReadCsvInto(context);
  }
}

void RequireSource(const fs::path& source) {
  std::error_code code;
  if (!fs::exists(source, code)) throw Error(ErrorKind::kNotFound, "'" + source.string() + "' does not exist");
  if (fs::is_regular_file(source, code)) RefuseArchiveFile(source);
}

}  // namespace

std::string_view DataFormatName(DataFormat format) { return kNames[static_cast<size_t>(format)]; }

DataFormat ParseDataFormat(std::string_view name) {
  std::string all;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DataFormat>(i);
    all += (all.empty() ? "" : ", ") + std::string(kNames[i]);
  }
  const std::string near = NearestWord(name, {kNames.begin(), kNames.end()});
  throw Error(ErrorKind::kUsage, "unknown format '" + std::string(name) + "'" +
                                     (near.empty() ? "" : " (did you mean '" + near + "'?)") + ", known are " + all);
}

void ImportOptions::Validate() const {
  Problems problems;
  problems.Require(!source.empty(), "source", "nothing", "a file or folder");
  problems.Require(!classes.empty(), "classes", "an empty map", "class names and what they mean");
  for (const auto& [name, meaning] : classes) {
    try {
      ParseLabelClass(name, meaning);
    } catch (const Error& error) {
      problems.Add(error.what());
    }
  }
  problems.ThrowIfAny(ErrorKind::kUsage, "import options");
}

void ImportOptions::ValidateFor(DataFormat actual) const {
  Validate();
  if (NamesClasses(actual)) return;
  const std::string itself = "a " + std::string(DataFormatName(actual)) + " says itself ";
  Problems problems;
  if (!images.empty()) problems.Add("images (--images): " + itself + "where its pictures lie");
  if (!class_names.empty()) problems.Add("class names (--names): " + itself + "what its faces are");
  if (classes != DefaultClassMap()) problems.Add("class map (--map): " + itself + "what its faces are");
  problems.ThrowIfAny(ErrorKind::kUsage, "'" + source.string() + "'");
}

Dataset ReadAnnotations(const ImportOptions& options, const ProblemSink& sink) {
  options.Validate();
  RequireSource(options.source);
  const DataFormat format = options.format ? *options.format : DetectFormat(options.source);
  options.ValidateFor(format);
  if (!NamesClasses(format)) {
    return format == DataFormat::kManifest ? ReadManifest(options.source) : ReadCollectionDataset(options.source);
  }
  const bool file_only =
      format == DataFormat::kVoc || format == DataFormat::kKitti || format == DataFormat::kClassFolders;
  if (file_only && !fs::is_directory(options.source)) {
    throw Error(ErrorKind::kBadData, "'" + options.source.string() + "' is a file, wanted the set's folder");
  }
  ImportContext context(options, sink);
  if (options.progress != nullptr) options.progress->Start("reading annotations", 0, "pictures");
  try {
    ReadInto(format, context);
  } catch (const AnnotationFault& fault) {
    throw Error(ErrorKind::kBadData, "'" + options.source.string() + "', " + fault.where + ": " + fault.message);
  }
  Dataset dataset = context.Finish();
  StateKnownSets(dataset.header);
  if (options.progress != nullptr) options.progress->Finish();
  return dataset;
}

bool NamesClasses(DataFormat format) { return format != DataFormat::kManifest && format != DataFormat::kCollection; }

ClassMap ReadClassMap(const fs::path& file) {
  const std::string text = ReadAnnotationText(file, 1 << 20);
  ClassMap classes;
  try {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap() || root.size() == 0)
      FailLabel(file, "line 1", "wanted lines 'NAME: correct|incorrect|none|face|ignore'");
    for (const auto& entry : root) {
      const std::string name = entry.first.as<std::string>();
      const std::string meaning = entry.second.as<std::string>();
      const std::string where = "line " + std::to_string(entry.first.Mark().line + 1);
      try {
        ParseLabelClass(name, meaning);
      } catch (const Error& error) {
        FailLabel(file, where, error.what());
      }
      if (meaning.empty()) FailLabel(file, where, "'" + name + "' is mapped to nothing");
      if (!classes.emplace(name, meaning).second) FailLabel(file, where, "'" + name + "' stands there twice");
    }
  } catch (const YAML::Exception& error) {
    FailLabel(file, "line " + std::to_string(error.mark.line + 1), error.msg);
  }
  return classes;
}

}  // namespace maskscope
