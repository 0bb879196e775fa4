#ifndef MASKSCOPE_EVALUATE_REPORT_EVAL_CHARTS_H_
#define MASKSCOPE_EVALUATE_REPORT_EVAL_CHARTS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "evaluate/report/measurements.h"
#include "report/chart.h"

namespace maskscope {

// A chart with the name of its files and what it shows.
struct NamedChart {
  std::string file;  // "precision_recall": plots/precision_recall.svg and .csv
  std::variant<Chart, PanelGrid> chart;
  std::string caption;
};

std::string ToSvg(const NamedChart& chart);
std::string ToCsv(const NamedChart& chart);

// Each empty where there is nothing to show. `score_threshold`: of the answers; marked where it applies.
std::vector<NamedChart> CurveCharts(const Measurements& m, std::optional<double> score_threshold);
std::vector<NamedChart> ConfusionCharts(const Measurements& m);
std::vector<NamedChart> CalibrationCharts(const Measurements& m);
std::vector<NamedChart> HistogramCharts(const Measurements& m);
// One an axis, in their order.
std::vector<NamedChart> SliceCharts(const Measurements& m);
std::vector<NamedChart> RunningCharts(const Measurements& m);

}  // namespace maskscope

#endif  // MASKSCOPE_EVALUATE_REPORT_EVAL_CHARTS_H_
