#ifndef MASKSCOPE_DATA_DUPLICATES_FIND_DUPLICATES_H_
#define MASKSCOPE_DATA_DUPLICATES_FIND_DUPLICATES_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "data/duplicates/confirm.h"
#include "data/manifest.h"

// Exact and near duplicates in a set of pictures: copies at another size or quality, mirrored, turned, cropped,
// letterboxed, and frames of one scene. docs/duplicates.md says how, how well and how fast.
namespace maskscope {

// kExact: the same bytes. kCopy: the same photo, perhaps re-encoded, resized, cropped, turned or mirrored. kScene: not
// the same pixels, but parts of the scene agree in place (frames of a series, a montage, another mask drawn in).
enum class DuplicateKind { kExact, kCopy, kScene };
std::string_view DuplicateKindName(DuplicateKind kind);  // "exact", "copy", "scene"

struct DuplicateOptions {
  bool parts = true;      // also look for pictures that show only a part of others
  bool rotations = true;  // also at angles between quarter turns
  bool scenes = true;     // also report kScene
  // Views farther apart are not looked at: 0 alike, 1 unrelated (CodeDistance); where whole pictures are compared, and
  // where parts are.
  double whole_distance = 0.25, part_distance = 0.175;
  // Of 64 places, at least so many must have detail that can be compared, in both pictures; more of them where only
  // some need to agree. A few edges, as backgrounds out of focus have, can be laid over anyone's.
  int least_places = 28, least_scene_places = 40;
  // A copy: the places agree at least this much on average (PlaceAgreement), and so does brightness overall.
  double least_agreement = 0.7, least_correlation = 0.6;
  double least_steady = 0.4;    // a scene: at least this share of the places agrees almost fully
  int threads = 0;              // 0 = all cores
  bool keep_rejected = false;   // fill DuplicateReport::rejected
  std::filesystem::path cache;  // of prints, and with ".pairs" after its name of compared pairs; empty = none
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

struct DuplicatePair {
  size_t first = 0, second = 0;  // in the dataset's pictures, first < second
  DuplicateKind kind = DuplicateKind::kExact;
  double code_distance = 0;      // of the views that led to it
  double print_correlation = 1;  // of the small copies laid over each other
  ConfirmEvidence evidence;      // of exact pairs: the identity
  PoseInWords pose;              // how the first lies in the second
};

struct DuplicateReport {
  std::vector<std::vector<size_t>> clusters;  // two pictures or more, by least index; joined by the pairs
  std::vector<DuplicatePair> pairs;           // by (first, second)
  std::vector<DuplicatePair> rejected;        // looked at on the pixels and found different; on request
  std::vector<DataProblem> problems;          // pictures that could not be read, hashes that do not fit: not compared
  size_t pictures = 0, from_cache = 0, candidates = 0, confirmed = 0;  // for the record
};

// What two pictures are by what was seen of them; nothing where they are not alike.
std::optional<DuplicateKind> JudgeEvidence(const ConfirmEvidence& evidence, const DuplicateOptions& options);

// Exact copies are compared through one of them. Errors: kUsage (options), kOutput (cache), kInterrupted when `stop`
// returns true: what was made so far is then in the cache.
DuplicateReport FindDuplicates(const Dataset& dataset, const DuplicateOptions& options, Progress* progress = nullptr,
                               const std::function<bool()>& stop = {});

// Pairs of `report` whose pictures lie in different splits, both assigned: what one part knows of the other. Where a
// cluster crosses splits only through pictures that are not assigned, its first picture of each split makes the pair
// (kind of the weakest pair of the cluster). By (first, second).
std::vector<DuplicatePair> FindLeaks(const Dataset& dataset, const DuplicateReport& report);
// The same as rows of a check report: kind "leak", one a pair.
std::vector<DataProblem> LeakProblems(const Dataset& dataset, const DuplicateReport& report);

// The whole report as JSON: {"pictures", "clusters": [{"pictures": [...], "pairs": [...]}], "problems", ...}; docs/
// duplicates.md. Ends with a line end.
std::string DuplicatesJson(const Dataset& dataset, const DuplicateReport& report);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_FIND_DUPLICATES_H_
