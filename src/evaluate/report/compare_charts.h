#ifndef MASKSCOPE_EVALUATE_REPORT_COMPARE_CHARTS_H_
#define MASKSCOPE_EVALUATE_REPORT_COMPARE_CHARTS_H_

#include "evaluate/compare_systems.h"
#include "report/chart.h"

// The charts of several systems on the same pictures, one series a system.
namespace maskscope {

// Every compared number, with its interval.
BarChart NumbersChart(const SystemComparison& comparison);

// Precision and recall of faces.
LineChart FaceCurves(const SystemComparison& comparison, const SceneScoreOptions& options);

// The figure of RICE2021, beside the strict measure; systems of faces alone are left out.
PanelGrid RunningPanels(const SystemComparison& comparison, const SceneScoreOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_COMPARE_CHARTS_H_
