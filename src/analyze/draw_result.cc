#include "analyze/draw_result.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace maskscope {
namespace {

struct Scale {
  float x = 1, y = 1;
  Box operator()(const Box& box) const { return {box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y}; }
  Point operator()(const Point& point) const { return {point.x * x, point.y * y}; }
};

std::string LabelText(const FaceResult& face) {
  std::string reason = face.unsure_reason;
  std::replace(reason.begin(), reason.end(), '_', ' ');
  if (face.state == "unsure") return reason.empty() ? "unsure" : "unsure: " + reason;
  return face.state + " " + std::to_string(static_cast<int>(std::floor(face.confidence * 100 + 0.5f))) + "%";
}

// Thickness of lines in pixels: visible when the picture is shown on a screen as a whole.
int LineThickness(const Image& image) {
  return std::max(2, static_cast<int>(std::lround(std::max(image.width, image.height) / 350.0)));
}

// Height of capitals in pixels. Small faces in a crowd get smaller letters, down to what can still be read.
float TextHeight(const Image& image, const Box& face) {
  const float normal = std::max(9.0f, static_cast<float>(std::max(image.width, image.height)) / 75.0f);
  return std::clamp(0.16f * face.width(), 7.0f, normal);
}

}  // namespace

StateLook LookOfState(const std::string& state) {
  if (state == "correct") return {{0, 158, 115}, LineStyle::kSolid};
  if (state == "incorrect") return {{240, 228, 66}, LineStyle::kDashed};
  if (state == "none") return {{213, 94, 0}, LineStyle::kSolid, true};
  return {{200, 200, 200}, LineStyle::kDotted};
}

Box HeadRegion(const Box& face) {
  const float w = face.width(), h = face.height();
  return {face.x1 - 0.3f * w, face.y1 - 0.45f * h, face.x2 + 0.3f * w, face.y2 + 0.2f * h};
}

void DrawResult(const Result& result, Image& image, const DrawOptions& options) {
  if (image.empty() || result.width <= 0 || result.height <= 0) return;
  const Scale scale{static_cast<float>(image.width) / static_cast<float>(result.width),
                    static_cast<float>(image.height) / static_cast<float>(result.height)};
  if (options.blur_faces) {
    for (const FaceResult& face : result.faces) BlurRegion(image, scale(HeadRegion(face.box)));
  }
  if (!options.boxes) return;
  const int thickness = LineThickness(image);
  for (const FaceResult& face : result.faces) {
    const StateLook look = LookOfState(face.state);
    DrawBox(image, scale(face.box), look.color, look.heavy ? thickness + (thickness + 1) / 2 : thickness, look.line);
    if (!options.landmarks) continue;
    for (const Point& point : face.landmarks) {
      DrawDot(image, scale(point), static_cast<float>(thickness), look.color);
    }
  }
  if (!options.labels) return;
  // After all boxes, so that no box crosses a label.
  std::vector<Box> taken;
  for (const FaceResult& face : result.faces) {
    const Box box = scale(face.box);
    taken.push_back(
        DrawLabel(image, box, LabelText(face), LookOfState(face.state).color, TextHeight(image, box), taken));
  }
}

}  // namespace maskscope
