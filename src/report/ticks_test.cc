#include "report/ticks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "base/random.h"

namespace maskscope {
namespace {

std::vector<std::string> Labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> labels;
  for (const Tick& tick : ticks) labels.push_back(tick.label);
  return labels;
}
using Words = std::vector<std::string>;

TEST(TicksTest, StepsAreOneTwoFive) {
  EXPECT_DOUBLE_EQ(NiceStep(1, 5), 0.2);
  EXPECT_DOUBLE_EQ(NiceStep(1, 10), 0.1);
  EXPECT_DOUBLE_EQ(NiceStep(1, 4), 0.5);
  EXPECT_DOUBLE_EQ(NiceStep(700, 8), 100);
  EXPECT_DOUBLE_EQ(NiceStep(1, 10, true), 1);
  EXPECT_DOUBLE_EQ(NiceStep(30, 10, true), 5);
}

TEST(TicksTest, KnownAxes) {
  EXPECT_EQ(Labels(LinearTicks(0, 1, 5)), (Words{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(Labels(LinearTicks(1, 12, 6, true)), (Words{"2", "4", "6", "8", "10", "12"}));
  EXPECT_EQ(Labels(LinearTicks(-0.3, 0.3, 4)), (Words{"-0.2", "0.0", "0.2"}));
  EXPECT_EQ(Labels(LinearTicks(0, 3e-7, 3)), (Words{"0", "1e-7", "2e-7", "3e-7"}));
  EXPECT_EQ(Labels(LinearTicks(0, 2e8, 4)), (Words{"0", "5e7", "1.0e8", "1.5e8", "2.0e8"}));
}

TEST(TicksTest, RandomAxesHaveFewNiceTicksInside) {
  Random random(5);
  for (int i = 0; i < 5000; ++i) {
    const double middle = random.Normal() * std::pow(10, random.Int(-8, 8));
    const double span = std::abs(random.Normal()) * std::pow(10, random.Int(-8, 8)) + std::abs(middle) * 1e-9;
    const double low = middle - span / 2, high = middle + span / 2;
    const int most = random.Int(1, 10);
    const std::vector<Tick> ticks = LinearTicks(low, high, most);
    EXPECT_LE(ticks.size(), static_cast<size_t>(most) + 1) << low << " to " << high;
    std::set<std::string> labels;
    const double step = NiceStep(high - low, most);
    for (const Tick& tick : ticks) {
      EXPECT_GE(tick.at, low - 1e-5 * step);
      EXPECT_LE(tick.at, high + 1e-5 * step);
      // What stands there is the number (as far as a label tells).
      EXPECT_NEAR(std::strtod(tick.label.c_str(), nullptr), tick.at, 1e-3 * step) << tick.label;
      EXPECT_TRUE(labels.insert(tick.label).second) << "twice: " << tick.label;
    }
  }
}

TEST(TicksTest, ExtendedAxesEndAtTicks) {
  Random random(6);
  for (int i = 0; i < 2000; ++i) {
    const double low = random.Normal() * std::pow(10, random.Int(-5, 5));
    const double high = low + std::abs(random.Normal()) * std::pow(10, random.Int(-5, 5)) + std::abs(low) * 1e-8;
    double lower = low, upper = high;
    const std::vector<Tick> ticks = ExtendToTicks(lower, upper, 6);
    const double slack = 1e-5 * (high - low);
    EXPECT_LE(lower, low + slack);
    EXPECT_GE(upper, high - slack);
    ASSERT_GE(ticks.size(), 2u);
    EXPECT_LE(ticks.size(), 8u);
    EXPECT_EQ(ticks.front().at, lower);
    EXPECT_EQ(ticks.back().at, upper);
  }
}

TEST(TicksTest, LogarithmicAxes) {
  EXPECT_EQ(Labels(LogTicks(1, 1000, 5)), (Words{"1", "10", "100", "1000"}));
  EXPECT_EQ(Labels(LogTicks(1e-9, 1e-5, 8)), (Words{"1e-9", "1e-8", "1e-7", "1e-6", "1e-5"}));
  EXPECT_EQ(Labels(LogTicks(0.1, 3, 8)), (Words{"0.1", "0.2", "0.5", "1", "2"}));
  EXPECT_LE(LogTicks(1e-300, 1e300, 8).size(), 9u);
  EXPECT_GE(LogTicks(2.1, 4.9, 5).size(), 2u);
  EXPECT_GE(LogTicks(1.01, 1.02, 5).size(), 2u);
}

TEST(TicksTest, ExtremeRanges) {
  const double greatest = std::numeric_limits<double>::max();
  EXPECT_GE(LinearTicks(-greatest, greatest, 5).size(), 2u);
  EXPECT_GE(LinearTicks(0, std::numeric_limits<double>::denorm_min() * 100, 5).size(), 2u);
  double low = -greatest, high = greatest;
  EXPECT_GE(ExtendToTicks(low, high, 5).size(), 2u);
  EXPECT_TRUE(std::isfinite(low) && std::isfinite(high));
}

}  // namespace
}  // namespace maskscope
