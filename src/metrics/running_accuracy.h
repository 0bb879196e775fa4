#ifndef MASKSCOPE_METRICS_RUNNING_ACCURACY_H_
#define MASKSCOPE_METRICS_RUNNING_ACCURACY_H_

#include <cstdint>
#include <vector>

#include "metrics/detection.h"

namespace maskscope {

// After one more picture; NaN before the first face.
struct RunningPoint {
  int64_t faces = 0;   // so far
  double running = 0;  // right detections / faces, each detection by itself: can exceed 1
  double strict = 0;   // faces found and rightly labelled / faces, one detection a face
};

// The running accuracy of RICE2021 (doi 10.15439/2021R13), redrawn for comparison: detections whose label is that of a
// face they overlap by `iou`, over faces, summed up picture by picture. Nothing there keeps two detections from
// counting for one face, which is why its curve can stand above 1; `strict` matches one to one (VocCurve, whatever the
// label) and then asks for the label. Ignored faces (difficult, crowd) count in neither. One point an image, 0 to
// images - 1.
std::vector<RunningPoint> RunningAccuracy(const std::vector<GroundTruth>& truths,
                                          const std::vector<ScoredBox>& detections, int images, double iou = 0.5);

}  // namespace maskscope

#endif  // MASKSCOPE_METRICS_RUNNING_ACCURACY_H_
