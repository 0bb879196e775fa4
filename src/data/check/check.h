#ifndef MASKSCOPE_DATA_CHECK_CHECK_H_
#define MASKSCOPE_DATA_CHECK_CHECK_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/check/label_counts.h"
#include "data/manifest.h"

// Everything that is wrong with a labelled set, found in one pass over its pictures. docs/manifest.md lists the kinds.
namespace maskscope {

struct CheckOptions {
  // Reads every picture: hash, size, EXIF, decoding to the last row. Without, pictures are only looked for.
  bool decode = true;
  int workers = 0;                 // 0 = all cores
  float tiny_side = 8;             // pixels: a shorter side below this is a tiny box
  float same_face_iou = 0.9f;      // two boxes of one picture that overlap this much are one face labelled twice
  double share_difference = 0.15;  // a state's share may differ this much between splits and between sets
  int64_t share_faces = 100;       // below this many faces a share says nothing
  size_t listed = 1000;            // problems kept of each kind; the rest is counted only
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

// Where pictures come from. `next` may throw Error{kBadData} for one that cannot be understood and be called again.
struct PictureStream {
  std::string source;  // for the report: the file or folder that was named
  ManifestHeader header;
  std::filesystem::path root;
  int64_t total = 0;  // 0 = not known
  std::function<bool(ManifestPicture*)> next;
};
PictureStream StreamOf(const std::filesystem::path& manifest);              // reads as it goes
PictureStream StreamOf(const Dataset& dataset, const std::string& source);  // which must outlive it

struct ProblemKind {
  DataProblem::Severity severity = DataProblem::Severity::kError;
  int64_t found = 0, listed = 0;
};

struct CheckReport {
  std::string source;
  ManifestHeader header;
  bool decoded = false;
  bool stopped = false;  // ended early: what is counted is counted, nothing is said about the rest
  LabelCounts counts;
  std::map<std::string, ProblemKind> kinds;
  std::vector<DataProblem> problems;  // errors first, then by kind, then as they were found
  int64_t Count(DataProblem::Severity severity) const;
};

std::string_view SeverityName(DataProblem::Severity severity);  // "note", "warning", "error"

// Pictures are read in parallel, results do not depend on it. Memory: some 200 bytes a picture. `found` are problems
// that a reader has met already. Stops early when `stop` says so.
CheckReport CheckPictures(PictureStream stream, const CheckOptions& options, Progress* progress = nullptr,
                          const std::function<bool()>& stop = {}, const std::vector<DataProblem>& found = {});

// For reading: what was found, `examples` of each kind, counts, licences.
std::string CheckMarkdown(const CheckReport& report, size_t examples = 10);
std::string CheckJson(const CheckReport& report);  // schema "maskscope.check/1"

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_CHECK_CHECK_H_
