#ifndef MASKSCOPE_DATA_FORMATS_FORMATS_H_
#define MASKSCOPE_DATA_FORMATS_FORMATS_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "data/manifest.h"

// Annotation formats, read and written. docs/formats.md says for each what lies where, what it holds and what not.
//
// What a format says beyond our own fields is kept in `attributes` of faces and pictures under "format.name"
// ("voc.pose", "wider.blur"), so that reading and writing a format again loses nothing. VOC, COCO, CVAT, Label Studio
// and CSV also have room for other formats' attributes; the others do not, and say so when they are written.
namespace maskscope {

enum class DataFormat {
  kManifest,
  kVoc,
  kYolo,
  kCoco,
  kWider,
  kRetinaFace,
  kKitti,
  kCvat,
  kLabelStudio,
  kClassFolders,
  kCsv,
  kCollection,  // read only
};
inline constexpr int kDataFormats = 12;
// "manifest", "voc", "yolo", "coco", "wider", "retinaface", "kitti", "cvat", "labelstudio", "folders", "csv",
// "collection"
std::string_view DataFormatName(DataFormat format);
// Errors: kUsage naming the nearest and all.
DataFormat ParseDataFormat(std::string_view name);
// From what lies at `path`, a file or a folder. Errors: kNotFound; kBadData saying what was looked for and not found
// (and for an archive, to unpack it).
DataFormat DetectFormat(const std::filesystem::path& path);

// Whether the readers look at the pictures themselves.
enum class PictureCheck {
  kExists,  // the file must be there; sizes are the annotation's (YOLO and Label Studio read headers all the same)
  kHeader,  // its header is read: unreadable pictures are errors, sizes are the header's
};

struct ImportOptions {
  std::filesystem::path source;      // file or folder
  std::optional<DataFormat> format;  // empty: DetectFormat(source)
  std::filesystem::path images;      // folder that picture names are relative to; empty = where the format has it
  ClassMap classes = DefaultClassMap();
  std::vector<std::string> class_names;  // YOLO without a data.yaml: names in the order of their numbers
  PictureCheck check = PictureCheck::kHeader;
  Progress* progress = nullptr;
  std::function<bool()> stop;  // asked once a picture; true ends the reading with Error{kInterrupted}
  // Reports every bad field. Errors: kUsage.
  void Validate() const;
  // The same, for a set of this format: a manifest and a collection say themselves where their pictures lie and what
  // their classes mean.
  void ValidateFor(DataFormat actual) const;
};

// Reads a whole set, of whatever format; what is known of the sets' origin and licence is put into the header. Paths
// are relative to the set's folder, or to `images` where that lies elsewhere. Names that leave that folder ("../",
// absolute) are errors. Without a sink the first error throws: kBadData, kNotFound (a picture that is missing),
// kBadImage (one that is none); with a sink it is reported and the face or picture left out. Unknown class names are
// one error in the end that lists them all. Always thrown: kNotFound and kUnreadable for the source itself, kBadData
// for a file with a whole set that is not of the format at all, kTooLarge, kInterrupted; and everything that is wrong
// with a manifest or a collection.
Dataset ReadAnnotations(const ImportOptions& options, const ProblemSink& sink = {});

// The same for whoever can only use a set that is right: one Error{kBadData} that tells the first error of each kind
// and how many there are; what is only to be warned of goes to the log. An empty set is an error.
Dataset ReadSoundAnnotations(const ImportOptions& options);

struct ExportOptions {
  std::filesystem::path
      target;  // a folder that does not exist or is empty; or a file (by its ending) for one-file formats
  DataFormat format = DataFormat::kManifest;
  bool copy_pictures = false;            // beside the annotations; otherwise they name the pictures where they are
  bool state_names = false;              // classes are called correct, incorrect, none instead of as published
  ClassMap classes = DefaultClassMap();  // what the published names mean
  Progress* progress = nullptr;
  std::function<bool()> stop;
  void Validate() const;
};

struct ExportSummary {
  int64_t pictures = 0, faces = 0;
  std::map<std::string, int64_t> lost;  // what the format could not hold -> how many
  std::vector<std::string> classes;     // names as written, in the order of their numbers
  std::filesystem::path images;         // the folder that the written picture names are relative to
};

// Writes a set; `target` appears only when all is written. What the format cannot hold is counted, and reported to the
// sink as notes of the kind "lost". Errors: kBadData for a set that the format cannot hold at all (two pictures that
// would share a label file, scenes as class folders), kUsage, kOutput, kNotFound, kInterrupted.
ExportSummary WriteAnnotations(const Dataset& dataset, const ExportOptions& options, const ProblemSink& sink = {});

// Whether the set lies in one of the formats whose class names need a meaning (all but manifest and collection).
bool NamesClasses(DataFormat format);

// A YAML or JSON file that maps published class names to correct, incorrect, none, face (a face whose state is not
// labelled) or ignore. Errors: kNotFound, kBadData naming file, line and name.
ClassMap ReadClassMap(const std::filesystem::path& file);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_FORMATS_H_
