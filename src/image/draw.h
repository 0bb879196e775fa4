#ifndef MASKSCOPE_IMAGE_DRAW_H_
#define MASKSCOPE_IMAGE_DRAW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "image/image.h"

// Marks on pictures. All functions change `image` in place, take coordinates in its pixels, accept anything that lies
// partly or wholly outside, and are safe to call from many threads on different pictures.
namespace maskscope {

struct Color {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Color&) const = default;
};

// Black or white, whichever stands out more from `background` (WCAG 2.1 relative luminance).
Color ContrastingColor(Color background);

enum class LineStyle { kSolid, kDashed, kDotted };

void FillRectangle(Image& image, const Box& box, Color color);
// The ellipse that fits `box`, with a smooth edge.
void FillEllipse(Image& image, const Box& box, Color color);

// The outline of `box`, `thickness` pixels wide, on a thin contrasting rim so that it shows on any background.
void DrawBox(Image& image, const Box& box, Color color, int thickness, LineStyle style = LineStyle::kSolid);

void DrawDot(Image& image, Point centre, float radius, Color color);

// One line of text (ASCII; other characters show as '?') in black or white on a plate filled with `plate`. The plate
// sits on top of `box`, or at another of its sides where there is no room or one of `taken` is in the way; inside the
// picture as far as it fits. `text_height` is the height of a capital in pixels. Returns where the plate is.
Box DrawLabel(Image& image, const Box& box, const std::string& text, Color plate, float text_height,
              const std::vector<Box>& taken = {});

// Text without a plate, its baseline starting at `at`.
void DrawText(Image& image, Point at, const std::string& text, Color color, float text_height);

// Makes what is in `box` unrecognisable for good: only the average colours of cells x cells fields survive, smoothly
// joined.
void BlurRegion(Image& image, const Box& box, int cells = 5);
// The same with hard edges between the fields.
void PixelateRegion(Image& image, const Box& box, int cells = 6);

}  // namespace maskscope

#endif  // MASKSCOPE_IMAGE_DRAW_H_
