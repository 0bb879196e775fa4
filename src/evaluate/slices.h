#ifndef MASKSCOPE_EVALUATE_SLICES_H_
#define MASKSCOPE_EVALUATE_SLICES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "evaluate/estimate.h"
#include "evaluate/face_looks.h"
#include "evaluate/scene_view.h"

// The same measurement on parts of the faces: where is the model good, where is it bad?
namespace maskscope {

struct SliceOptions {
  // Sets whose bare faces have something else over the mouth: a hand, a scarf, a cup. No format labels that; it is
  // what is known of a set as a whole.
  std::set<std::string> covered_sets{"mafa"};
};

// The faces of one part. Faces outside it are ignored, and so are false detections outside it, after the area ranges of
// COCO.
struct SliceScores {
  std::string name;       // of the part: "16–32 px"
  int64_t faces = 0;      // labelled and not ignored
  Estimate face_ap;       // average precision of faces at the view's IoU; undefined for crops
  Estimate found;         // share of the faces that was found; undefined for crops
  Estimate right;         // found with the right state, of all faces with a state
  Estimate state_right;   // of those found
  Estimate bare_as_mask;  // found faces labelled none, called correct: missed violations
};

struct ScoredAxis {
  std::string name;  // "face height"
  std::string file;  // "face_height": for files
  std::string note;  // what the parts are
  std::vector<SliceScores> parts;
};

// By face height, source set, brightness, sharpness, faces in the picture, and what covers the mouth of bare faces.
// looks[i] belongs to picture i of the view. `states`: are states said at all? Parts without faces are left out.
std::vector<ScoredAxis> ScoreSlices(const SceneView& view, const std::vector<PictureLooks>& looks, bool states,
                                    const SliceOptions& options, const Resampler& resampler);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_SLICES_H_
