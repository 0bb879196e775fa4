#include "data/duplicates/align.h"

#include <gtest/gtest.h>

#include "data/duplicates/test_copies.h"
#include "data/painter.h"
#include "image/quality.h"

namespace maskscope {
namespace {

Image Group() {
  PainterOptions options;
  options.width = options.height = 128;
  options.people = 3;
  options.seed = 4;
  return PaintGroup(options).image;
}

// Pixels of the copy -> pixels of the original, as a map of unit squares from original to copy.
Affine UnitMap(const Affine& from_copy, double side) {
  Affine unit = from_copy;
  unit.c /= side, unit.f /= side;
  return unit.Inverse();
}

class AlignTest : public ::testing::Test {
 protected:
  Image original_ = Group();
  std::vector<uint8_t> grey_ = ToGrey(original_);
  GreyView view_{grey_, 128, 128};
};

TEST_F(AlignTest, FindsTheMapFromNearby) {
  // A turn of 4 degrees, a zoom and a shift, in another light.
  const Affine from_copy{0.93, 0.065, 3, -0.065, 0.93, 6};
  const Image copy = test::Relit(test::Warped(original_, from_copy, test::Outside::kNearest), 0.6, 30);
  const std::vector<uint8_t> grey = ToGrey(copy);
  const Alignment found = Align(view_, {grey, 128, 128}, {}, 48, 12);
  const Affine wanted = UnitMap(from_copy, 128);
  EXPECT_GT(found.correlation, 0.98);
  for (const double x : {0.1, 0.9}) {
    for (const double y : {0.1, 0.9}) {
      EXPECT_NEAR(found.map.X(x, y), wanted.X(x, y), 0.006);
      EXPECT_NEAR(found.map.Y(x, y), wanted.Y(x, y), 0.006);
    }
  }
}

TEST_F(AlignTest, NeverEndsWorseThanItBegan) {
  const std::vector<uint8_t> mirrored = ToGrey(FlipHorizontal(original_));
  for (double shift = -0.3; shift < 0.31; shift += 0.1) {
    const Affine start{1, 0, shift, 0, 1, 0};
    const Alignment before = Correlate(view_, {mirrored, 128, 128}, start, 32);
    const Alignment after = Align(view_, {mirrored, 128, 128}, start, 32, 6);
    EXPECT_GE(after.correlation, before.correlation - 1e-4);
    EXPECT_GE(after.overlap, 0.75 * before.overlap);
  }
}

TEST_F(AlignTest, PlainPicturesGiveNothing) {
  const std::vector<uint8_t> plain(128 * 128, 90);
  const Alignment found = Align(view_, {plain, 128, 128}, {}, 32, 6);
  EXPECT_EQ(found.correlation, 0);
  EXPECT_EQ(ComparePlaces(view_, {plain, 128, 128}, {}).places, 0);
}

TEST_F(AlignTest, PlacesTellAChangeInOnePlaceFromAnotherPicture) {
  Image changed = original_;
  for (int y = 0; y < 64; ++y) std::fill_n(changed.row(y), 3 * 64, uint8_t{0});
  const std::vector<uint8_t> grey = ToGrey(changed), turned = ToGrey(test::QuarterTurn(original_));
  const auto detail = [](const std::vector<uint8_t>& pixels) { return DetailOf({pixels, 128, 128}, 3); };
  const std::vector<uint8_t> first = detail(grey_), second = detail(grey), other = detail(turned);
  const GreyView a{first, 128, 128}, b{second, 128, 128}, c{other, 128, 128};
  const PlaceAgreement same = ComparePlaces(a, a, {}), partly = ComparePlaces(a, b, {}), none = ComparePlaces(a, c, {});
  EXPECT_GT(same.places, 40);
  EXPECT_NEAR(same.mean, 1, 1e-6);
  EXPECT_GT(partly.steady, 0.6);
  EXPECT_LT(partly.places, same.places);
  EXPECT_LT(none.mean, 0.3);
  EXPECT_LT(none.steady, 0.05);
}

}  // namespace
}  // namespace maskscope
