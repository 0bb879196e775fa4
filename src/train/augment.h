#ifndef MASKSCOPE_TRAIN_AUGMENT_H_
#define MASKSCOPE_TRAIN_AUGMENT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "base/random.h"

// Pictures made different from themselves, as tensors: what a camera, a codec, a detector's imprecise box and chance do
// to a face.
namespace maskscope {

struct AugmentOptions {
  double rotation = 20;         // degrees, at most, either way
  double shift = 0.09;          // share of the crop's side, at most, either way
  double aspect = 0.12;         // width over height, at most this share wider or narrower
  double low_resolution = 0.4;  // share of pictures that pass through fewer pixels
  int least_side = 18;          // pixels of the whole crop at the lowest resolution
  double jpeg = 0.35;           // share that pass through a JPEG codec
  double blur = 0.2;            // share blurred (unevenly: also motion)
  double noise = 0.25;          // share with sensor noise
  double colour = 1.0;          // strength of brightness, contrast, saturation, hue and white-balance changes
  double grey = 0.05;           // share without colour
  double cutout = 0.2;          // share with a rectangle painted over
};

// Where a crop is taken from its canvas: a square canvas shows `extent` times the nominal crop, centred.
struct CropJitter {
  double smallest = 0.8, largest = 1.3;  // side of the crop taken, in nominal sides; log-uniform
};

// canvases: [batch, 3, side, side] uint8 RGB. Returns [batch, 3, size, size] float, 0..1: each crop moved, turned,
// scaled by its own jitter, mirrored half of the time. `random` has one generator a picture.
at::Tensor SampleCrops(const at::Tensor& canvases, double extent, int64_t size, const std::vector<CropJitter>& jitter,
                       const AugmentOptions& options, std::vector<Random>& random);

// [batch, 3, size, size], 0..1, size a multiple of 8 -> the same after resolution loss, blur, JPEG, colour, noise and
// cutout.
at::Tensor DegradeAndColour(const at::Tensor& pictures, const AugmentOptions& options, std::vector<Random>& random);

// Parts, one picture [3, height, width] each, 0..1.
// What a baseline JPEG codec of this quality (1..100, as libjpeg scales its tables) leaves; sides must be multiples of
// 8, chroma is halved where they are multiples of 16. Tables: ITU-T T.81, annex K.
at::Tensor JpegArtefacts(const at::Tensor& picture, int quality);
// Gaussian blur with standard deviations along and across a direction, pixels; edges repeat.
at::Tensor Blur(const at::Tensor& picture, double along, double across, double angle);
// Area average down to side x side and bilinear back up.
at::Tensor LowerResolution(const at::Tensor& picture, int64_t side);
// The 3x3 matrix [row-major] that turns hue by an angle and scales saturation in YIQ, then scales channels.
std::vector<float> ColourMatrix(double hue, double saturation, const double gain[3]);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_AUGMENT_H_
