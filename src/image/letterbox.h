#ifndef MASKSCOPE_IMAGE_LETTERBOX_H_
#define MASKSCOPE_IMAGE_LETTERBOX_H_

#include "image/image.h"

// The centred letterbox of YOLOv5 (release 6, utils/augmentations.py and utils/general.py), for models trained with it:
// the picture is scaled to fit, centred, and the rest is filled. Our own detectors put the picture at the top left
// instead (analyze/preprocess.h).
namespace maskscope {

struct LetterboxOptions {
  int target_width = 640, target_height = 640;  // pixels
  bool least_padding = false;                   // pad only up to the next multiple of `stride` ("auto")
  bool enlarge = true;                          // may a smaller picture be enlarged? ("scaleup")
  int stride = 32;                              // pixels
  void Validate() const;
};

struct Letterbox {
  double ratio = 1;                              // resized / original
  int resized_width = 0, resized_height = 0;     // pixels, rounded half to even
  double half_pad_x = 0, half_pad_y = 0;         // padding of one side before rounding: what boxes are moved by
  int left = 0, top = 0, right = 0, bottom = 0;  // padding in whole pixels
  int width = 0, height = 0;                     // of the result

  // Box of the picture -> box of the letterboxed picture.
  Box FromImage(const Box& box) const;
};

// Errors: kUsage (options), kBadImage (a picture without pixels).
Letterbox PlanLetterbox(int image_width, int image_height, const LetterboxOptions& options = {});

// The way back as YOLOv5 does it (scale_coords): from the two sizes alone, without the plan, then clipped to the
// picture. Where sizes were rounded it differs a little from the inverse of FromImage.
Box BoxFromLetterbox(const Box& box_in_letterbox, int letterbox_width, int letterbox_height, int image_width,
                     int image_height);

// The letterboxed picture itself.
Image MakeLetterbox(const Image& image, const Letterbox& plan, uint8_t fill = 114);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_LETTERBOX_H_
