#ifndef MASKSCOPE_TRAIN_RUN_CHARTS_H_
#define MASKSCOPE_TRAIN_RUN_CHARTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "report/chart.h"
#include "train/rate_finder.h"
#include "train/run_folder.h"

// The pictures of a run's folder, each as NAME.svg with its numbers in NAME.csv.
namespace maskscope {

// Every column of results.csv against the epoch. Written as results.svg alone: its numbers are results.csv.
PanelGrid ResultsChart(const std::vector<NamedNumbers>& rows);

// Samples of each class.
BarChart LabelsChart(const std::vector<int64_t>& labels, const std::vector<std::string>& classes);

// F1 of each class against the least probability at which it is called. labels: [sample]; probabilities: [sample,
// class].
LineChart F1Chart(const std::vector<int>& labels, const std::vector<double>& probabilities,
                  const std::vector<std::string>& classes);

LineChart RatesChart(const RateFinding& finding);

// Errors: kOutput.
template <typename AnyChart>
void WriteChart(const AnyChart& chart, const RunFolder& folder, const std::string& name) {
  folder.Write(name + ".svg", ToSvg(chart));
  folder.Write(name + ".csv", ToCsv(chart));
}

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_RUN_CHARTS_H_
