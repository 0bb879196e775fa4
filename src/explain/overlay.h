#ifndef MASKSCOPE_EXPLAIN_OVERLAY_H_
#define MASKSCOPE_EXPLAIN_OVERLAY_H_

#include "explain/cam.h"
#include "image/draw.h"
#include "image/image.h"

// Heat on pictures.
namespace maskscope {

// The colour map JET at `share` (0 blue .. 1 red): piecewise linear, as Matlab and OpenCV have it. Shares outside are
// clamped.
Color JetColor(float share);

// The map, stretched over the picture bilinearly, in JET, mixed half and half with it and brightened until the
// brightest channel is full: as pytorch-grad-cam's show_cam_on_image draws it. `map` is normalised here.
Image OverlayHeat(const Image& picture, const CamMap& map);

// The two pictures side by side, equally high, a gap of white between them.
Image SideBySide(const Image& left, const Image& right);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_OVERLAY_H_
