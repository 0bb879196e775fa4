#include "data/duplicates/view_code.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace maskscope {
namespace {

using Cells = std::array<float, kCodeCells * kCodeCells>;

Cells RandomCells(Random& random) {
  Cells cells;
  for (float& cell : cells) cell = static_cast<float>(random.Uniform(0, 255));
  return cells;
}

// The cells as they are when the view is looked at through `map`.
Cells Through(const Cells& cells, const Affine& map) {
  Cells seen;
  for (int y = 0; y < kCodeCells; ++y) {
    for (int x = 0; x < kCodeCells; ++x) {
      const double u = (x + 0.5) / kCodeCells, v = (y + 0.5) / kCodeCells;
      const int column = static_cast<int>(map.X(u, v) * kCodeCells), row = static_cast<int>(map.Y(u, v) * kCodeCells);
      seen[size_t(y) * kCodeCells + x] = cells[size_t(row) * kCodeCells + column];
    }
  }
  return seen;
}

TEST(ViewCodeTest, BrightnessAndContrastDoNotMatter) {
  Random random(1);
  const Cells cells = RandomCells(random);
  Cells paler = cells;
  for (float& cell : paler) cell = 0.4f * cell + 90;
  EXPECT_LT(CodeDistance(MakeViewCode(cells), MakeViewCode(paler)), 1e-3f);
  Cells inverted = cells;
  for (float& cell : inverted) cell = 255 - cell;
  EXPECT_NEAR(CodeDistance(MakeViewCode(cells), MakeViewCode(inverted)), 2, 0.1);
}

TEST(ViewCodeTest, UnrelatedViewsAreFar) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    EXPECT_GT(CodeDistance(MakeViewCode(RandomCells(random)), MakeViewCode(RandomCells(random))), 0.3f);
  }
}

TEST(ViewCodeTest, APlainViewIsZero) { EXPECT_EQ(MakeViewCode(Cells{}), ViewCode{}); }

TEST(ViewCodeTest, PosesAreThoseOfThePicture) {
  Random random(3);
  const Cells cells = RandomCells(random);
  for (int pose = 0; pose < kPoses; ++pose) {
    const ViewCode laid = InPose(MakeViewCode(cells), pose), direct = MakeViewCode(Through(cells, PoseMap(pose)));
    for (int term = 0; term < kCodeTerms; ++term) EXPECT_NEAR(laid.terms[term], direct.terms[term], 1) << pose;
  }
}

TEST(ViewCodeTest, EveryPoseHasTheSameCanonicalCode) {
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const ViewCode code = MakeViewCode(RandomCells(random));
    const ViewCode canonical = InPose(code, CanonicalPose(code));
    EXPECT_GE(canonical.terms[1], std::abs(canonical.terms[0]));
    for (int pose = 0; pose < kPoses; ++pose) {
      const ViewCode laid = InPose(code, pose);
      // Two terms of one size have no order, and nought no sign.
      if (std::abs(code.terms[0]) == std::abs(code.terms[1]) || code.terms[0] == 0 || code.terms[1] == 0) continue;
      EXPECT_EQ(InPose(laid, CanonicalPose(laid)), canonical);
    }
  }
}

}  // namespace
}  // namespace maskscope
