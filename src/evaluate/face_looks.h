#ifndef MASKSCOPE_EVALUATE_FACE_LOOKS_H_
#define MASKSCOPE_EVALUATE_FACE_LOOKS_H_

#include <functional>
#include <vector>

#include "evaluate/scene_view.h"

namespace maskscope {

inline constexpr int kLookSide = 64;  // pixels: faces are shrunk to it before their sharpness is measured

struct FaceLook {
  double brightness = 0;  // mean luma, 0..255
  double sharpness = 0;   // RegionSharpness at kLookSide
};

// How the faces of one picture look, in the order of its lists.
struct PictureLooks {
  std::vector<FaceLook> truths, answers, candidates;
};

// Reads every picture. `step` is called after each, by several threads at once; false stops. Errors: those of
// ReadImage, kInterrupted.
std::vector<PictureLooks> MeasureLooks(const SceneView& view, int workers, const std::function<bool()>& step);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_FACE_LOOKS_H_
