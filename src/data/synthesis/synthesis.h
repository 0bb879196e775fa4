#ifndef MASKSCOPE_DATA_SYNTHESIS_SYNTHESIS_H_
#define MASKSCOPE_DATA_SYNTHESIS_SYNTHESIS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/synthesis/mask_drape.h"
#include "data/synthesis/occluders.h"
#include "image/image.h"

// Masks drawn on bare faces, so that rare states grow, and other things drawn before bare faces, so that "something is
// there" does not come to mean "a mask is there". What is worn and how it is worn are drawn by lot independently of
// each other: neither a cut nor a colour tells the state.
namespace maskscope {

struct SynthesisOptions {
  double correct = 0.3, incorrect = 0.45, none = 0.25;  // shares of the states; any scale
  // Shares by name (MaskCutName, MaskFitName, OccluderName), any scale; names left out keep their default, 0 = never.
  std::map<std::string, double> cuts, fits, occluders;
  float min_face = 40;    // pixels, shorter side of the face's box
  float max_yaw = 50;     // degrees; faces turned more cannot be drawn on
  float max_pitch = 32;   // degrees, up or down
  void Validate() const;  // Errors: kUsage naming every bad field
};

// One thing to draw.
struct SynthesisPlan {
  std::optional<MaskFit> fit;  // of a mask
  MaskCut cut = MaskCut::kSurgical;
  std::optional<Occluder> occluder;  // where no mask is drawn
  MaskState state() const { return fit ? StateOf(*fit) : MaskState::kNone; }
};
// By lot. Fits that a cut cannot be worn in (a gaiter on one ear) are left out.
SynthesisPlan DrawPlan(const SynthesisOptions& options, Random& random);

struct DrawnCover {
  MaskState state = MaskState::kNone;
  // "synthesis.cut", "synthesis.fit", "synthesis.colour", "synthesis.occluder" (what applies), for ManifestFace.
  std::map<std::string, std::string> attributes;
};

// Draws `plan` on the face with these landmarks and this box. The same picture, face, plan and seed give the same
// bytes. nullopt when the face cannot take it, the picture untouched and the reason a word: those of FitFace,
// "too_small", "profile", "pitched", "outside" (most of the face is not on the picture); or "hidden": this plan would
// hardly be seen on the picture or the part of it that is shown (`frame`), another may be.
std::optional<DrawnCover> DrawCover(const SynthesisPlan& plan, const LabelledFace& face,
                                    const SynthesisOptions& options, uint64_t seed, Image& image, std::string* reason,
                                    const std::optional<Box>& frame = std::nullopt);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_SYNTHESIS_H_
