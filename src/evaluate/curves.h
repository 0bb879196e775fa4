#ifndef MASKSCOPE_EVALUATE_CURVES_H_
#define MASKSCOPE_EVALUATE_CURVES_H_

#include <string>
#include <vector>

#include "evaluate/estimate.h"
#include "evaluate/scene_view.h"

namespace maskscope {

// Precision against recall, and both against the threshold, of one class, with 95 % bands.
struct ClassCurves {
  std::string name;  // of the list
  int64_t faces = 0;
  Estimate ap;                      // PASCAL VOC 2010 on
  std::vector<double> recall_grid;  // 0, 0.01 .. 1
  // The best precision at this recall or more; undefined beyond the recall that is reached.
  std::vector<Estimate> precision_at_recall;
  std::vector<double> thresholds;  // 0, 0.02 .. 1, of the list's score
  std::vector<Estimate> precision, recall, f1;
  double best_threshold = 0;  // of `thresholds`: where F1 is greatest
};

ClassCurves MakeCurves(const SceneView& view, ListKind kind, const Resampler& resampler);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_CURVES_H_
