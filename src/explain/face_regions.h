#ifndef MASKSCOPE_EXPLAIN_FACE_REGIONS_H_
#define MASKSCOPE_EXPLAIN_FACE_REGIONS_H_

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "explain/cam.h"
#include "image/image.h"

// Which part of a face the heat lies on: does the network look at the mask?
namespace maskscope {

enum class FaceRegion { kEyes, kNose, kMouth, kRestOfFace, kBackground };
inline constexpr size_t kFaceRegions = 5;
std::string_view FaceRegionName(FaceRegion region);  // "rest of face"

// A face in a frame: its box and the five points a detector finds (left eye, right eye, nose, left and right mouth
// corner as seen in the picture).
struct FaceFrame {
  Box box;
  std::vector<Point> landmarks;
};

// The region that `point` (same frame) belongs to. With u the distance between eyes, but at least a quarter of the
// box's shorter side (a face turned away): eyes within 0.3 u; the nose within 0.28 u of the line from a point a third
// of the way down from the eyes to its tip; the mouth within 0.3 u of the line between its corners; the rest of the
// face in the ellipse that fits the box. Where regions overlap the nearest one, in units of its radius, wins. The
// measures are ours.
FaceRegion RegionAt(const FaceFrame& face, Point point);

struct RegionShares {
  std::array<double, kFaceRegions> heat{};  // of all heat; sums to 1
  std::array<double, kFaceRegions> area{};  // of the picture; sums to 1
  // Heat a pixel in the region over heat a pixel in all; NaN for a region without area.
  double Density(FaceRegion region) const;
  double nose_and_mouth() const;
};

// `map` is stretched over a crop of width x height pixels, in whose frame `face` is; heat counts from the map's least
// value, as it is drawn. Empty where the map is the same everywhere or the face has no landmarks.
std::optional<RegionShares> MeasureRegions(const CamMap& map, int width, int height, const FaceFrame& face);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_FACE_REGIONS_H_
