#include "train/run_charts.h"

#include <gtest/gtest.h>

#include <cmath>

namespace maskscope {
namespace {

TEST(RunCharts, ResultsHaveAPanelAColumn) {
  const PanelGrid grid = ResultsChart({{{"epoch", 1}, {"seconds", 9}, {"loss", 0.5}, {"score", std::nan("")}},
                                       {{"epoch", 2}, {"seconds", 9}, {"loss", 0.25}, {"score", 0.75}}});
  ASSERT_EQ(grid.panels.size(), 2u);
  const auto& loss = std::get<LineChart>(grid.panels[0]);
  EXPECT_EQ(loss.title, "loss");
  EXPECT_EQ(loss.series.at(0).y, (std::vector<double>{0.5, 0.25}));
  EXPECT_TRUE(std::isnan(std::get<LineChart>(grid.panels[1]).series.at(0).y[0]));
  EXPECT_TRUE(ResultsChart({}).panels.empty());
}

TEST(RunCharts, F1ByHand) {
  // Of class 0: at 0.5 the first is right and the third is wrong; at 0.8 only the first is called.
  const LineChart chart = F1Chart({0, 0, 1}, {0.9, 0.1, 0.4, 0.6, 0.7, 0.3}, {"a", "b"});
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_NEAR(chart.series[0].y[50], 2.0 * 1 / (2 + 2), 1e-12);
  EXPECT_NEAR(chart.series[0].y[80], 2.0 * 1 / (1 + 2), 1e-12);
  EXPECT_NEAR(chart.series[0].y[0], 2.0 * 2 / (3 + 2), 1e-12);
}

TEST(RunCharts, LabelsAreCounted) {
  const BarChart chart = LabelsChart({0, 2, 2, 0, 0}, {"correct", "incorrect", "none"});
  EXPECT_EQ(chart.series.at(0).values, (std::vector<double>{3, 0, 2}));
}

}  // namespace
}  // namespace maskscope
