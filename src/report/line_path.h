#ifndef MASKSCOPE_REPORT_LINE_PATH_H_
#define MASKSCOPE_REPORT_LINE_PATH_H_

#include <string>
#include <vector>

// Points in pixels, and the path data of lines and bands through them. Internal to the charts.
namespace maskscope {

struct PixelPoint {
  double x = 0, y = 0;
};
// Points one after the other without a gap.
using PixelRun = std::vector<PixelPoint>;

// Leaves out what cannot be seen: of many points within one pixel column, only the first, the lowest, the highest and
// the last stay. Only where x never falls and there are many points; else the run as it is.
PixelRun ThinOut(const PixelRun& run);

// From each point level to the x of the next.
PixelRun AsSteps(const PixelRun& run);

// "M1 2L3 4…"
std::string PolylinePath(const PixelRun& run);

// The area between both, each as long as the other, as a closed path.
std::string BandPath(const PixelRun& low, const PixelRun& high);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_LINE_PATH_H_
