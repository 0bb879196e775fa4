#ifndef MASKSCOPE_DATA_SYNTHESIS_MASK_DRAPE_H_
#define MASKSCOPE_DATA_SYNTHESIS_MASK_DRAPE_H_

#include <string_view>

#include "base/random.h"
#include "data/dataset.h"
#include "data/synthesis/face_shape.h"
#include "data/synthesis/mask_design.h"
#include "data/synthesis/paint_layer.h"
#include "data/synthesis/photo_look.h"

// How a mask is worn: its edges on the head, the surface it makes there, and its picture.
namespace maskscope {

enum class MaskFit {
  kCorrect,
  kNoseOut,     // upper edge below the nostrils
  kNoseTipOut,  // upper edge under the tip of the nose
  kUnderChin,
  kMouthOnly,  // a narrow mask: nose and chin out
  kChinOut,    // pulled up
  kOneEar,     // hangs beside the face
  kForehead,
  kOnEyes,
};
inline constexpr int kMaskFits = 9;
// "correct", "nose_out", "nose_tip_out", "under_chin", "mouth_only", "chin_out", "one_ear", "forehead", "on_eyes".
std::string_view MaskFitName(MaskFit fit);
MaskState StateOf(MaskFit fit);

// Edges in head coordinates (y) and radians.
struct MaskEdges {
  float top, side_top;        // upper edge in the middle of the face and at the sides
  float bottom, side_bottom;  // lower edge
  float side;                 // angle of the sides
  float tilt = 0;             // the picture's right side lower by this
};
MaskEdges DrawEdges(MaskFit fit, const MaskDesign& design, Random& random);

// Draws the mask into `layer` as this head wears it. `light`: direction to the light, the picture's axes.
void DrapeMask(const MaskDesign& design, MaskFit fit, const MaskEdges& edges, const FaceFit& head, Vec3 light,
               Random& random, PaintLayer& layer);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_MASK_DRAPE_H_
