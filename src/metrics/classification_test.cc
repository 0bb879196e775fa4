#include "metrics/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

TEST(ConfusionMatrixTest, KnownNumbers) {
  // The three-class result of Crespo et al. 2022: accuracy 0.9900695, F1 .99, .86, .99.
  ConfusionMatrix matrix(3);
  const int64_t rows[3][3] = {{2449, 6, 8}, {9, 93, 7}, {11, 9, 2443}};
  for (int a = 0; a < 3; ++a) {
    for (int p = 0; p < 3; ++p) matrix.Add(a, p, rows[a][p]);
  }
  EXPECT_EQ(matrix.total(), 5035);
  EXPECT_NEAR(matrix.Accuracy(), 0.9900695, 1e-7);
  EXPECT_NEAR(matrix.Recall(1), 93.0 / 109, 1e-12);
  EXPECT_NEAR(matrix.Precision(1), 93.0 / 108, 1e-12);
  EXPECT_NEAR(matrix.F1(1), 2 * 93.0 / 217, 1e-12);
  EXPECT_NEAR(matrix.MacroF1(), 0.95, 0.005);
}

TEST(ConfusionMatrixTest, UndefinedIsNaN) {
  ConfusionMatrix matrix(3);
  EXPECT_TRUE(std::isnan(matrix.Accuracy()));
  matrix.Add(0, 1);
  EXPECT_TRUE(std::isnan(matrix.Recall(1)));
  EXPECT_DOUBLE_EQ(matrix.Precision(1), 0);
  EXPECT_DOUBLE_EQ(matrix.F1(1), 0);
  EXPECT_TRUE(std::isnan(matrix.F1(2)));
  EXPECT_DOUBLE_EQ(matrix.MacroF1(), 0);  // classes 0 and 1, not 2
}

TEST(WilsonIntervalTest, KnownNumbers) {
  const Interval some = WilsonInterval(8, 10);
  EXPECT_NEAR(some.low, 0.4901625, 1e-6);
  EXPECT_NEAR(some.high, 0.9433178, 1e-6);
  const Interval none = WilsonInterval(0, 20);
  EXPECT_DOUBLE_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.1611252, 1e-6);
  EXPECT_DOUBLE_EQ(WilsonInterval(20, 20).high, 1);
  EXPECT_TRUE(std::isnan(WilsonInterval(0, 0).low));
}

TEST(BootstrapTest, CoversTheMeanOfACoin) {
  std::vector<double> coin(400);
  for (size_t i = 0; i < coin.size(); ++i) coin[i] = i % 4 == 0 ? 1 : 0;
  const auto mean = [&](const std::vector<int>& units) {
    double sum = 0;
    for (const int unit : units) sum += coin[static_cast<size_t>(unit)];
    return sum / static_cast<double>(units.size());
  };
  const Interval interval = Bootstrap(400, 2000, 7, mean);
  // Standard error of a share of 1/4 in 400: 0.02165.
  EXPECT_NEAR(interval.low, 0.25 - 1.96 * 0.02165, 0.006);
  EXPECT_NEAR(interval.high, 0.25 + 1.96 * 0.02165, 0.006);
  const Interval again = Bootstrap(400, 2000, 7, mean);
  EXPECT_EQ(interval.low, again.low);
  EXPECT_EQ(interval.high, again.high);
}

TEST(BootstrapTest, LeavesNaNOut) {
  int call = 0;
  const Interval interval = Bootstrap(3, 100, 1, [&](const std::vector<int>&) { return ++call % 2 == 0 ? NAN : 5.0; });
  EXPECT_DOUBLE_EQ(interval.low, 5);
  EXPECT_DOUBLE_EQ(interval.high, 5);
  EXPECT_TRUE(std::isnan(Bootstrap(3, 10, 1, [](const std::vector<int>&) { return NAN; }).low));
  EXPECT_TRUE(std::isnan(Bootstrap(0, 10, 1, [](const std::vector<int>&) { return 1.0; }).low));
}

TEST(ExpectedCalibrationErrorTest, KnownNumbers) {
  // Bin (0.8, 0.9]: confidence 0.9 twice, one right: gap 0.4. Bin (0.5, 0.6]: 0.6 twice, both right: gap 0.4.
  EXPECT_NEAR(ExpectedCalibrationError({0.9, 0.9, 0.6, 0.6}, {true, false, true, true}, 10), 0.4, 1e-12);
  EXPECT_NEAR(ExpectedCalibrationError({1, 1, 0}, {true, true, false}, 15), 0, 1e-12);
  // In one bin over- and underconfidence cancel.
  EXPECT_NEAR(ExpectedCalibrationError({0.9, 0.1}, {false, true}, 1), 0, 1e-12);
  EXPECT_TRUE(std::isnan(ExpectedCalibrationError({}, {})));
  EXPECT_THROW(ExpectedCalibrationError({0.5}, {}), Error);
}

TEST(FitTemperatureTest, RecoversTheTemperatureThatDrewTheLabels) {
  Random random(11);
  const double wanted = 2.5;
  std::vector<float> logits;
  std::vector<int> labels;
  for (int i = 0; i < 20000; ++i) {
    double z[3], p[3], sum = 0;
    for (int c = 0; c < 3; ++c) {
      z[c] = 4 * random.Normal();
      logits.push_back(static_cast<float>(z[c]));
      sum += p[c] = std::exp(z[c] / wanted);
    }
    double u = random.Uniform() * sum;
    int label = 0;
    while (label < 2 && u >= p[label]) u -= p[label++];
    labels.push_back(label);
  }
  EXPECT_NEAR(FitTemperature(logits, labels, 3), wanted, 0.1);
}

TEST(FitTemperatureTest, StaysInBoundsAndRefusesNonsense) {
  EXPECT_NEAR(FitTemperature({5, 0, 0, 5}, {0, 1}, 2), 0.05, 1e-6);  // always right: as sharp as allowed
  EXPECT_NEAR(FitTemperature({5, 0, 0, 5}, {1, 0}, 2), 20, 1e-6);    // always wrong: as flat as allowed
  EXPECT_DOUBLE_EQ(FitTemperature({}, {}, 3), 1);
  EXPECT_THROW(FitTemperature({1, 2, 3}, {0, 1}, 2), Error);
  EXPECT_THROW(FitTemperature({1, 2}, {2}, 2), Error);
}

}  // namespace
}  // namespace maskscope
