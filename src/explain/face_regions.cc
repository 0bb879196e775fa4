#include "explain/face_regions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskscope {
namespace {

constexpr float kEyeRadius = 0.3f, kNoseRadius = 0.28f, kMouthRadius = 0.3f;  // in distances between the eyes
constexpr float kLeastUnit = 0.25f;                                           // of the box's shorter side

float DistanceToLine(Point point, Point a, Point b) {
  const float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  const float along = square > 0 ? ((point.x - a.x) * dx + (point.y - a.y) * dy) / square : 0;
  const float t = std::clamp(along, 0.0f, 1.0f);
  return std::hypot(point.x - a.x - t * dx, point.y - a.y - t * dy);
}

}  // namespace

std::string_view FaceRegionName(FaceRegion region) {
  constexpr std::array<std::string_view, kFaceRegions> kNames = {"eyes", "nose", "mouth", "rest of face", "background"};
  return kNames[static_cast<size_t>(region)];
}

FaceRegion RegionAt(const FaceFrame& face, Point point) {
  const std::vector<Point>& p = face.landmarks;
  const float unit = std::max(std::hypot(p[1].x - p[0].x, p[1].y - p[0].y),
                              kLeastUnit * std::min(face.box.width(), face.box.height()));
  const Point between{(p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2};
  const Point bridge{between.x + (p[2].x - between.x) / 3, between.y + (p[2].y - between.y) / 3};
  const float eyes = std::min(DistanceToLine(point, p[0], p[0]), DistanceToLine(point, p[1], p[1])) / kEyeRadius;
  const float nose = DistanceToLine(point, bridge, p[2]) / kNoseRadius;
  const float mouth = DistanceToLine(point, p[3], p[4]) / kMouthRadius;
  const float nearest = std::min({eyes, nose, mouth});
  if (nearest <= unit) {
    return nearest == eyes ? FaceRegion::kEyes : nearest == nose ? FaceRegion::kNose : FaceRegion::kMouth;
  }
  const float x = (point.x - (face.box.x1 + face.box.x2) / 2) / (face.box.width() / 2);
  const float y = (point.y - (face.box.y1 + face.box.y2) / 2) / (face.box.height() / 2);
  return x * x + y * y <= 1 ? FaceRegion::kRestOfFace : FaceRegion::kBackground;
}

double RegionShares::Density(FaceRegion region) const {
  const auto i = static_cast<size_t>(region);
  return area[i] > 0 ? heat[i] / area[i] : std::numeric_limits<double>::quiet_NaN();
}

double RegionShares::nose_and_mouth() const {
  return heat[static_cast<size_t>(FaceRegion::kNose)] + heat[static_cast<size_t>(FaceRegion::kMouth)];
}

std::optional<RegionShares> MeasureRegions(const CamMap& map, int width, int height, const FaceFrame& face) {
  if (map.empty() || face.landmarks.size() != 5) return std::nullopt;
  const CamMap heat = ResizeCam(map, width, height).Normalized();
  RegionShares shares;
  double total = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Point centre{static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f};
      const auto region = static_cast<size_t>(RegionAt(face, centre));
      const double value = heat.values[static_cast<size_t>(y * width + x)];
      shares.heat[region] += value;
      shares.area[region] += 1;
      total += value;
    }
  }
  if (total == 0) return std::nullopt;
  for (double& share : shares.heat) share /= total;
  for (double& share : shares.area) share /= static_cast<double>(width) * height;
  return shares;
}

}  // namespace maskscope
