#ifndef MASKSCOPE_TRAIN_DETECTOR_ANCHORS_H_
#define MASKSCOPE_TRAIN_DETECTOR_ANCHORS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "analyze/detector.h"
#include "data/labels.h"
#include "image/image.h"

// What each anchor of a detector should say about a labelled picture.
namespace maskscope {

struct MatchOptions {
  float positive_iou =
      0.35f;  // an anchor that overlaps a face at least this much learns it (RetinaFace's released code)
  float negative_iou = 0.30f;  // below: background; between the two: neither
  // An anchor lies on an ignore region when this share of the smaller of the two is covered and the anchor's side is at
  // most `ignore_ratio` times the region's or the other way round: a tiny face silences the smallest anchors, not the
  // anchors of the large face behind it.
  float ignore_cover = 0.5f;
  float ignore_ratio = 4.0f;
  void Validate() const;  // Errors: kUsage
};

enum class AnchorRole : int8_t { kIgnored = -1, kBackground = 0, kFace = 1 };

// A face in the network's input, in pixels of the input.
struct TrainingFace {
  Box box;
  std::vector<Point> landmarks;  // five or none
  std::optional<MaskState> state = {};
};

// Whether `anchor` (pixels, as `region`) lies on an ignored region, so that it must not learn that there is no face.
bool LiesOnIgnored(const Box& anchor, const Box& region, const MatchOptions& options);

// One entry an anchor; `face` is -1 where the role is not kFace.
struct AnchorTargets {
  std::vector<AnchorRole> roles;
  std::vector<int> face;
};

// A face takes every anchor it overlaps by positive_iou or more (an anchor goes to the face it overlaps most) and in
// any case the one anchor it overlaps most, so that no face goes unlearnt; where two faces want the same anchor this
// way, the later one gets it. `priors` in fractions of the input.
AnchorTargets MatchAnchors(const std::vector<Prior>& priors, int input_width, int input_height,
                           const std::vector<TrainingFace>& faces, const std::vector<Box>& ignored,
                           const MatchOptions& options = {});

// The four numbers a network must give at `prior` for `box` (pixels of the input): SSD's encoding (Liu et al. 2016,
// section 2.2) with variances.
std::array<float, 4> EncodeBox(const Box& box, const Prior& prior, int input_width, int input_height,
                               const std::array<float, 2>& variances);
// Two numbers a landmark: offset from the anchor's centre in units of its side times the first variance.
std::array<float, 2> EncodePoint(const Point& point, const Prior& prior, int input_width, int input_height,
                                 const std::array<float, 2>& variances);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_ANCHORS_H_
