#ifndef MASKSCOPE_EVALUATE_SCENE_VIEW_H_
#define MASKSCOPE_EVALUATE_SCENE_VIEW_H_

#include <string>
#include <vector>

#include "analyze/result.h"
#include "data/dataset.h"
#include "evaluate/estimate.h"
#include "evaluate/predicted_state.h"
#include "metrics/detection.h"

// What measurements look at: labelled pictures with what was said of them, as flat lists and rows. Nothing is owned:
// the pictures and results must outlive it.
namespace maskscope {

struct ScenePicture {
  const LabelledImage* truth = nullptr;
  const Result* answer = nullptr;      // at the settings measured
  const Result* candidates = nullptr;  // from a low detector score: what average precision is computed from
  bool set_has_incorrect = false;      // some face of its set is labelled incorrect
};

struct SceneView {
  std::vector<ScenePicture> pictures;
  VocOptions match;    // how detections meet faces
  bool crops = false;  // face crops: the box is the picture, nothing was detected

  std::vector<std::string> Groups() const;  // of each picture
};

// Pairs images with results, and finds which sets have the class incorrect. Errors: a result's own error, kBadData when
// a result's size is not that of the annotation, kInternal when the lengths differ.
std::vector<ScenePicture> PairPictures(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                                       const std::vector<Result>& candidates);

MetricBox ToMetricBox(const Box& box);

// What is looked for in a list.
enum class ListKind { kFace, kCorrect, kIncorrect, kNone, kMask, kNoMask };
const char* ListName(ListKind kind);  // "face", "correct", "incorrect", "none", "mask", "no mask"

// A face or detection by its place.
struct FacePlace {
  int picture = 0;
  int index = 0;  // among the picture's labelled faces, or its candidates
};

// Truths and scored candidates of one class, as the rules of scene_scores.h have it. `image` of both is the picture's
// place in the view; all labels are 0.
struct ClassList {
  std::vector<GroundTruth> truths;
  std::vector<ScoredBox> detections;
  std::vector<FacePlace> truth_places, detection_places;
};
ClassList MakeList(const SceneView& view, ListKind kind);

// One labelled face with the answer that found it, or one of the two alone.
struct FaceRow {
  enum class Kind {
    kFound,   // face and detection
    kMissed,  // a face alone
    kFalse,   // a detection alone
    kIgnored  // an ignored face (with a detection or not): neither hit nor miss
  };
  Kind kind = Kind::kFound;
  int picture = 0;
  int truth = -1, detection = -1;  // places among the picture's labelled faces and the answer's faces; -1 = none
  PredictedState predicted;        // of the detection
  bool undecided = false;          // found and called incorrect in a set without this class
};

// Matches faces with the answers, whatever the state: every labelled face and every detection has one row. Rows with a
// detection by descending score, then missed faces in the order of the pictures. Errors: kBadModel (a class that is
// none of the three states).
std::vector<FaceRow> MatchAnswers(const SceneView& view);

inline const LabelledFace* TruthOf(const SceneView& view, const FaceRow& row) {
  if (row.truth < 0) return nullptr;
  return &view.pictures[static_cast<size_t>(row.picture)].truth->faces[static_cast<size_t>(row.truth)];
}
inline const FaceResult* DetectionOf(const SceneView& view, const FaceRow& row) {
  if (row.detection < 0) return nullptr;
  return &view.pictures[static_cast<size_t>(row.picture)].answer->faces[static_cast<size_t>(row.detection)];
}
// Found, labelled with a state and not undecided: the state can be right or wrong.
inline bool IsJudged(const SceneView& view, const FaceRow& row) {
  return row.kind == FaceRow::Kind::kFound && row.predicted.known && TruthOf(view, row)->state && !row.undecided;
}

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SCENE_VIEW_H_
