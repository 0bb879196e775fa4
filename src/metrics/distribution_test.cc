#include "metrics/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

namespace maskscope {
namespace {

TEST(DistributionTest, QuantilesLieBetweenOrderStatistics) {
  EXPECT_DOUBLE_EQ(Quantile({1, 2, 4}, 0.5), 2);
  EXPECT_DOUBLE_EQ(Quantile({1, 2, 4}, 0.75), 3);
  EXPECT_DOUBLE_EQ(Quantile({7}, 0.01), 7);
  EXPECT_TRUE(std::isnan(Quantile({}, 0.5)));
}

TEST(DistributionTest, KolmogorovSmirnovByHand) {
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({3, 1, 2}, {2, 3, 1}), 0);
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 2}, {5, 6, 7}), 1);
  // After 2: 2/4 against 0; after 3: 3/4 against 1/3; after 4: 1 against 2/3.
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 2, 3, 4}, {3, 4, 5}), 0.5);
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 1, 2}, {1, 2, 2}), 1.0 / 3) << "ties are one step";
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, std::nan("")}, {1}), 0);
  EXPECT_TRUE(std::isnan(KolmogorovSmirnov({}, {1})));
  EXPECT_NEAR(KolmogorovSmirnovBound(100, 100), 0.192, 0.001);
  EXPECT_TRUE(std::isnan(KolmogorovSmirnovBound(0, 9)));
}

}  // namespace
}  // namespace maskscope
