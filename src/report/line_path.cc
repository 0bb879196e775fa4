#include "report/line_path.h"

#include <algorithm>
#include <cmath>

#include "report/svg_writer.h"

namespace maskscope {
namespace {

constexpr size_t kMany = 2000;  // points of a line that no screen tells apart
constexpr double kColumn = 1;   // pixels

// First, lowest, highest and last of the points [begin, end), in their order.
void KeepCorners(const PixelRun& run, size_t begin, size_t end, PixelRun& kept) {
  size_t lowest = begin, highest = begin;
  for (size_t i = begin; i < end; ++i) {
    if (run[i].y < run[lowest].y) lowest = i;
    if (run[i].y > run[highest].y) highest = i;
  }
  std::vector<size_t> corners{begin, lowest, highest, end - 1};
  std::sort(corners.begin(), corners.end());
  corners.erase(std::unique(corners.begin(), corners.end()), corners.end());
  for (const size_t i : corners) kept.push_back(run[i]);
}

}  // namespace

PixelRun ThinOut(const PixelRun& run) {
  const bool rises = std::is_sorted(run.begin(), run.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
  if (run.size() <= kMany || !rises) return run;
  PixelRun kept;
  for (size_t begin = 0, end = 0; begin < run.size(); begin = end) {
    const double column = std::floor(run[begin].x / kColumn);
    while (end < run.size() && std::floor(run[end].x / kColumn) == column) ++end;
    KeepCorners(run, begin, end, kept);
  }
  return kept;
}

PixelRun AsSteps(const PixelRun& run) {
  PixelRun steps;
  for (size_t i = 0; i < run.size(); ++i) {
    if (i > 0) steps.push_back({run[i].x, run[i - 1].y});
    steps.push_back(run[i]);
  }
  return steps;
}

std::string PolylinePath(const PixelRun& run) {
  std::string data;
  for (const PixelPoint& point : run) {
    data += (data.empty() ? "M" : "L") + Coordinate(point.x) + " " + Coordinate(point.y);
  }
  return data;
}

std::string BandPath(const PixelRun& low, const PixelRun& high) {
  PixelRun outline = high;
  outline.insert(outline.end(), low.rbegin(), low.rend());
  return PolylinePath(outline) + "z";
}

}  // namespace maskscope
