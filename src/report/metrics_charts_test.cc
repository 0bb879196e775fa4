#include "report/metrics_charts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/expect_error.h"
#include "base/random.h"
#include "report/svg_testing.h"

namespace maskscope {
namespace {

ConfusionMatrix Sample() {
  ConfusionMatrix matrix(3);
  matrix.Add(0, 0, 90);
  matrix.Add(0, 1, 10);
  matrix.Add(1, 0, 30);
  matrix.Add(1, 1, 20);
  return matrix;
}

TEST(ConfusionChartTest, CountsAndShares) {
  const std::vector<std::string> names{"correct", "incorrect", "none"};
  EXPECT_EQ(ConfusionChart(Sample(), names, ConfusionShare::kCounts).values[1][0], 30);
  const MatrixChart rows = ConfusionChart(Sample(), names, ConfusionShare::kOfActual);
  EXPECT_DOUBLE_EQ(rows.values[0][0], Sample().Recall(0));
  EXPECT_EQ(rows.texts[0][1], "10.0 %");
  EXPECT_EQ(rows.notes[0][1], "10");
  EXPECT_EQ(rows.texts[2][0], "–") << "no face is 'none'";
  const MatrixChart columns = ConfusionChart(Sample(), names, ConfusionShare::kOfPredicted);
  EXPECT_DOUBLE_EQ(columns.values[0][0], Sample().Precision(0));
  EXPECT_TRUE(std::isnan(columns.values[0][2]));
  for (const MatrixChart& chart : {rows, columns}) ParsedSvg(ToSvg(chart)).ExpectNothingClipped();
  ExpectError(ErrorKind::kInternal, {"found 1 names", "wanted 3"},
              [] { ConfusionChart(Sample(), {"a"}, ConfusionShare::kCounts); });
}

TEST(ReliabilityTest, BinsAgreeWithTheCalibrationError) {
  Random random(7);
  std::vector<double> confidence;
  std::vector<bool> right;
  for (int i = 0; i < 2000; ++i) {
    confidence.push_back(random.Uniform());
    right.push_back(random.Chance(confidence.back() * confidence.back()));
  }
  confidence[0] = 0;
  confidence[1] = 1;
  double error = 0;
  int64_t count = 0;
  for (const ReliabilityBin& bin : ReliabilityBins(confidence, right)) {
    if (bin.count == 0) continue;
    error += static_cast<double>(bin.count) * std::abs(bin.confidence - bin.accuracy);
    count += bin.count;
    EXPECT_GE(bin.confidence, bin.low);
    EXPECT_LE(bin.confidence, bin.high);
    EXPECT_LE(bin.interval.low, bin.accuracy);
    EXPECT_GE(bin.interval.high, bin.accuracy);
  }
  EXPECT_EQ(count, 2000);
  EXPECT_NEAR(error / 2000, ExpectedCalibrationError(confidence, right), 1e-12);
}

TEST(ReliabilityTest, DiagramStandsWithAndWithoutSamples) {
  const ParsedSvg svg(ToSvg(ReliabilityDiagram({0.9, 0.8, 0.3}, {true, true, false}, 10)));
  svg.ExpectNothingClipped();
  EXPECT_TRUE(svg.Says("perfect calibration"));
  EXPECT_TRUE(svg.Says("samples"));
  EXPECT_TRUE(ParsedSvg(ToSvg(ReliabilityDiagram({}, {}))).Says("no data"));
  ExpectError(ErrorKind::kBadData, {"2 confidences", "1 judgements"}, [] { ReliabilityDiagram({0.1, 0.2}, {true}); });
}

}  // namespace
}  // namespace maskscope
