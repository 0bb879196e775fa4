#ifndef MASKSCOPE_DATA_SYNTHESIS_PHOTO_LOOK_H_
#define MASKSCOPE_DATA_SYNTHESIS_PHOTO_LOOK_H_

#include <vector>

#include "base/random.h"
#include "data/portrait.h"
#include "data/synthesis/face_shape.h"
#include "data/synthesis/paint_layer.h"
#include "image/image.h"

// How a photo shows a face: its light, colours, sharpness and grain, so that what is drawn into it looks the same.
namespace maskscope {

struct PhotoLook {
  Colour skin;        // linear, as photographed: the median over cheeks, nose and forehead
  Colour hair;        // linear, as photographed: above the forehead
  Colour white;       // linear: what something perfectly white would show, under the light of the middle of the face
  float light_x = 0;  // -1..1, the side the light comes from; > 0: the picture's right
  float blur = 0;     // standard deviation of the photo's softness, pixels
  float grain = 0;    // standard deviation of its noise, units of 0..255
};

// Errors: none; a face that lies outside the picture is measured on what there is of it.
PhotoLook MeasurePhoto(const Image& image, const FaceFit& fit);

// 0..1: how much a pixel looks like this face's skin.
float SkinLikeness(const PhotoLook& look, const Colour& linear);

struct BlendOptions {
  float shadow = 0.25f;        // darkness of the shadow it throws, 0..1
  Point shadow_offset;         // pixels
  float shadow_spread = 2;     // standard deviation, pixels
  Box frame;                   // the part of the picture that will be seen, pixels
  double least_visible = 0;    // pixels
  bool hidden_by_hair = true;  // where Ink::under says so, what does not look like skin stays in front
};

// Puts the layer into the picture: lit by the face's own light, softened and grained as the photo is. Returns how much
// of `options.frame` it covers, pixels; where that is less than `options.least_visible` the picture stays as it was.
double Blend(const PaintLayer& layer, const PhotoLook& look, const FaceFit& fit, const BlendOptions& options,
             Random& random, Image& image);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_PHOTO_LOOK_H_
