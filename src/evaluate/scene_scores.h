#ifndef MASKSCOPE_EVALUATE_SCENE_SCORES_H_
#define MASKSCOPE_EVALUATE_SCENE_SCORES_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analyze/result.h"
#include "data/dataset.h"
#include "evaluate/estimate.h"
#include "evaluate/scene_view.h"

// How well faces are found and judged in whole pictures.
//
// Two results are wanted for every picture: the program's answer at the settings to be measured, and candidates from a
// low detector score, which only average precision is computed from.
//
// Rules. The size of a face is the height of its box. Ignored faces (VOC difficult, audited as not a face) are neither
// a hit nor a miss. Average precision (AP50) is VOC 2010's. A candidate stands in the list of its likeliest state with
// score * probability of that state.
//
// A set none of whose faces is labelled incorrect has no such class: it is scored on mask / no mask alone. There, a
// face found and called incorrect is neither right nor wrong in state, and is counted apart. For mask / no mask a
// detection is mask when p(correct) >= p(none), with score * max(p(correct), p(none)) / (p(correct) + p(none)); faces
// labelled incorrect are ignored.
namespace maskscope {

struct SceneScoreOptions {
  double iou = 0.5;  // least IoU of a match
  // Sets whose boxes go round the whole head: there a detection's centre in the box is a match. They cannot be pooled
  // with the others.
  std::set<std::string> centre_hit_sets{"roboflow149"};
  std::set<std::string> not_pooled{"roboflow149"};  // pictures of other sets over again
  double large_face = 48;                           // pixels: from this height on the F1 of large faces
  int resamples = 1000;                             // of the bootstrap
  uint64_t seed = 1;
  void Validate() const;  // Errors: kUsage
};

struct SceneScores {
  std::string name;            // of the set, or "pooled"
  bool states = false;         // do the results say states at all (false: a plain face detector)?
  bool has_incorrect = false;  // a set with all three states (pooled: at least one is)
  int pictures = 0, groups = 0;
  std::array<int64_t, kMaskStates> faces_of_state{};  // labelled and not ignored
  int64_t faces = 0, ignored = 0;

  // Faces whatever their state.
  Estimate face_ap, face_ap_16, face_ap_32;  // all; 16 px and more; 32 px and more
  Estimate recall, precision;                // of the answers
  // States.
  std::array<Estimate, kMaskStates> state_ap;  // pictures of sets that have all three states
  Estimate mask_ap, no_mask_ap;                // all pictures
  Estimate mask_ap_16, no_mask_ap_16;          // of faces of 16 px and more
  ConfusionMatrix confusion{kMaskStates + 1};  // matched faces; last column: unsure
  ConfusionMatrix best_guess{kMaskStates};     // the same with the likeliest state in the place of unsure
  // F1 on matched faces by the likeliest state; strict: unsure counts as not said. In sets without incorrect, faces
  // called incorrect are left out.
  std::array<Estimate, kMaskStates> f1, f1_strict, f1_large, f1_large_strict;
  Estimate state_accuracy;  // matched faces, likeliest state
  // Found and state right, of all labelled faces. By the likeliest state; strict: unsure is not right.
  Estimate right, right_strict, right_16, right_16_strict;
  int64_t unsure = 0;                   // matched faces
  int64_t incorrect_without_class = 0;  // faces found and called incorrect in sets without this class
  double calibration_error = 0;         // expected calibration error of the confidence on matched faces; NaN without
};

// The pictures that are scored together: all sets but those not pooled; those, when there are no others. Errors: those
// of PairPictures.
SceneView PooledView(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                     const std::vector<Result>& candidates, const SceneScoreOptions& options);

// Everything about the pictures of one view. Errors: kBadModel.
SceneScores ScoreView(std::string name, SceneView view, const SceneScoreOptions& options);

// answers[i] and candidates[i] belong to images[i]. One entry per set, in order of first appearance, and then "pooled"
// where there is more than one set to pool. Errors: a result's own error (a picture that could not be read makes the
// whole measurement worthless), kBadData when a result's size is not that of the annotation, kBadModel when a state is
// none of the three.
std::vector<SceneScores> ScoreScenes(const std::vector<LabelledImage>& images, const std::vector<Result>& answers,
                                     const std::vector<Result>& candidates, const SceneScoreOptions& options = {});

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SCENE_SCORES_H_
