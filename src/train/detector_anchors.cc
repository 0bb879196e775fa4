#include "train/detector_anchors.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

Box PriorBox(const Prior& prior, int width, int height) {
  const float w = static_cast<float>(width), h = static_cast<float>(height);
  return {(prior.cx - prior.w / 2) * w, (prior.cy - prior.h / 2) * h, (prior.cx + prior.w / 2) * w,
          (prior.cy + prior.h / 2) * h};
}

float Intersection(const Box& a, const Box& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  return width > 0 && height > 0 ? width * height : 0;
}

}  // namespace

void MatchOptions::Validate() const {
  Problems problems;
  problems.Require(positive_iou > 0 && positive_iou <= 1, "positive_iou", std::to_string(positive_iou),
                   "more than 0, at most 1");
  problems.Require(negative_iou >= 0 && negative_iou <= positive_iou, "negative_iou", std::to_string(negative_iou),
                   "0 to positive_iou");
  problems.Require(ignore_cover > 0 && ignore_cover <= 1, "ignore_cover", std::to_string(ignore_cover),
                   "more than 0, at most 1");
  problems.Require(ignore_ratio >= 1, "ignore_ratio", std::to_string(ignore_ratio), "1 or more");
  problems.ThrowIfAny(ErrorKind::kUsage, "anchor matching");
}

bool LiesOnIgnored(const Box& anchor, const Box& region, const MatchOptions& options) {
  const float smaller = std::min(anchor.area(), region.area());
  if (smaller <= 0 || Intersection(anchor, region) < options.ignore_cover * smaller) return false;
  const float ratio = std::sqrt(std::max(anchor.area(), region.area()) / smaller);
  return ratio <= options.ignore_ratio;
}

AnchorTargets MatchAnchors(const std::vector<Prior>& priors, int input_width, int input_height,
                           const std::vector<TrainingFace>& faces, const std::vector<Box>& ignored,
                           const MatchOptions& options) {
  AnchorTargets targets;
  targets.roles.assign(priors.size(), AnchorRole::kBackground);
  targets.face.assign(priors.size(), -1);
  std::vector<float> best_of_face(faces.size(), 0.0f);
  std::vector<int> anchor_of_face(faces.size(), -1);
  for (size_t a = 0; a < priors.size(); ++a) {
    const Box anchor = PriorBox(priors[a], input_width, input_height);
    float best = 0;
    int best_face = -1;
    for (size_t f = 0; f < faces.size(); ++f) {
      const float shared = Intersection(anchor, faces[f].box);
      if (shared <= 0) continue;
      const float iou = shared / (anchor.area() + faces[f].box.area() - shared);
      if (iou > best) {
        best = iou;
        best_face = static_cast<int>(f);
      }
      if (iou > best_of_face[f]) {
        best_of_face[f] = iou;
        anchor_of_face[f] = static_cast<int>(a);
      }
    }
    if (best >= options.positive_iou) {
      targets.roles[a] = AnchorRole::kFace;
      targets.face[a] = best_face;
    } else if (best >= options.negative_iou || std::any_of(ignored.begin(), ignored.end(), [&](const Box& region) {
                 return LiesOnIgnored(anchor, region, options);
               })) {
      targets.roles[a] = AnchorRole::kIgnored;
    }
  }
  for (size_t f = 0; f < faces.size(); ++f) {
    if (anchor_of_face[f] < 0) continue;
    const size_t anchor = static_cast<size_t>(anchor_of_face[f]);
    targets.roles[anchor] = AnchorRole::kFace;
    targets.face[anchor] = static_cast<int>(f);
  }
  return targets;
}

std::array<float, 4> EncodeBox(const Box& box, const Prior& prior, int input_width, int input_height,
                               const std::array<float, 2>& variances) {
  const float w = static_cast<float>(input_width), h = static_cast<float>(input_height);
  const float cx = (box.x1 + box.x2) / 2 / w, cy = (box.y1 + box.y2) / 2 / h;
  return {(cx - prior.cx) / (variances[0] * prior.w), (cy - prior.cy) / (variances[0] * prior.h),
          std::log(std::max(box.width(), 1e-3f) / w / prior.w) / variances[1],
          std::log(std::max(box.height(), 1e-3f) / h / prior.h) / variances[1]};
}

std::array<float, 2> EncodePoint(const Point& point, const Prior& prior, int input_width, int input_height,
                                 const std::array<float, 2>& variances) {
  return {(point.x / static_cast<float>(input_width) - prior.cx) / (variances[0] * prior.w),
          (point.y / static_cast<float>(input_height) - prior.cy) / (variances[0] * prior.h)};
}

}  // namespace maskscope
