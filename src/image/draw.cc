#include "image/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "image/resample.h"
#include "image/transform.h"

namespace maskscope {
namespace {

cv::Mat View(Image& image) { return {image.height, image.width, CV_8UC3, image.pixels.data()}; }
cv::Scalar Scalar(Color color) { return {double(color.r), double(color.g), double(color.b)}; }

// Finite and near enough to the picture for integer arithmetic inside OpenCV.
Box Tame(const Box& box, const Image& image) {
  const float reach = 4.0f * static_cast<float>(std::max(image.width, image.height)) + 64;
  const auto tame = [&](float v) { return std::isnan(v) ? 0 : std::clamp(v, -reach, reach); };
  return {tame(box.x1), tame(box.y1), tame(box.x2), tame(box.y2)};
}

cv::Rect PixelRect(const Box& box, const Image& image) {
  const Box clamped = Clamp(Tame(box, image), image.width, image.height);
  const int x1 = static_cast<int>(std::floor(clamped.x1)), y1 = static_cast<int>(std::floor(clamped.y1));
  const int x2 = static_cast<int>(std::ceil(clamped.x2)), y2 = static_cast<int>(std::ceil(clamped.y2));
  return {x1, y1, std::max(0, x2 - x1), std::max(0, y2 - y1)};
}

double Luminance(Color color) {
  const auto linear = [](uint8_t v) {
    const double s = v / 255.0;
    return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b);
}

// A straight line along one axis as filled rectangles: `along` from a to b, centred on `across`.
void StyledLine(Image& image, float a, float b, float across, bool horizontal, float thickness, LineStyle style,
                Color color) {
  const float dash = style == LineStyle::kDashed   ? 5 * thickness
                     : style == LineStyle::kDotted ? 1.5f * thickness
                                                   : b - a;
  const float gap = style == LineStyle::kDashed ? 3 * thickness : style == LineStyle::kDotted ? 1.5f * thickness : 1;
  const float half = thickness / 2;
  for (float from = a; from < b; from += dash + gap) {
    const float to = std::min(from + dash, b);
    const Box bar =
        horizontal ? Box{from, across - half, to, across + half} : Box{across - half, from, across + half, to};
    FillRectangle(image, bar, color);
  }
}

void Outline(Image& image, const Box& box, Color color, float thickness, LineStyle style) {
  const float half = thickness / 2;
  StyledLine(image, box.x1 - half, box.x2 + half, box.y1, true, thickness, style, color);
  StyledLine(image, box.x1 - half, box.x2 + half, box.y2, true, thickness, style, color);
  StyledLine(image, box.y1 - half, box.y2 + half, box.x1, false, thickness, style, color);
  StyledLine(image, box.y1 - half, box.y2 + half, box.x2, false, thickness, style, color);
}

// A capital of Hershey's simplex font is 21 units high at scale 1.
constexpr float kCapitalHeight = 21.0f;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

struct TextSize {
  double scale;
  int thickness, width, height, baseline;
};
TextSize Measure(const std::string& text, float text_height) {
  TextSize size{};
  size.scale = std::max(0.2f, text_height / kCapitalHeight);
  size.thickness = std::max(1, static_cast<int>(std::lround(text_height / 9)));
  const cv::Size extent = cv::getTextSize(text, kFont, size.scale, size.thickness, &size.baseline);
  size.width = extent.width;
  size.height = extent.height;
  return size;
}

float Padding(float text_height) { return std::max(2.0f, std::round(text_height * 0.35f)); }

std::string PrintableAscii(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

constexpr int kSubpixelBits = 4;
int Subpixels(float v) { return static_cast<int>(std::lround(v * (1 << kSubpixelBits))); }

Box PlaceLabel(const Image& image, const Box& box, const std::string& text, float text_height,
               const std::vector<Box>& taken) {
  const TextSize size = Measure(PrintableAscii(text), text_height);
  const float width = static_cast<float>(size.width) + 2 * Padding(text_height);
  const float height = static_cast<float>(size.height) + 2 * Padding(text_height);
  const Box tame = Tame(box, image);
  const auto image_width = static_cast<float>(image.width), image_height = static_cast<float>(image.height);
  const std::array<Point, 6> corners = {{{tame.x1, tame.y1 - height},
                                         {tame.x1, tame.y2},
                                         {tame.x2, tame.y1},
                                         {tame.x1 - width, tame.y1},
                                         {tame.x1, tame.y1},
                                         {tame.x1, tame.y2 - height}}};
  Box best;
  float least_cost = std::numeric_limits<float>::infinity();
  for (const Point& corner : corners) {
    const float left = std::max(0.0f, std::min(corner.x, image_width - width));
    const float top = std::max(0.0f, std::min(corner.y, image_height - height));
    const Box place{left, top, left + width, top + height};
    float cost = std::abs(left - corner.x) + std::abs(top - corner.y);  // having to move it off its corner
    for (const Box& other : taken) cost += 100 * Iou(place, other) * text_height;
    if (cost < least_cost) {
      least_cost = cost;
      best = place;
    }
  }
  return best;
}

void Coarsen(Image& image, const Box& box, int cells, bool smooth) {
  const cv::Rect rect = PixelRect(box, image);
  if (rect.empty()) return;
  const Box inner{float(rect.x), float(rect.y), float(rect.x + rect.width), float(rect.y + rect.height)};
  const Image coarse = CropResize(image, inner, std::min(cells, rect.width), std::min(cells, rect.height));
  Image replaced(rect.width, rect.height);
  if (smooth) {
    replaced = Resize(coarse, rect.width, rect.height);
  } else {
    cv::Mat target = View(replaced);
    Image copy = coarse;
    cv::resize(View(copy), target, target.size(), 0, 0, cv::INTER_NEAREST);
  }
  View(replaced).copyTo(View(image)(rect));
}

}  // namespace

Color ContrastingColor(Color background) {
  // 0.179 is where the contrast ratios with black and with white are equal.
  return Luminance(background) > 0.179 ? Color{0, 0, 0} : Color{255, 255, 255};
}

void FillRectangle(Image& image, const Box& box, Color color) {
  const Box tame = Tame(box, image);
  const Box rounded{std::round(tame.x1), std::round(tame.y1), std::round(tame.x2), std::round(tame.y2)};
  const cv::Rect rect = PixelRect(rounded, image);
  if (!rect.empty()) View(image)(rect).setTo(Scalar(color));
}

void FillEllipse(Image& image, const Box& box, Color color) {
  const Box tame = Tame(box, image);
  if (image.empty() || !(tame.width() > 0) || !(tame.height() > 0)) return;
  // Pixel (x, y) covers [x, x + 1): OpenCV's coordinates name centres, half a pixel less.
  const cv::Point centre(Subpixels((tame.x1 + tame.x2) / 2 - 0.5f), Subpixels((tame.y1 + tame.y2) / 2 - 0.5f));
  // The smooth edge reaches about half a pixel beyond the outline it is given.
  const auto axis = [](float side) { return Subpixels(std::max(0.0f, side / 2 - 0.5f)); };
  const cv::Size axes(axis(tame.width()), axis(tame.height()));
  cv::Mat view = View(image);
  cv::ellipse(view, centre, axes, 0, 0, 360, Scalar(color), cv::FILLED, cv::LINE_AA, kSubpixelBits);
}

void DrawDot(Image& image, Point centre, float radius, Color color) {
  FillEllipse(image, {centre.x - radius, centre.y - radius, centre.x + radius, centre.y + radius}, color);
}

void DrawBox(Image& image, const Box& box, Color color, int thickness, LineStyle style) {
  const Box tame = Tame(box, image);
  const float width = static_cast<float>(std::max(1, thickness));
  const float rim = std::max(1.0f, std::round(width / 3));
  Outline(image, tame, ContrastingColor(color), width + 2 * rim, LineStyle::kSolid);
  Outline(image, tame, color, width, style);
}

void DrawText(Image& image, Point at, const std::string& text, Color color, float text_height) {
  if (image.empty()) return;
  const Box tame = Tame({at.x, at.y, at.x, at.y}, image);
  const TextSize size = Measure("", text_height);
  cv::Mat view = View(image);
  cv::putText(view, PrintableAscii(text), {int(std::lround(tame.x1)), int(std::lround(tame.y1))}, kFont, size.scale,
              Scalar(color), size.thickness, cv::LINE_AA);
}

Box DrawLabel(Image& image, const Box& box, const std::string& text, Color plate, float text_height,
              const std::vector<Box>& taken) {
  if (image.empty()) return {};
  const Box place = PlaceLabel(image, box, text, text_height, taken);
  FillRectangle(image, place, plate);
  const float padding = Padding(text_height);
  DrawText(image, {place.x1 + padding, place.y2 - padding}, text, ContrastingColor(plate), text_height);
  return place;
}

void BlurRegion(Image& image, const Box& box, int cells) { Coarsen(image, box, std::max(1, cells), true); }
void PixelateRegion(Image& image, const Box& box, int cells) { Coarsen(image, box, std::max(1, cells), false); }

}  // namespace maskscope
