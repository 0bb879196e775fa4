#ifndef MASKSCOPE_EXPLAIN_CAM_H_
#define MASKSCOPE_EXPLAIN_CAM_H_

#include <string>
#include <string_view>
#include <vector>

#include "explain/layers.h"
#include "explain/probe.h"

// Maps of where a network looked for one of its scores, from the activations of a layer and the score's derivatives.
namespace maskscope {

enum class CamMethod {
  kGradCam,          // Selvaraju et al. 2017: channels weighted by their mean derivative
  kGradCamPlusPlus,  // Chattopadhyay et al. 2018, equation 19: the mean weighs places by second and third powers
  kHiResCam,         // Draelos and Carin 2020: derivative times activation place by place
  kLayerCam,         // Jiang et al. 2021: as HiResCAM, but only where the derivative is positive
  kScoreCam,         // Wang et al. 2020: channels weighted by the score of the picture seen through them, no derivative
  kEigenCam,         // Muhammad and Yeasin 2020: first principal component of the activations; the same for all scores
};
const std::vector<CamMethod>& CamMethods();
std::string_view CamMethodName(CamMethod method);   // "gradcam++"
CamMethod ParseCamMethod(const std::string& text);  // Errors: kUsage naming the methods and the nearest
bool NeedsGradient(CamMethod method);

// One number a cell, 0 or more, row by row.
struct CamMap {
  int width = 0, height = 0;
  std::vector<float> values;
  bool empty() const;  // no cell above 0: nothing speaks for the score
  // The least value becomes 0, the greatest 1, as pytorch-grad-cam draws maps; one that is the same everywhere becomes
  // 0.
  CamMap Normalized() const;
};

// The map of every method but kScoreCam. `activation` and `gradient` are [1, channels, height, width]; the gradient is
// not read for kEigenCam and may be empty. Negative sums become 0, as in the papers. Errors: kInternal (shapes).
CamMap ComputeCam(CamMethod method, const Tensor& activation, const Tensor& gradient);

// The map of `score` at `layer` for one input of `probe` (ElementCount(input_shape) floats, 0 being the mean colour,
// which is what kScoreCam hides the picture behind). Errors: kUsage where the score does not depend on the layer; those
// of Probe::Differentiate.
CamMap ComputeCam(CamMethod method, const Probe& probe, const float* input, const Score& score, const Layer& layer);

// Bilinear with half-pixel centres, edges repeated, as OpenCV's INTER_LINEAR.
CamMap ResizeCam(const CamMap& map, int width, int height);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_CAM_H_
