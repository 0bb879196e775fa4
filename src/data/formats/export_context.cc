#include "data/formats/export_context.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/files.h"
#include "data/formats/annotation_text.h"
#include "data/formats/export_labels.h"
#include "data/formats/import_context.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

// The folders that all the paths begin with, with a '/' at the end.
std::string CommonFolder(const std::vector<ManifestPicture>& pictures) {
  if (pictures.empty()) return "";
  std::string common = pictures[0].path.substr(0, pictures[0].path.rfind('/') + 1);
  for (const ManifestPicture& picture : pictures) {
    while (!picture.path.starts_with(common)) {
      common.erase(common.size() - 1);
      common.erase(common.rfind('/') + 1);
    }
  }
  return common;
}

std::string_view EndingOf(DataFormat format) {
  switch (format) {
    case DataFormat::kManifest:
      return ".jsonl";
    case DataFormat::kCoco:
    case DataFormat::kLabelStudio:
      return ".json";
    case DataFormat::kCvat:
      return ".xml";
    case DataFormat::kCsv:
      return ".csv";
    default:
      return "";
  }
}

// Digits of another format that only matter to it.
bool IsDigits(const std::string& key) { return key == "yolo.box" || key == "yolo.final_newline"; }

}  // namespace

double ShortestDouble(float value) { return std::strtod(NumberText(value).c_str(), nullptr); }

double ExtentOf(float start, float end) {
  const double from = ShortestDouble(start);
  const double exact = ShortestDouble(end) - from;
  const double shorter = ShortestDouble(static_cast<float>(exact));
  return static_cast<float>(from + shorter) == end ? shorter : exact;
}

FormatRoom RoomOf(DataFormat format) {
  FormatRoom room{.classes = true};
  switch (format) {
    case DataFormat::kVoc:
    case DataFormat::kCoco:
    case DataFormat::kLabelStudio:
    case DataFormat::kCsv:
    case DataFormat::kManifest:
    case DataFormat::kCollection:
      return {true, true, true, true, true, true, true};
    case DataFormat::kCvat:
      return {true, true, true, true, true, false, true};
    case DataFormat::kYolo:
      room.score = room.split = true;
      return room;
    case DataFormat::kKitti:
      room.score = true;
      return room;
    case DataFormat::kWider:
      room.classes = false;
      room.ignore = room.split = true;
      return room;
    case DataFormat::kRetinaFace:
      room.classes = false;
      room.landmarks = true;
      return room;
    case DataFormat::kClassFolders:
      room.split = true;
      return room;
  }
  return room;
}

ExportContext::ExportContext(const Dataset& dataset, const ExportOptions& options)
    : dataset_(dataset), options_(options) {
  PrepareTarget();
  NamePictures();
  ChooseLabels();
  CountLost();
}

ExportContext::~ExportContext() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void ExportContext::PrepareTarget() {
  const std::string_view ending = EndingOf(options_.format);
  one_file_ = !ending.empty() && options_.target.extension() == ending;
  if (one_file_ && options_.copy_pictures) {
    throw Error(ErrorKind::kUsage, "'" + options_.target.string() + "' is a file's name; with --copy give a folder");
  }
  if (one_file_) return;
  std::error_code code;
  const bool there = fs::exists(options_.target, code);
  if (there && (!fs::is_directory(options_.target, code) || !fs::is_empty(options_.target, code))) {
    throw Error(ErrorKind::kOutput,
                "'" + options_.target.string() + "' exists and is no empty folder; give a new folder");
  }
  fs::path target = options_.target;
  if (!target.has_filename()) target = target.parent_path();
  temporary_ = target;
  temporary_ += "." + std::to_string(::getpid()) + ".tmp";
  MakeFolder(temporary_);
}

void ExportContext::NamePictures() {
  prefix_ = CommonFolder(dataset_.pictures);
  for (const ManifestPicture& picture : dataset_.pictures) {
    ExportItem item;
    item.picture = &picture;
    item.name = picture.path.substr(prefix_.size());
    item.stem = fs::path(item.name).replace_extension().generic_string();
    item.width = picture.width;
    item.height = picture.height;
    if (item.width == 0) std::tie(item.width, item.height) = ReadPictureSize(dataset_.root / picture.path);
    items_.push_back(std::move(item));
  }
  summary_.pictures = static_cast<int64_t>(items_.size());
  summary_.images = dataset_.root / prefix_;
}

void ExportContext::ChooseLabels() {
  const LabelChooser chooser(dataset_, options_);
  std::vector<std::string>& classes = summary_.classes;
  if (!options_.state_names) classes = dataset_.header.classes;
  std::set<std::string> used;
  for (ExportItem& item : items_) {
    for (const ManifestFace& face : item.picture->faces) {
      bool corrected = false;
      item.labels.push_back(chooser.LabelOf(face, &corrected));
      used.insert(item.labels.back());
      if (corrected) Lose("published class names that contradict the face's state (written by the state)");
      const bool ignored = face.face.ignore && !chooser.MeansIgnore(item.labels.back());
      if (ignored && !RoomOf(options_.format).ignore) Lose("ignore flags (written as ordinary faces)");
      ++summary_.faces;
    }
  }
  // Names that the set does not order: the states as we order them, then by name.
  for (const char* state : {"correct", "incorrect", "none"}) {
    if (used.contains(state) && std::find(classes.begin(), classes.end(), state) == classes.end())
      classes.emplace_back(state);
  }
  for (const std::string& name : used) {
    if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
  }
  std::map<std::string, int> number;
  for (size_t i = 0; i < classes.size(); ++i) number[classes[i]] = static_cast<int>(i);
  for (ExportItem& item : items_) {
    for (const std::string& label : item.labels) item.numbers.push_back(number[label]);
  }
}

void ExportContext::CountLost() {
  for (const auto& [name, set] : dataset_.header.sets) {
    if (!set.origin.empty() || !set.licence.empty()) Lose("sets' origin and licence");
  }
  if (dataset_.header.sets.size() > 1) Lose("which set each picture is of");
  const FormatRoom room = RoomOf(options_.format);
  const std::string own(DataFormatName(options_.format));
  const auto foreign = [&](const AttributeBag& bag) {
    return std::any_of(bag.begin(), bag.end(),
                       [](const auto& one) { return !IsDigits(one.first) && !one.first.starts_with("maskscope."); });
  };
  for (const ExportItem& item : items_) {
    const ManifestPicture& picture = *item.picture;
    if (!room.split && picture.split != DatasetSplit::kUnassigned) Lose("splits");
    if (!room.picture_bag) {
      if (foreign(PictureBag(picture, own))) Lose("pictures' attributes");
      if (!picture.group.empty()) Lose("groups");
      if (!picture.author.empty() || !picture.licence.empty() || !picture.url.empty())
        Lose("pictures' author, licence or address");
      if (picture.synthetic) Lose("marks of synthetic pictures");
      if (picture.kind != PictureKind::kScene && options_.format != DataFormat::kClassFolders)
        Lose("kinds of pictures (read again as scenes)");
    }
    for (const ManifestFace& face : picture.faces) {
      if (!room.classes && (face.face.state || !face.label.empty())) Lose("class names and states");
      if (!room.landmarks && !face.face.landmarks.empty()) Lose("landmarks");
      if (!room.score && face.score) Lose("scores");
      if (!room.bag && foreign(FaceBag(face, own, {}))) Lose("faces' attributes");
    }
  }
}

std::vector<DatasetSplit> ExportContext::Splits() const {
  std::vector<DatasetSplit> splits;
  for (const DatasetSplit split :
       {DatasetSplit::kUnassigned, DatasetSplit::kTrain, DatasetSplit::kValidation, DatasetSplit::kTest}) {
    if (std::any_of(items_.begin(), items_.end(), [&](const ExportItem& item) { return item.picture->split == split; }))
      splits.push_back(split);
  }
  return splits;
}

void ExportContext::Step(int64_t count) {
  if (options_.stop && options_.stop())
    throw Error(ErrorKind::kInterrupted,
                "stopped while writing; nothing was left at '" + options_.target.string() + "'");
  if (options_.progress != nullptr) options_.progress->Step(count);
}

void ExportContext::Write(const std::string& name, std::string_view text) {
  Step(0);
  if (one_file_) {
    one_text_ = text;
    return;
  }
  MakeFolder((temporary_ / name).parent_path());
  WriteFileAtomically(temporary_ / name, text);
}

std::string ExportContext::NumberAttribute(const AttributeBag& attributes, const std::string& key,
                                           const std::string& otherwise) {
  const std::string text = AttributeOr(attributes, key, otherwise);
  try {
    ParseNumber(text, key);
    return std::string(TrimBlanks(text));
  } catch (const AnnotationFault&) {
    Lose("attributes that should be numbers and are not");
    return otherwise;
  }
}

void ExportContext::RequireStemsDiffer() const {
  std::map<std::string, std::string> seen;
  for (const ExportItem& item : items_) {
    const auto [other, fresh] = seen.emplace(item.stem, item.name);
    if (!fresh) {
      throw Error(ErrorKind::kBadData, "pictures '" + other->second + "' and '" + item.name +
                                           "' would share a label file in the format " +
                                           std::string(DataFormatName(options_.format)) + "; rename one of them");
    }
  }
}

void ExportContext::PlacePictures(const std::string& folder) {
  if (!options_.copy_pictures) return;
  std::vector<std::string> places;
  places.reserve(items_.size());
  for (const ExportItem& item : items_) places.push_back(folder + "/" + item.name);
  PlacePicturesAt(places);
  summary_.images = options_.target / folder;
}

void ExportContext::PlacePicturesAt(const std::vector<std::string>& places) {
  for (size_t i = 0; i < places.size(); ++i) {
    Step(1);
    const fs::path from = dataset_.root / items_[i].picture->path, to = temporary_ / places[i];
    MakeFolder(to.parent_path());
    std::error_code code;
    fs::copy_file(from, to, code);
    if (code) {
      throw Error(fs::exists(from) ? ErrorKind::kOutput : ErrorKind::kNotFound,
                  "cannot copy '" + from.string() + "' to '" + to.string() + "': " + code.message());
    }
  }
  summary_.images = options_.target;
}

ExportSummary ExportContext::Commit() {
  if (one_file_) {
    if (options_.target.has_parent_path()) MakeFolder(options_.target.parent_path());
    WriteFileAtomically(options_.target, one_text_);
    return summary_;
  }
  std::error_code code;
  fs::remove(options_.target, code);  // an empty folder, or nothing
  fs::path target = options_.target;
  if (!target.has_filename()) target = target.parent_path();
  fs::rename(temporary_, target, code);
  if (code) throw Error(ErrorKind::kOutput, "cannot write '" + target.string() + "': " + code.message());
  temporary_.clear();
  return summary_;
}

}  // namespace maskscope
