#include "evaluate/site_differences.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/site_testing.h"

namespace maskscope {
namespace {

TEST(CompareSiteTest, SaysInWordsWhatDiffersMuchAndNothingElse) {
  const LookedSet site = SetOfHeights(41, 20, 60), other = SetOfHeights(41, 60, 100);
  const SiteComparison c = CompareSite(site, &other);
  const SiteDistribution& height = c.of(SiteQuantity::kHeight);
  EXPECT_DOUBLE_EQ(height.site.median, 40);
  EXPECT_DOUBLE_EQ(height.other.low_quartile, 70);
  EXPECT_NEAR(height.distance, 40.0 / 41, 1e-12);
  EXPECT_EQ(height.words, "faces are smaller (half as high, median 40 px against 80 px)");
  EXPECT_DOUBLE_EQ(c.of(SiteQuantity::kBrightness).distance, 0);
  for (const SiteDistribution& one : c.distributions) {
    EXPECT_EQ(one.words.empty(), one.quantity != SiteQuantity::kHeight) << one.words;
  }
  EXPECT_EQ(c.site_faces, 41);
  EXPECT_EQ(c.other_pictures, 41);
}

TEST(CompareSiteTest, TooFewFacesAreNotCompared) {
  const LookedSet site = SetOfHeights(29, 20, 60), other = SetOfHeights(41, 60, 100);
  const SiteComparison c = CompareSite(site, &other);
  EXPECT_TRUE(std::isnan(c.of(SiteQuantity::kHeight).distance));
  EXPECT_EQ(c.of(SiteQuantity::kHeight).words, "");
  EXPECT_FALSE(std::isnan(c.of(SiteQuantity::kHeight).site.median));
}

TEST(CompareSiteTest, CountsOnlyWhatWasFoundAndCouldBeRead) {
  LookedSet site;
  LookedPicture broken;
  broken.result.error = Result::Failure{ErrorKind::kBadImage, "broken"};
  LookedPicture almost = EmptyPicture("a.jpg");
  AddFace(almost, 40, 0.3f, {1, 0, 0});
  site.pictures = {broken, almost};
  const SiteComparison c = CompareSite(site, nullptr);
  EXPECT_FALSE(c.compared);
  EXPECT_EQ(c.site_failed, 1);
  EXPECT_EQ(c.site_pictures, 1);
  EXPECT_EQ(c.site_without_face, 1);
  EXPECT_EQ(c.site_faces, 0);
  EXPECT_TRUE(std::isnan(c.of(SiteQuantity::kHeight).site.median));
  EXPECT_DOUBLE_EQ(c.of(SiteQuantity::kFaces).site.median, 0);
  EXPECT_TRUE(c.states.empty());
}

TEST(CompareSiteTest, SharesOfStates) {
  const LookedSet site = SetOfHeights(40, 20, 60, {0, 0, 1}), other = SetOfHeights(40, 20, 60, {1, 0, 0});
  const SiteComparison c = CompareSite(site, &other);
  ASSERT_EQ(c.states.size(), 4u);
  EXPECT_EQ(c.states[0].words, "fewer faces are called correct (0 % against 100 %)");
  EXPECT_EQ(c.states[1].words, "");
  EXPECT_EQ(c.states[2].words, "more faces are called none (100 % against 0 %)");
  EXPECT_EQ(c.states[2].site, 40);
}

}  // namespace
}  // namespace maskscope
