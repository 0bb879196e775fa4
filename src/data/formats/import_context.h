#ifndef MASKSCOPE_DATA_FORMATS_IMPORT_CONTEXT_H_
#define MASKSCOPE_DATA_FORMATS_IMPORT_CONTEXT_H_

#include <array>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/formats/annotation_text.h"
#include "data/formats/attributes.h"
#include "data/formats/formats.h"
#include "data/root_guard.h"

namespace maskscope {

// What every reader works on: where pictures lie, what classes mean, what becomes of problems, and the set as it grows.
class ImportContext {
 public:
  ImportContext(const ImportOptions& options, const ProblemSink& sink);

  const ImportOptions& options() const { return options_; }
  const std::filesystem::path& source() const { return options_.source; }
  Dataset& dataset() { return dataset_; }

  // Throws without a sink, reports with one.
  void Fail(const AnnotationFault& fault, const std::filesystem::path& file);
  void Warn(const AnnotationFault& fault, const std::filesystem::path& file);
  void Note(const AnnotationFault& fault, const std::filesystem::path& file);
  // Runs `work`; an AnnotationFault thrown in it goes to Fail. With a sink, so does an Error of a file that cannot be
  // understood: one of many, whose others are read. False when something was thrown.
  template <typename Work>
  bool Try(const std::filesystem::path& file, const Work& work) {
    try {
      work();
      return true;
    } catch (const AnnotationFault& fault) {
      Fail(fault, file);
    } catch (const Error& error) {
      if (!sink_ || !IsBadFile(error.kind())) throw;
      Fail({"bad_file", "", error.what()}, file);
    }
    return false;
  }

  // The folder that picture names are relative to, unless the options name one. Sets the set's root: the source's
  // folder when that holds the pictures.
  void SetImages(const std::filesystem::path& found);
  const std::filesystem::path& images() const { return images_; }

  // Adds a picture by its published name; stated sides may be 0. Null when it is left out (reported). The pointer stays
  // valid until Finish.
  ManifestPicture* AddPicture(std::string_view name, int width, int height, const std::filesystem::path& file,
                              const std::string& where);
  bool has_unknown_classes() const { return !unknown_.empty(); }
  size_t picture_count() const { return pictures_.size(); }
  ManifestPicture* last_picture() { return &pictures_.back(); }
  std::filesystem::path FileOf(const ManifestPicture& picture) const { return dataset_.root / picture.path; }

  // Sets label, state and `ignore` by the class map. False for an unknown name, which Finish() reports with all others.
  bool SetClass(std::string_view name, const std::filesystem::path& file, const std::string& where, ManifestFace* face);
  // Takes the edges x1, y1, x2, y2 (pixels) as the face's box, clamped to the picture where its size is known (a note
  // says so). Throws AnnotationFault for edges that are swapped, empty, huge, or wholly outside.
  void SetBox(const std::array<double, 4>& edges, const ManifestPicture& picture, const std::filesystem::path& file,
              const std::string& where, ManifestFace* face);

  // Marks pictures by their name, or by the folder ("images/train/") that they lie in. A name that is no picture of the
  // set is reported.
  void ApplySplits(const std::map<std::string, DatasetSplit>& split_of);
  // Warns of pictures in `folder` (and below) that no annotation names.
  void WarnOfUnlabelled(const std::filesystem::path& folder);
  // Asks whether to stop. Errors: kInterrupted.
  void Step();
  // The set, once unknown classes are reported and found not to be empty.
  Dataset Finish();

 private:
  void Report(DataProblem::Severity severity, const AnnotationFault& fault, const std::filesystem::path& file) const;
  void ReportUnknownClasses();
  static bool IsBadFile(ErrorKind kind);
  bool IsThere(const ManifestPicture& picture, const std::filesystem::path& file, const std::string& where);
  bool ReadSize(ManifestPicture* picture, const std::filesystem::path& file, const std::string& where);

  struct Unknown {
    int64_t count = 0;
    std::filesystem::path file;
    std::string where;
  };

  ImportOptions options_;
  ProblemSink sink_;
  std::filesystem::path images_;
  std::string prefix_;  // of images_ below the root
  std::optional<RootGuard> guard_;
  Dataset dataset_;
  std::deque<ManifestPicture> pictures_;
  std::set<std::string> paths_;
  std::map<std::string, Unknown> unknown_;
};

// Upright size of a picture by its header; reads no more of the file than needed. Errors: those of ReadImageInfo.
std::pair<int, int> ReadPictureSize(const std::filesystem::path& file);

// The first of these folders below `parent` that exists, or `otherwise`.
std::filesystem::path FirstFolder(const std::filesystem::path& parent, std::initializer_list<const char*> names,
                                  const std::filesystem::path& otherwise);

// One function a format, called by ReadAnnotations.
void ReadVocInto(ImportContext& context);
void ReadYoloInto(ImportContext& context);
void ReadCocoInto(ImportContext& context);
void ReadWiderInto(ImportContext& context);
void ReadRetinaFaceInto(ImportContext& context);
void ReadKittiInto(ImportContext& context);
void ReadCvatInto(ImportContext& context);
void ReadLabelStudioInto(ImportContext& context);
void ReadClassFoldersInto(ImportContext& context);
void ReadCsvInto(ImportContext& context);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_IMPORT_CONTEXT_H_
