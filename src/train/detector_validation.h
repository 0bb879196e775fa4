#ifndef MASKSCOPE_TRAIN_DETECTOR_VALIDATION_H_
#define MASKSCOPE_TRAIN_DETECTOR_VALIDATION_H_

#include <vector>

#include "analyze/detector.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "train/run_folder.h"

namespace maskscope {

// Average precision of faces at IoU 0.5 (PASCAL VOC, area under the curve) on labelled scenes, all states being faces:
// "ap50" and "ap50_SET" over faces at least `least_height` pixels high (smaller ones and ignored ones neither hit nor
// miss), "ap50_all" over all. The detector's score threshold should be low (0.02). `workers` 0 = all cores.
NamedNumbers MeasureDetector(const Detector& detector, const std::vector<LabelledImage>& pictures, int workers,
                             float least_height = 16, Progress* progress = nullptr);

// The same from detections in pixels of the pictures.
NamedNumbers ScoreDetections(const std::vector<LabelledImage>& pictures,
                             const std::vector<std::vector<Detection>>& detections, float least_height = 16);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_DETECTOR_VALIDATION_H_
