#ifndef MASKSCOPE_DATA_SUSPECTS_BOXES_H_
#define MASKSCOPE_DATA_SUSPECTS_BOXES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/detector.h"
#include "base/progress.h"
#include "data/manifest.h"

// Boxes that are missing, badly placed, or that nothing is in, by what a face detector sees in the same picture.
namespace maskscope {

// kMissed: a face is found where none is labelled. kMisplaced: found beside the label. kEmpty: nothing is found in a
// label that is large enough.
enum class BoxSuspectKind { kMissed, kMisplaced, kEmpty };
std::string_view BoxSuspectKindName(BoxSuspectKind kind);  // "missed_box", "misplaced_box", "empty_box"

struct BoxRules {
  float missed_score = 0.8f;     // least score of a detection that counts as a missed face
  float misplaced_score = 0.5f;  // the same, that says where a label should be
  float any_score = 0.05f;       // below this a detection is none at all
  float near_iou = 0.1f;         // overlap below this is another place
  float good_iou = 0.5f;         // overlap from this on is a well placed box
  float min_face = 32;           // pixels, shorter side: smaller labels and detections say nothing
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

struct BoxSuspect {
  BoxSuspectKind kind = BoxSuspectKind::kMissed;
  size_t picture = 0, face = 0;  // no face for kMissed
  Box box;                       // as labelled; kMissed: as found
  Box found;                     // kMisplaced: where it should be
  // 0..1, greater is worse. kMissed: the detection's score. kMisplaced: its score x (1 - IoU). kEmpty: 1 - the best
  // score of anything that overlaps the label.
  double score = 0;
};

// Of one picture. A detection that fits any label well (ignored ones too) says nothing about other labels. Boxes of
// ignored faces are no suspects, but faces found there are not missed.
std::vector<BoxSuspect> CompareBoxes(const std::vector<ManifestFace>& labels, const std::vector<Detection>& detections,
                                     const BoxRules& rules);

struct BoxSearch {
  std::vector<BoxSuspect> suspects;   // by kind, then by descending score
  std::vector<DataProblem> problems;  // pictures that could not be read
  int64_t scenes = 0;
};
// Over the scenes among `pictures` (indices). `detector` should have a score threshold of `rules.any_score`. Errors:
// kUsage; kInterrupted when `stop` says so.
BoxSearch FindBoxSuspects(const Dataset& dataset, const std::vector<size_t>& pictures, const Detector& detector,
                          const BoxRules& rules, int threads, Progress* progress = nullptr,
                          const std::function<bool()>& stop = {});

// A detector from a model file, set to report everything from `any_score` on. Errors: kNotFound, kBadModel.
Detector LoadSuspectDetector(const std::filesystem::path& file, const BoxRules& rules);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SUSPECTS_BOXES_H_
