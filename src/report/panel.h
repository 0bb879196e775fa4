#ifndef MASKSCOPE_REPORT_PANEL_H_
#define MASKSCOPE_REPORT_PANEL_H_

#include <string>
#include <utility>
#include <vector>

#include "report/chart.h"
#include "report/frame.h"

// What every kind of chart offers to stand alone or among others. Internal to the charts.
namespace maskscope {

struct PanelSize {
  double width = 0, height = 0;
};

// Errors of all: kInternal (vectors of different length, see chart.h).
void Draw(const LineChart& chart, SvgWriter& svg, const PanelPlace& place);
void Draw(const BarChart& chart, SvgWriter& svg, const PanelPlace& place);
void Draw(const Histogram& chart, SvgWriter& svg, const PanelPlace& place);
void Draw(const MatrixChart& chart, SvgWriter& svg, const PanelPlace& place);

// Pixels from its left edge to its field, when nothing pushes it.
double FieldLeft(const LineChart& chart, bool legend);
double FieldLeft(const BarChart& chart, bool legend);
double FieldLeft(const Histogram& chart, bool legend);
double FieldLeft(const MatrixChart& chart, bool legend);

std::vector<LegendEntry> LegendOf(const LineChart& chart);
std::vector<LegendEntry> LegendOf(const BarChart& chart);
std::vector<LegendEntry> LegendOf(const Histogram& chart);
std::vector<LegendEntry> LegendOf(const MatrixChart& chart);

// Throws kInternal naming chart and series unless `found` is `wanted`.
void RequireLength(const std::string& chart, const std::string& series, size_t found, size_t wanted);

// The y axis of bars that grow from 0: `extent` with 0, or one decade below the least where the axis is logarithmic.
// A free end below is fixed by it.
ChartAxis BarAxis(const ChartAxis& axis, Extent& extent);

}  // namespace maskscope

#endif  // MASKSCOPE_REPORT_PANEL_H_
