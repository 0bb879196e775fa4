#ifndef MASKSCOPE_DATA_SYNTHESIS_MASK_DESIGN_H_
#define MASKSCOPE_DATA_SYNTHESIS_MASK_DESIGN_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "data/portrait.h"

// What a mask is made of: its cut, colours, print and relief, whatever face it is worn on.
namespace maskscope {

enum class MaskCut { kSurgical, kFoldedRespirator, kConeRespirator, kDuckbill, kCloth, kPatterned, kBandana, kGaiter };
inline constexpr int kMaskCuts = 8;
// "surgical", "folded_respirator" (KN95, FFP2), "cone_respirator", "duckbill", "cloth", "patterned_cloth", "bandana",
// "gaiter".
std::string_view MaskCutName(MaskCut cut);

enum class MaskPrint { kPlain, kStripes, kDots, kChecks, kCamouflage, kFlowers, kLogo };

struct MaskDesign {
  MaskCut cut = MaskCut::kSurgical;
  std::string colour;    // "light_blue", "white", ...
  Colour base;           // gamma-coded, 0..1, as under even white light
  Colour second, third;  // of the print
  Colour loops;
  MaskPrint print = MaskPrint::kPlain;
  float print_scale = 1, print_angle = 0;
  bool valve = false;
  float valve_at = 0;       // u
  float wrinkles = 1;       // strength of folds that should not be there
  float sheen = 0.2f;       // 0 = felt, 1 = plastic
  float thickness = 0.05f;  // distance from the skin, units of the head
  uint64_t seed = 0;
};

// By lot; the cut's colours and prints are those it is sold in.
MaskDesign DrawDesign(MaskCut cut, Random& random);

// The cloth at (u, v): u -1 (picture's left edge) .. 1, v 0 (upper edge) .. 1.
struct Fabric {
  Colour colour;     // linear reflectance
  float relief = 0;  // height in units of the head
};
Fabric FabricAt(const MaskDesign& design, float u, float v);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_MASK_DESIGN_H_
