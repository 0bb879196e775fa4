#ifndef MASKSCOPE_DATA_DUPLICATES_VIEW_CODE_H_
#define MASKSCOPE_DATA_DUPLICATES_VIEW_CODE_H_

#include <array>
#include <cstdint>
#include <span>

#include "data/duplicates/affine.h"

// What a view of a picture shows in the rough, in a form that is quick to compare and easy to turn.
namespace maskscope {

inline constexpr int kCodeCells = 12;  // fields a side that a view is averaged over
inline constexpr int kCodeTerms = 35;

// The lowest spatial frequencies of a view: the cosine transform's terms (u, v) with 1 <= u + v <= 7 (the perceptual
// hash of Zauner 2010 keeps their signs), each times u + v, which makes them about equally strong in photos (whose
// amplitudes fall as 1 / frequency: Field 1987), the whole brought to length 180. So neither brightness nor contrast
// matters.
struct ViewCode {
  std::array<int8_t, kCodeTerms> terms{};
  bool operator==(const ViewCode&) const = default;
};

// `cells`: mean brightness of kCodeCells x kCodeCells fields, row by row.
ViewCode MakeViewCode(std::span<const float, kCodeCells * kCodeCells> cells);

// One less the cosine of the angle between two codes: 0 alike, about 1 unrelated, 2 inverted.
float CodeDistance(const ViewCode& a, const ViewCode& b);

// The frequency u + v of a term, 1 to 7.
int TermFrequency(int term);

// The eight ways to lay a picture, as three bits: transposed (4), then mirrored left to right (1), turned upside down
// (2).
inline constexpr int kPoses = 8;
// The code of a view that is laid in `pose`: only signs and places of the terms change.
ViewCode InPose(const ViewCode& code, int pose);
// Unit square of the view so laid -> unit square of the view.
Affine PoseMap(int pose);

// The pose in which the terms (1, 0) and (0, 1) are positive and the first is not the smaller: copies in any pose come
// to the same code, unless chance decides.
int CanonicalPose(const ViewCode& code);

// Standard deviation of a term's difference between two views of one scene that do not lie quite alike, by frequency 1
// to 7; measured on turned and cropped photos.
inline constexpr std::array<float, 8> kTermSpread{0, 7, 9, 10.5f, 12, 13.5f, 15, 15};

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_DUPLICATES_VIEW_CODE_H_
