#ifndef MASKSCOPE_EVALUATE_COMPARE_SYSTEMS_H_
#define MASKSCOPE_EVALUATE_COMPARE_SYSTEMS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/estimate.h"
#include "evaluate/scene_scores.h"

// Several systems on the same pictures.
namespace maskscope {

// What one system said.
struct SystemRun {
  std::string name;
  std::vector<Result> answers, candidates;
  double pictures_per_second = 0;  // of the answers; NaN: not run here
  std::string settings;            // thresholds and files, for people
};

// One number for every system.
struct ComparedNumber {
  std::string name;
  std::vector<Estimate> of_system;
  // How much more than the first system, on the same draws of pictures: what is hard for both takes no part. The
  // first's own is undefined, and so is one of two numbers that are not both defined.
  std::vector<Estimate> difference;
};

enum class Comparison { kBetter, kWorse, kNotTold, kUndefined };
// By whether the interval of the difference holds 0. All compared numbers are better the greater they are.
Comparison Judge(const Estimate& difference);

// How a picture went: labelled faces found (and not wrong about mask or no mask, where that is said), and detections
// without a face.
struct PictureScore {
  int faces = 0, right = 0, wrong = 0, false_detections = 0;
  int merit() const { return right - wrong - false_detections; }
};

struct SystemComparison {
  std::vector<std::string> names;
  std::vector<ComparedNumber> numbers;
  std::vector<std::vector<PictureScore>> pictures;  // [system][picture of the view]
  SceneView view;                                   // of the first system
  std::vector<SceneView> views;                     // of each
};

// All systems by the rules of scene_scores.h, on the pictures that are scored together. `runs` must outlive what is
// returned. Errors: kUsage (no system), those of PooledView.
SystemComparison CompareSystems(const std::vector<LabelledImage>& images, const std::vector<SystemRun>& runs,
                                const SceneScoreOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_COMPARE_SYSTEMS_H_
