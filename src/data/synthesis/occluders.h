#ifndef MASKSCOPE_DATA_SYNTHESIS_OCCLUDERS_H_
#define MASKSCOPE_DATA_SYNTHESIS_OCCLUDERS_H_

#include <string>
#include <string_view>

#include "base/random.h"
#include "data/synthesis/face_shape.h"
#include "data/synthesis/paint_layer.h"
#include "data/synthesis/photo_look.h"

// What comes before a mouth or a nose and is no mask.
namespace maskscope {

enum class Occluder { kHand, kFist, kFinger, kCup, kPhone, kPaper, kMicrophone, kHair, kScarfLow, kScarfOver };
inline constexpr int kOccluders = 10;
// "hand", "fist", "finger", "cup", "phone", "paper", "microphone", "hair", "scarf_lowered", "scarf_over_mouth".
std::string_view OccluderName(Occluder occluder);

// Draws it before the mouth (a lowered scarf: below the chin), sized to the face. Skin and hair are taken from the
// photo. Returns the colour it has, in a word ("skin", "hair", "white", ...).
std::string PaintOccluder(Occluder occluder, const FaceFit& head, const PhotoLook& look, Vec3 light, Random& random,
                          PaintLayer& layer);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_OCCLUDERS_H_
