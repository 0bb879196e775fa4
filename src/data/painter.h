#ifndef MASKSCOPE_DATA_PAINTER_H_
#define MASKSCOPE_DATA_PAINTER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "image/image.h"

// Pictures of our own: drawn people with true boxes, landmarks and mask states. They belong to nobody, so they may
// stand in tests, documentation and demonstrations. They are drawings: a classifier trained on photos need not be right
// on each.
namespace maskscope {

enum class FaceCover { kMask, kMaskUnderNose, kMaskUnderChin, kBare, kHand };
inline constexpr int kFaceCovers = 5;
std::string_view FaceCoverName(FaceCover cover);  // "mask", "mask under the nose", ...
// correct, incorrect, incorrect, none, none.
MaskState StateOf(FaceCover cover);

struct PaintedFace {
  LabelledFace label;  // box from hairline to chin and ear to ear, five landmarks (also where covered), state
  FaceCover cover = FaceCover::kBare;
};

struct Painting {
  Image image;
  std::vector<PaintedFace> faces;
};

struct PainterOptions {
  int width = 1280, height = 800;  // pixels
  int people = 8;                  // placed in rows, from back to front
  std::vector<FaceCover> covers;   // of the first people, in order; the rest are drawn by lot
  float noise = 3;                 // standard deviation, in units of 0..255
  float blur = 0;                  // standard deviation of a Gaussian, pixels
  uint64_t seed = 1;               // the same seed paints the same bytes on every machine of one rounding behaviour
  // Errors: kUsage naming every bad field.
  void Validate() const;
};

// A group portrait. People's faces do not hide each other.
Painting PaintGroup(const PainterOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PAINTER_H_
