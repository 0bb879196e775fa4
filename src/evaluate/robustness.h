#ifndef MASKSCOPE_EVALUATE_ROBUSTNESS_H_
#define MASKSCOPE_EVALUATE_ROBUSTNESS_H_

#include <functional>
#include <string>
#include <vector>

#include "evaluate/corruptions.h"
#include "evaluate/scene_scores.h"

// How much worse a model gets as pictures get worse.
namespace maskscope {

struct RobustnessPoint {
  int strength = 0;         // 0: the pictures as they are
  std::string description;  // what that means
  Estimate found, precision, state_right, right;
};
struct RobustnessCurve {
  Corruption kind = Corruption::kBlur;
  std::vector<RobustnessPoint> points;  // strengths 0 to 5
};

struct RobustnessOptions {
  std::vector<Corruption> kinds;  // empty = all
  int workers = 1;
  SceneScoreOptions scores;
  // After each picture that was analysed, by several threads at once; false stops.
  std::function<bool()> step;
};

// analyze(picture, source) -> answer at the settings to be measured. Pictures are read once for each kind and strength.
// Faces that a rotation turned out of the picture (less than half of the box is left) are ignored. The same noise on
// every run. Errors: those of ReadImage and of the analysis; kInterrupted.
std::vector<RobustnessCurve> MeasureRobustness(const std::vector<LabelledImage>& images,
                                               const std::function<Result(const Image&, const std::string&)>& analyze,
                                               const RobustnessOptions& options);

// How many pictures that will analyse, for progress.
size_t RobustnessSteps(size_t images, const RobustnessOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_ROBUSTNESS_H_
