#ifndef MASKSCOPE_TRAIN_YOLO_ANCHORS_H_
#define MASKSCOPE_TRAIN_YOLO_ANCHORS_H_

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "graph/decoding.h"

// Anchors of a YOLOv5 that fit the faces to be found.
namespace maskscope {

// kAuto: the start's anchors where they reach kGoodRecall, else fitted ones. kKeep: the start's. kFit: fitted ones.
enum class AnchorChoice { kAuto, kKeep, kFit };
std::string_view EnumText(AnchorChoice choice);                 // "auto", "keep", "fit"
void ParseEnum(const std::string& text, AnchorChoice& choice);  // Errors: kUsage

inline constexpr double kGoodRecall = 0.98;  // YOLOv5's own check asks for as much

using FaceSides = std::vector<std::array<float, 2>>;  // width, height

// Sides of all faces that are not ignored, in input pixels when pictures are brought to `longest_side`; those whose
// geometric mean is below `least_face` are left out. Decodes the pictures whose size no annotation tells.
// Errors: those of reading.
FaceSides SidesInUse(const std::vector<LabelledImage>& pictures, int longest_side, float least_face);

// How well anchors fit: of all faces, the share with an anchor whose sides are within `greatest_ratio` (SideRatio), so
// that they can be learnt at all ("best possible recall"); and the mean of 1 / SideRatio to the nearest anchor.
struct AnchorFit {
  double best_possible_recall = 0, mean_likeness = 0;
};
AnchorFit MeasureAnchors(const std::vector<std::vector<float>>& anchors, const FaceSides& faces, float greatest_ratio);

// k-means on the logarithms of the sides, where distance is a ratio; centres drawn apart at first (Arthur and
// Vassilvitskii 2007). As many anchors at each stride as `decoding` has, by area. Errors: kBadData when there are fewer
// different faces than anchors.
std::vector<std::vector<float>> FitAnchors(const Decoding& decoding, const FaceSides& faces, uint64_t seed);

// Puts the chosen anchors into `decoding`. Returns what a record should tell of them.
nlohmann::json ChooseAnchors(AnchorChoice choice, const FaceSides& faces, float greatest_ratio, uint64_t seed,
                             Decoding& decoding);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_YOLO_ANCHORS_H_
