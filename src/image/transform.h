#ifndef MASKSCOPE_IMAGE_TRANSFORM_H_
#define MASKSCOPE_IMAGE_TRANSFORM_H_

#include "image/image.h"

// Geometry: the one resize, the one letterbox, the one crop. Every other module goes through these.
namespace maskscope {

// Bilinear with half-pixel centres when enlarging (as OpenCV INTER_LINEAR), pixel-area average when shrinking (as
// INTER_AREA).
Image Resize(const Image& source, int width, int height);

// Where a picture lies inside a network input: x_in = x * scale_x + offset_x.
struct Placement {
  float scale_x = 1, scale_y = 1, offset_x = 0, offset_y = 0;
  Box ToSource(const Box& box_in_input) const;
  Point ToSource(const Point& point_in_input) const;
};

// Cuts `box` (any float box, may reach outside: outside repeats `fill`) out of the picture and resizes it to width x
// height in one go.
Image CropResize(const Image& source, const Box& box, int width, int height, uint8_t fill = 0);

Image FlipHorizontal(const Image& source);
Box Clamp(const Box& box, int width, int height);

// Copies `image` into `sheet`, its upper left pixel at (x, y). It must fit.
void Paste(const Image& image, int x, int y, Image& sheet);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_TRANSFORM_H_
