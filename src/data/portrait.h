#ifndef MASKSCOPE_DATA_PORTRAIT_H_
#define MASKSCOPE_DATA_PORTRAIT_H_

#include <vector>

#include "base/random.h"
#include "data/painter.h"
#include "image/image.h"

namespace maskscope {

// Linear RGB-like colour, 0..1 a channel.
struct Colour {
  float r = 0, g = 0, b = 0;
};
Colour Mix(const Colour& a, const Colour& b, float share_of_b);
Colour Scale(const Colour& a, float factor);

// A float canvas: [height][width] colours.
struct Canvas {
  int width, height;
  std::vector<Colour> pixels;
  Canvas(int w, int h) : width(w), height(h), pixels(static_cast<size_t>(w) * h) {}
  Colour& at(int x, int y) { return pixels[static_cast<size_t>(y) * width + x]; }
};

// Everything that tells one person from another. Lengths are in units of half the face's width.
struct Person {
  Colour skin, hair, iris, clothes, mask, lips;
  float centre_x = 0, centre_y = 0;  // of the face, pixels
  float scale = 50;                  // half the face's width, pixels
  float roll = 0;                    // radians
  float turn = 0;                    // -1..1: features shift towards that side of the face
  float light_x = -0.4f;             // direction the light comes from
  float height = 1.28f;              // half the face's height
  float jaw = 0.2f;                  // how much the face narrows to the chin
  float eye_gap = 0.42f, eye_size = 0.2f, brow_lift = 0, nose_width = 0.2f, mouth_width = 0.34f, smile = 0;
  bool long_hair = false, bald = false, glasses = false, beard = false;
  bool patterned_mask = false;
  FaceCover cover = FaceCover::kBare;
};

// Draws a person by lot; placement (centre, scale) is left to the caller.
Person RandomPerson(Random& random, FaceCover cover);

// Paints the person over what is there and returns the truth about the face.
PaintedFace PaintPerson(const Person& person, Random& random, Canvas& canvas);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_PORTRAIT_H_
