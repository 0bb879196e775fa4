#ifndef MASKSCOPE_DATA_SYNTHESIS_PAINT_LAYER_H_
#define MASKSCOPE_DATA_SYNTHESIS_PAINT_LAYER_H_

#include <functional>
#include <vector>

#include "data/portrait.h"
#include "data/synthesis/face_shape.h"
#include "image/image.h"

// A transparent sheet over a part of a picture, several samples a pixel, on which masks and other things are drawn
// before they are put into the photo.
namespace maskscope {

// Colours here are linear reflectance, 0..1 (not the gamma-coded values of a picture).
float ToLinear(float coded);  // 0..1 -> 0..1
float FromLinear(float linear);
Colour ToLinear(const Colour& coded);

// What is seen at one sample.
struct Ink {
  Colour colour;    // reflectance times shading
  float alpha = 1;  // 0..1
  float under = 0;  // 0..1: how much hair or background lying there hides it (edges of a mask at the side of the face)
};

inline constexpr Ink kNothing{{}, 0, 0};

class PaintLayer {
 public:
  // Covers `area` of the picture (rounded outwards to pixels) with samples x samples points a pixel.
  PaintLayer(const Box& area, int samples);

  int samples() const { return samples_; }
  int width() const { return width_; }  // picture pixels
  int height() const { return height_; }
  int left() const { return left_; }  // picture pixels
  int top() const { return top_; }

  // Calls ink(x, y) for samples within `bounds` (picture pixels) and lays what it returns over what is there.
  void Paint(const Box& bounds, const std::function<Ink(float x, float y)>& ink);

  // Depths: nearer samples hide farther ones. z as FaceFit::Project gives it.
  void ClearDepth();
  // A triangle that only hides.
  void HideBehind(const Vec3 corners[3]);
  // A triangle that is seen where nothing nearer is. `ink` gets the corners' weights.
  void PaintTriangle(const Vec3 corners[3], const std::function<Ink(const float weights[3])>& ink);
  // A line `thickness` picture pixels wide through points in picture pixels, hidden by what is nearer (by more than
  // `slack` pixels).
  void PaintLine(const std::vector<Vec3>& points, float thickness, float slack, const Ink& ink);

  // Averages over each pixel: [height * width], colours premultiplied by alpha.
  struct Pixel {
    Colour colour;
    float alpha = 0, under = 0;
  };
  std::vector<Pixel> Flatten() const;

 private:
  size_t At(int column, int row) const { return static_cast<size_t>(row) * columns_ + column; }
  void Lay(size_t at, const Ink& ink);
  template <typename Use>
  void EachSample(const Vec3 corners[3], const Use& use);

  int samples_, left_, top_, width_, height_, columns_, rows_;
  std::vector<Pixel> ink_;
  std::vector<float> depth_;
};

// Smooth noise, -1..1, one bump a unit; the same for the same seed.
float SmoothNoise(float x, float y, uint64_t seed);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_PAINT_LAYER_H_
