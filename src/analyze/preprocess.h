#ifndef MASKSCOPE_ANALYZE_PREPROCESS_H_
#define MASKSCOPE_ANALYZE_PREPROCESS_H_

#include "graph/model_record.h"
#include "image/image.h"
#include "image/transform.h"

// From a picture to a network input, by the model's record: the one function that training, evaluation, command line
// and server share.
namespace maskscope {

// Input size a detector gets for a picture of this size (kFitLongest depends on it).
struct InputSize {
  int width = 0, height = 0;
};
InputSize DetectorInputSize(const Preprocessing& rule, int image_width, int image_height);

// Resizes the whole picture by `rule` and writes [3, height, width] floats, normalised, to `out` (InputSize
// height*width*3 values). Returns where the picture lies in the input, in pixels of `image`.
Placement FillDetectorInput(const Preprocessing& rule, const Image& image, float* out);

// The least longest side, in pixels, that a reduced copy of a width x height picture must keep so that filling the
// input does not enlarge it more than the full picture would be.
int LeastUsefulLongestSide(const Preprocessing& rule, int image_width, int image_height);

// Region of the picture a classifier looks at for a face box (may reach outside the picture).
Box ClassifierRegion(const CropRule& rule, const Box& face);
// Input size a classifier gets for a region: width x height, or the smallest of `rule.sides` that holds its pixels.
InputSize ClassifierInputSize(const Preprocessing& rule, const Box& region);
// Cuts `region` and writes [3, size.height, size.width] normalised floats to `out`. `region` is in pixels of `image`.
void FillClassifierInput(const Preprocessing& rule, const Image& image, const Box& region, const InputSize& size,
                         float* out);

// RGB bytes [height, width, 3] -> normalised planes [3, height, width] by mean, std and channel order of `rule`.
void NormalizeToPlanes(const Preprocessing& rule, const Image& image, float* out);

}  // namespace maskscope

#endif  // MASKSCOPE_ANALYZE_PREPROCESS_H_
