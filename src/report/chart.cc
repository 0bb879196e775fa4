#include "report/chart.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/panel.h"

namespace maskscope {
namespace {

constexpr int kMostColumns = 4;
constexpr double kMostSharedLegend = 300;  // pixels

template <typename OneChart>
PanelSize SizeOf(const OneChart& chart) {
  return {std::max<double>(chart.width, kLeastWidth), std::max<double>(chart.height, kLeastHeight)};
}

template <typename OneChart>
std::string Alone(const OneChart& chart) {
  SvgWriter svg;
  Draw(chart, svg, {});
  const PanelSize size = SizeOf(chart);
  return svg.Finish(size.width, size.height, chart.title);
}

// Where each panel of a grid stands.
struct GridPlan {
  size_t columns = 1;
  std::vector<double> widths, heights, field_left;  // of columns, rows, columns
};

GridPlan PlanGrid(const PanelGrid& grid) {
  GridPlan plan;
  const auto count = static_cast<double>(grid.panels.size());
  const int columns =
      grid.columns > 0 ? grid.columns : std::min(kMostColumns, static_cast<int>(std::ceil(std::sqrt(count))));
  plan.columns = static_cast<size_t>(std::max(1, columns));
  plan.widths.assign(std::min(plan.columns, std::max<size_t>(1, grid.panels.size())), kLeastWidth);
  plan.heights.assign((grid.panels.size() + plan.columns - 1) / plan.columns, 0);
  plan.field_left.assign(plan.widths.size(), 0);
  for (size_t i = 0; i < grid.panels.size(); ++i) {
    const size_t column = i % plan.columns, row = i / plan.columns;
    const PanelSize size = std::visit([](const auto& one) { return SizeOf(one); }, grid.panels[i]);
    plan.widths[column] = std::max(plan.widths[column], size.width);
    plan.heights[row] = std::max(plan.heights[row], size.height);
    const double left =
        std::visit([&](const auto& one) { return FieldLeft(one, !grid.shared_legend); }, grid.panels[i]);
    plan.field_left[column] = std::max(plan.field_left[column], left);
  }
  return plan;
}

// Of all panels, each entry once.
std::vector<LegendEntry> SharedLegend(const PanelGrid& grid) {
  std::vector<LegendEntry> entries;
  for (const Chart& panel : grid.panels) {
    for (const LegendEntry& entry : std::visit([](const auto& one) { return LegendOf(one); }, panel)) {
      if (std::find(entries.begin(), entries.end(), entry) == entries.end()) entries.push_back(entry);
    }
  }
  return entries;
}

}  // namespace

void RequireLength(const std::string& chart, const std::string& series, size_t found, size_t wanted) {
  if (found == wanted) return;
  throw Error(ErrorKind::kInternal, "chart '" + chart + "', '" + series + "': found " + std::to_string(found) +
                                        " values, wanted " + std::to_string(wanted));
}

ChartAxis::~ChartAxis() = default;

std::string ToSvg(const LineChart& chart) { return Alone(chart); }
std::string ToSvg(const BarChart& chart) { return Alone(chart); }
std::string ToSvg(const Histogram& chart) { return Alone(chart); }
std::string ToSvg(const MatrixChart& chart) { return Alone(chart); }
std::string ToSvg(const Chart& chart) {
  return std::visit([](const auto& one) { return ToSvg(one); }, chart);
}

std::string ToSvg(const PanelGrid& grid) {
  const GridPlan plan = PlanGrid(grid);
  double width = 0;
  for (const double one : plan.widths) width += one;
  SvgWriter svg;
  double y = 0;
  if (!grid.title.empty()) {
    const ChartTitle title(grid.title, width);
    title.Draw(svg);
    y = kChartPadding + title.height();
  }
  if (grid.shared_legend) {
    const Legend legend(SharedLegend(grid), width - 2 * kChartPadding, kMostSharedLegend);
    y = std::max(y, kChartPadding);
    legend.Draw(svg, kChartPadding, y);
    y += legend.height();
  }
  for (size_t i = 0; i < grid.panels.size();) {
    double x = 0;
    const double height = plan.heights[i / plan.columns];
    for (size_t column = 0; column < plan.columns && i < grid.panels.size(); ++column, ++i) {
      svg.BeginGroup(x, y);
      const PanelPlace place{.least_left = plan.field_left[column], .legend = !grid.shared_legend};
      std::visit([&](const auto& one) { Draw(one, svg, place); }, grid.panels[i]);
      svg.EndGroup();
      x += plan.widths[column];
    }
    y += height;
  }
  if (grid.panels.empty()) {
    y += 60;
    svg.Text(width / 2, y - 26, "no data", {.size = kTitleSize, .anchor = TextAnchor::kMiddle, .classes = "muted"});
  }
  return svg.Finish(width, y, grid.title);
}

}  // namespace maskscope
