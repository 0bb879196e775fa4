#include "data/formats/import_context.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "data/labels.h"
#include "image/decode.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr double kMaxSide = 1 << 20;                             // pixels
constexpr std::array<size_t, 2> kHeaderBytes{1 << 13, 1 << 17};  // most need little, large metadata more
constexpr int64_t kMaxPictureBytes = int64_t{256} << 20;

// `inner` below `outer`: its path there ("" for the same folder); nothing when it lies elsewhere.
std::optional<std::string> Below(const fs::path& inner, const fs::path& outer) {
  const fs::path relative = fs::weakly_canonical(inner).lexically_relative(fs::weakly_canonical(outer));
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative == "." ? "" : relative.generic_string();
}

ErrorKind KindOf(const std::string& problem) {
  if (problem == "picture_missing") return ErrorKind::kNotFound;
  if (problem == "bad_picture") return ErrorKind::kBadImage;
  return ErrorKind::kBadData;
}

std::string Place(const fs::path& file, const AnnotationFault& fault) {
  return "'" + file.string() + "'" + (fault.where.empty() ? "" : ", " + fault.where) + ": " + fault.message;
}

}  // namespace

std::pair<int, int> ReadPictureSize(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<uint8_t> bytes;
  for (const size_t enough : kHeaderBytes) {
    const size_t before = bytes.size();
    bytes.resize(enough);
    stream.read(reinterpret_cast<char*>(bytes.data() + before), static_cast<std::streamsize>(enough - before));
    bytes.resize(before + static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
    if (bytes.size() < enough) break;  // that was the file, or it cannot be read: said below
    try {
      const ImageInfo info = ReadImageInfo(bytes, file.string());
      return {info.width, info.height};
    } catch (const Error&) {
      // What was read may end within the header.
    }
  }
  const ImageInfo info = ReadImageInfo(ReadFileBytes(file, kMaxPictureBytes), file.string());
  return {info.width, info.height};
}

fs::path FirstFolder(const fs::path& parent, std::initializer_list<const char*> names, const fs::path& otherwise) {
  for (const char* name : names) {
    if (fs::is_directory(parent / name)) return parent / name;
  }
  return otherwise;
}

ImportContext::ImportContext(const ImportOptions& options, const ProblemSink& sink) : options_(options), sink_(sink) {
  const fs::path folder =
      fs::is_directory(options.source) ? options.source : fs::absolute(options.source).parent_path();
  std::string name = fs::weakly_canonical(folder).filename().string();
  if (name.empty()) name = "dataset";
  dataset_.header.name = name;
  dataset_.header.sets[name];
  dataset_.root = folder;
}

void ImportContext::Report(DataProblem::Severity severity, const AnnotationFault& fault, const fs::path& file) const {
  if (sink_) sink_({severity, fault.kind, file.string(), fault.where, fault.message});
}
void ImportContext::Fail(const AnnotationFault& fault, const fs::path& file) {
  if (!sink_) throw Error(KindOf(fault.kind), Place(file, fault));
  Report(DataProblem::Severity::kError, fault, file);
}
void ImportContext::Warn(const AnnotationFault& fault, const fs::path& file) {
  Report(DataProblem::Severity::kWarning, fault, file);
}
void ImportContext::Note(const AnnotationFault& fault, const fs::path& file) {
  Report(DataProblem::Severity::kNote, fault, file);
}

void ImportContext::SetImages(const fs::path& found) {
  images_ = options_.images.empty() ? found : options_.images;
  if (!fs::is_directory(images_)) {
    throw Error(fs::exists(images_) ? ErrorKind::kUnreadable : ErrorKind::kNotFound,
                "'" + images_.string() + "' is not a folder, wanted the folder of the pictures");
  }
  const fs::path folder = dataset_.root;
  const std::optional<std::string> below = Below(images_, folder);
  prefix_ = below.value_or("");
  if (!below) dataset_.root = images_;
  guard_.emplace(dataset_.root);
}

bool ImportContext::IsBadFile(ErrorKind kind) {
  return kind == ErrorKind::kBadData || kind == ErrorKind::kUnreadable || kind == ErrorKind::kTooLarge;
}

// Reports when it is not.
bool ImportContext::IsThere(const ManifestPicture& picture, const fs::path& file, const std::string& where) {
  const fs::path path = FileOf(picture);
  std::error_code code;
  if (!fs::is_regular_file(path, code)) {
    Fail({"picture_missing", where,
          "picture '" + path.string() + "', named in '" + file.string() +
              "', does not exist; give the folder of the pictures (--images) if they lie elsewhere"},
         file);
    return false;
  }
  if (guard_ && !guard_->Inside(picture.path, fs::is_symlink(fs::symlink_status(path, code)))) {
    Fail({"outside_root", where,
          "picture '" + path.string() + "': a link leads out of '" + dataset_.root.string() +
              "'; copy the picture below it, or give the folder of the pictures (--images)"},
         file);
    return false;
  }
  return true;
}

bool ImportContext::ReadSize(ManifestPicture* picture, const fs::path& file, const std::string& where) {
  const fs::path path = FileOf(*picture);
  try {
    const auto [width, height] = ReadPictureSize(path);
    if (picture->width > 0 && (picture->width != width || picture->height != height)) {
      Warn({"size_differs", where,
            "the annotation says " + std::to_string(picture->width) + " x " + std::to_string(picture->height) +
                " pixels, '" + picture->name + "' has " + std::to_string(width) + " x " + std::to_string(height) +
                (picture->width == height && picture->height == width
                     ? " once it is turned upright: the boxes may have been drawn before turning"
                     : "; boxes are taken as they stand")},
           file);
    }
    picture->width = width;
    picture->height = height;
    return true;
  } catch (const Error& error) {
    Fail({"bad_picture", where, error.what()}, file);
    return false;
  }
}

ManifestPicture* ImportContext::AddPicture(std::string_view name, int width, int height, const fs::path& file,
                                           const std::string& where) {
  Step();
  const std::optional<std::string> safe = SafeRelativePath(name);
  if (!safe) {
    Fail({"bad_path", where,
          "found '" + std::string(name.substr(0, 200)) + "', wanted the picture's path below '" + images_.string() +
              "' (not absolute, without '..')"},
         file);
    return nullptr;
  }
  ManifestPicture picture;
  picture.name = picture.path = prefix_.empty() ? *safe : prefix_ + "/" + *safe;
  picture.set = dataset_.header.sets.begin()->first;
  picture.width = width;
  picture.height = height;
  if (paths_.contains(picture.path)) {
    Fail({"picture_twice", where, "picture '" + picture.name + "' is annotated twice"}, file);
    return nullptr;
  }
  if (!IsThere(picture, file, where)) return nullptr;
  if ((options_.check == PictureCheck::kHeader || width < 0) && !ReadSize(&picture, file, where)) return nullptr;
  paths_.insert(picture.path);
  pictures_.push_back(std::move(picture));
  return &pictures_.back();
}

bool ImportContext::SetClass(std::string_view name, const fs::path& file, const std::string& where,
                             ManifestFace* face) {
  face->label = name;
  const auto found = options_.classes.find(face->label);
  if (found == options_.classes.end()) {
    Unknown& unknown = unknown_[face->label];
    if (unknown.count++ == 0) {
      unknown.file = file;
      unknown.where = where;
    }
    return false;
  }
  const LabelClass meaning = ParseLabelClass(found->first, found->second);
  face->face.state = meaning.state;
  face->face.ignore = meaning.ignore;
  return true;
}

void ImportContext::SetBox(const std::array<double, 4>& edges, const ManifestPicture& picture, const fs::path& file,
                           const std::string& where, ManifestFace* face) {
  const auto fault = [&](const std::string& what) {
    return AnnotationFault{"bad_box", where,
                           what + ": x1 " + NumberText(edges[0]) + ", y1 " + NumberText(edges[1]) + ", x2 " +
                               NumberText(edges[2]) + ", y2 " + NumberText(edges[3])};
  };
  for (const double edge : edges) {
    if (!std::isfinite(edge)) throw AnnotationFault{"bad_box", where, "a coordinate is not finite"};
    if (std::abs(edge) > kMaxSide) throw AnnotationFault{"bad_box", where, "a coordinate lies beyond any picture"};
  }
  if (edges[2] < edges[0] || edges[3] < edges[1]) throw fault("the box is swapped (its end lies before its start)");
  if (edges[2] == edges[0] || edges[3] == edges[1]) throw fault("the box is empty");
  const double right = picture.width > 0 ? picture.width : kMaxSide;
  const double bottom = picture.height > 0 ? picture.height : kMaxSide;
  if (edges[0] >= right || edges[1] >= bottom || edges[2] <= 0 || edges[3] <= 0) {
    throw fault("the box lies outside the picture of " + std::to_string(picture.width) + " x " +
                std::to_string(picture.height) + " pixels");
  }
  face->face.box = {static_cast<float>(std::max(edges[0], 0.0)), static_cast<float>(std::max(edges[1], 0.0)),
                    static_cast<float>(std::min(edges[2], right)), static_cast<float>(std::min(edges[3], bottom))};
  const Box& box = face->face.box;
  if (!(box.width() > 0 && box.height() > 0)) throw fault("the box is empty");
  if (edges[0] < 0 || edges[1] < 0 || edges[2] > right || edges[3] > bottom) {
    Note({"box_clamped", where, "a box that reaches over the frame was cut there"}, file);
  }
}

void ImportContext::ApplySplits(const std::map<std::string, DatasetSplit>& split_of) {
  std::map<std::string, DatasetSplit> folders;
  for (const auto& [name, split] : split_of) {
    if (name.ends_with("/")) folders[name] = split;
  }
  std::map<std::string_view, ManifestPicture*> by_path;
  for (ManifestPicture& picture : pictures_) {
    by_path[picture.path] = &picture;
    for (const auto& [name, split] : folders) {
      if (picture.path.starts_with(name)) picture.split = split;
    }
  }
  for (const auto& [name, split] : split_of) {
    if (name.ends_with("/")) continue;
    auto found = by_path.find(name);
    const std::string prefixed = prefix_ + "/" + name;
    if (found == by_path.end()) found = by_path.find(prefixed);
    // Lists name pictures as they would lie beside them.
    const bool apart = !options_.images.empty() && name.starts_with("images/");
    if (found == by_path.end() && apart) found = by_path.find(std::string_view(name).substr(7));
    if (found != by_path.end()) {
      found->second->split = split;
    } else {
      Fail({"picture_missing", "split " + std::string(DatasetSplitName(split)),
            "lists '" + name + "', which is no picture of the set"},
           source());
    }
  }
}

void ImportContext::WarnOfUnlabelled(const fs::path& folder) {
  if (!sink_) return;
  for (const fs::path& file : ListPictures(folder)) {
    const std::optional<std::string> path = Below(file, dataset_.root);
    if (path && !paths_.contains(*path)) {
      Warn({"not_labelled", "", "no annotation names this picture; it is left out"}, file);
    }
  }
  for (const fs::path& deeper : ListFolders(folder)) WarnOfUnlabelled(deeper);
}

void ImportContext::Step() {
  if (options_.stop && options_.stop()) throw Error(ErrorKind::kInterrupted, "stopped while reading annotations");
  if (options_.progress != nullptr) options_.progress->Step();
}

void ImportContext::ReportUnknownClasses() {
  if (unknown_.empty()) return;
  const auto& [name, first] = *unknown_.begin();
  std::string message;
  if (unknown_.size() == 1) {
    message = DescribeUnknownClass(name, options_.classes) + ", " + std::to_string(first.count) + " times";
  } else {
    message = std::to_string(unknown_.size()) + " unknown classes:";
    for (const auto& [other, unknown] : unknown_) {
      message += (&other == &name ? " " : "; ") +
                 DescribeUnknownClass(other, options_.classes).substr(std::string("unknown class ").size()) + " " +
                 std::to_string(unknown.count) + " times";
    }
  }
  Fail({"unknown_class", first.where,
        message + "; known are " + KnownClasses(options_.classes) + ". Map the names with a class map (--map)"},
       first.file);
}

Dataset ImportContext::Finish() {
  ReportUnknownClasses();
  if (pictures_.empty() && !sink_) {
    throw Error(ErrorKind::kBadData, "'" + source().string() + "' holds no labelled picture");
  }
  dataset_.pictures.assign(std::make_move_iterator(pictures_.begin()), std::make_move_iterator(pictures_.end()));
  return std::move(dataset_);
}

}  // namespace maskscope
