#ifndef MASKSCOPE_ANALYZE_NMS_H_
#define MASKSCOPE_ANALYZE_NMS_H_

#include <vector>

#include "image/image.h"

namespace maskscope {

// Greedy non-maximum suppression: by descending score (stable: lower index first on ties), a box goes when its IoU with
// a kept one is greater than `iou`. Returns the kept indices in that order. `plus_one` = areas and overlaps with the +1
// pixel convention of upstream RetinaFace. At most `top_k` candidates enter (0 = all).
std::vector<int> Nms(const std::vector<Box>& boxes, const std::vector<float>& scores, float iou, bool plus_one = false,
                     int top_k = 0);

// The same with the sides of boxes and of overlaps lengthened before they are multiplied: (1, 1) is the +1 pixel
// convention, AIZOO adds 0.001 (of the picture's side) to the boxes' sides only.
struct NmsRule {
  float iou = 0.5f;
  float box_side_added = 0, overlap_side_added = 0;  // in the unit of the boxes
  int top_k = 0;
  bool of_smaller = false;  // overlap in shares of the smaller box instead of both together
};
std::vector<int> Nms(const std::vector<Box>& boxes, const std::vector<float>& scores, const NmsRule& rule);

// Per class: boxes of different classes do not suppress each other.
std::vector<int> NmsPerClass(const std::vector<Box>& boxes, const std::vector<float>& scores,
                             const std::vector<int>& classes, float iou, bool plus_one = false);
std::vector<int> NmsPerClass(const std::vector<Box>& boxes, const std::vector<float>& scores,
                             const std::vector<int>& classes, const NmsRule& rule);

// Soft-NMS (Bodla et al. 2017): takes the highest score again and again, ties by lower index, until it is below
// `min_score`, and lowers the others: s *= 1 - IoU where IoU > `iou` (linear), s *= exp(-IoU^2 / sigma) (Gaussian).
// Returns decayed scores through `scores`, indices in order of selection.
enum class SoftNmsKind { kLinear, kGaussian };
std::vector<int> SoftNms(const std::vector<Box>& boxes, std::vector<float>& scores, SoftNmsKind kind, float iou,
                         float sigma, float min_score);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_NMS_H_
