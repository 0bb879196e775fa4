#ifndef MASKSCOPE_DATA_MANIFEST_H_
#define MASKSCOPE_DATA_MANIFEST_H_

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "image/image.h"

// A dataset is one file, the manifest: a line of JSON that says what the set is, then one line a picture. Pictures stay
// where they are; the manifest names them by the hash of their content, so that a moved or changed file is noticed.
// docs/manifest.md is the schema. Everything that reads or writes manifests streams: a picture at a time.
namespace maskscope {

inline constexpr std::string_view kManifestSchema = "maskscope.dataset/1";

// One labelled face as a dataset keeps it: what training needs (LabelledFace) and what must survive a round trip.
struct ManifestFace {
  LabelledFace face;
  std::string label;           // the class name as published ("with_mask"); empty when there is none
  std::optional<float> score;  // 0..1, when a model said it and not a person
  // What a format says beyond that, under "format.name" ("voc.pose", "wider.blur", "kitti.rotation_y", "cvat.z_order").
  std::map<std::string, std::string> attributes;
};

enum class DatasetSplit { kUnassigned, kTrain, kValidation, kTest };
std::string_view DatasetSplitName(DatasetSplit split);  // "unassigned", "train", "validation", "test"
std::optional<DatasetSplit> ParseDatasetSplit(std::string_view name);

// kScene: a whole picture with any number of labelled faces. kFaceCrop: the picture shows one face, its box is the
// picture. kNotAFace: a crop known to show none (it has no faces).
enum class PictureKind { kScene, kFaceCrop, kNotAFace };
std::string_view PictureKindName(PictureKind kind);  // "scene", "face_crop", "not_a_face"
std::optional<PictureKind> ParsePictureKind(std::string_view name);

struct ManifestPicture {
  std::string hash;   // "sha256:HEX" of the file's bytes; empty until it was computed
  std::string path;   // relative to the manifest's root, '/' between folders, UTF-8
  std::string set;    // "kaggle853": a key of ManifestHeader::sets
  std::string name;   // as the set knows it, relative to the set's folder
  std::string group;  // pictures of one group never fall on both sides of a split; empty = its own
  DatasetSplit split = DatasetSplit::kUnassigned;
  PictureKind kind = PictureKind::kScene;
  int width = 0, height = 0;         // pixels, upright (EXIF applied); 0 = not known yet
  bool synthetic = false;            // drawn or pasted by a program
  std::string author, licence, url;  // of this picture, where they differ from the set's
  std::vector<ManifestFace> faces;
  std::map<std::string, std::string> attributes;  // as ManifestFace's
};

// The picture's group; one without a group is a group of its own.
std::string GroupOf(const ManifestPicture& picture);

struct ManifestSet {
  std::string origin;   // where it comes from, in words or as a URL
  std::string licence;  // as stated there; empty = none stated
};

struct ManifestHeader {
  std::string name = "dataset";
  int version = 1;                   // grows with every merge
  std::string root = ".";            // folder of the pictures, relative to the manifest's own folder, or absolute
  std::vector<std::string> parents;  // content hashes of the manifests it was made from
  std::vector<std::string> recipe;   // the commands that made it, oldest first
  std::vector<std::string> classes;  // class names as published, in the order of their numbers; may be empty
  std::map<std::string, ManifestSet> sets;
};

// One thing that is wrong with a set: a row of the check report.
struct DataProblem {
  enum class Severity { kNote, kWarning, kError };
  Severity severity = Severity::kError;
  std::string kind;     // "bad_box", "unknown_class", "picture_missing", ...: a fixed word per kind of problem
  std::string file;     // of the annotation or picture
  std::string where;    // "line 3", "object 2", "/annotation/object[2]/bndbox"; may be empty
  std::string message;  // what was found, what was wanted
};
// Takes problems as they are found. A reader that is given none throws Error{kBadData} at the first kError instead; one
// that is given a sink skips just the face or picture concerned and goes on, so that nothing is dropped in silence.
using ProblemSink = std::function<void(const DataProblem&)>;

// Reads a manifest a picture at a time. Not thread-safe. Errors: kNotFound, kUnreadable, kBadData naming file, line and
// field; kUnsupported for a schema of another version.
class ManifestReader {
 public:
  explicit ManifestReader(const std::filesystem::path& file);
  ~ManifestReader();
  ManifestReader(ManifestReader&&) noexcept;
  ManifestReader& operator=(ManifestReader&&) noexcept;

  const ManifestHeader& header() const;
  // The folder that picture paths are relative to.
  const std::filesystem::path& root() const;
  // False at the end.
  bool Next(ManifestPicture* picture);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes a manifest a picture at a time, under its name only once Commit() is called (AtomicFile). The bytes depend on
// header and pictures alone, so that equal sets have equal hashes. Errors: kOutput; kBadData for a picture that cannot
// be written (empty path, box not finite).
class ManifestWriter {
 public:
  ManifestWriter(const std::filesystem::path& file, const ManifestHeader& header);
  ~ManifestWriter();
  ManifestWriter(ManifestWriter&&) noexcept;
  ManifestWriter& operator=(ManifestWriter&&) noexcept;

  void Write(const ManifestPicture& picture);
  // Returns the manifest's content hash, "sha256:HEX" over its bytes.
  std::string Commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole set in memory, for the formats that cannot stream and for sets that fit.
struct Dataset {
  ManifestHeader header;
  std::filesystem::path root;  // of the pictures; absolute or relative to the working folder
  std::vector<ManifestPicture> pictures;
};
Dataset ReadManifest(const std::filesystem::path& file);
// Paths become relative to the manifest's folder where the root lies below it or beside it. Returns the content hash.
std::string WriteManifest(const std::filesystem::path& file, const Dataset& dataset);

// "sha256:HEX" of bytes, or of a file's content (streamed). Errors: kNotFound, kUnreadable.
std::string ContentHash(std::string_view bytes);
std::string ContentHashOfFile(const std::filesystem::path& file);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_MANIFEST_H_
