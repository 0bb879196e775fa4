#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

using Head = FusedBlockWeights::Head;

struct Case {
  Head head = Head::kNone;
  int batch = 1, in = 1, middle = 1, out = 1, height = 1, width = 1, stride = 1, threads = 1;
  int top = 1, left = 1, bottom = 1, right = 1;
  bool residual = false, side_by_side = false;
  Activation first, second, third;
  Products products = Products::kF32;
  // Of the depthwise convolution.
  int in_height() const { return head == Head::kStem ? (height + 2 - 3) / 2 + 1 : height; }
  int in_width() const { return head == Head::kStem ? (width + 2 - 3) / 2 + 1 : width; }
  int out_height() const { return (in_height() + top + bottom - 3) / stride + 1; }
  int out_width() const { return (in_width() + left + right - 3) / stride + 1; }
  bool Valid() const { return in_height() + top + bottom >= 3 && in_width() + left + right >= 3; }
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "head " << static_cast<int>(c.head) << " " << c.batch << "x" << c.in << "->" << c.middle << "->"
             << c.out << " " << c.height << "x" << c.width << " stride " << c.stride << " pads " << c.top << c.left
             << c.bottom << c.right << " threads " << c.threads << " residual " << c.residual << " side_by_side "
             << c.side_by_side;
}

void Check(const Case& c, Dice& dice) {
  SCOPED_TRACE(::testing::PrintToString(c));
  const Plain x = dice.Tensor(c.batch, c.in, c.height, c.width);
  const Plain added = dice.Tensor(c.batch, c.out, c.out_height(), c.out_width());
  const int taps = c.head == Head::kStem ? 9 : 1;
  const auto w1 = dice.Weights(c.middle * c.in * taps, c.in * taps), b1 = dice.Floats(c.middle);
  const auto w2 = dice.Weights(c.middle * 9, 9), b2 = dice.Floats(c.middle);
  const auto w3 = dice.Weights(c.out * c.middle, c.middle), b3 = dice.Floats(c.out);

  FusedBlockWeights weights;
  weights.head = c.head;
  if (c.head == Head::kExpand)
    weights.expand = PackPointwise(w1.data(), b1.data(), c.in, c.middle, c.first, c.products);
  if (c.head == Head::kStem) weights.stem = PackStem(w1.data(), b1.data(), c.in, c.middle, 2, c.first);
  weights.depthwise = PackDepthwise(w2.data(), b2.data(), c.middle, c.stride, c.second);
  weights.project = PackPointwise(w3.data(), b3.data(), c.middle, c.out, c.third, c.products);

  const Blocked src(x, c.side_by_side), residual(added, c.side_by_side);
  Blocked dst(c.batch, c.out, c.out_height(), c.out_width(), c.side_by_side);
  FusedBlockRun run;
  run.geometry = {c.batch, c.in_height(), c.in_width(), c.out_height(), c.out_width(), c.top, c.left};
  run.src = src.In();
  run.planes = {x.data.data(), int64_t{c.height} * c.width, int64_t{c.in} * c.height * c.width};
  run.stem_geometry = {c.batch, c.height, c.width, c.in_height(), c.in_width(), 1, 1};
  run.dst = dst.Out();
  if (c.residual) run.residual = residual.In();
  Workspace workspace(WorkspaceFloats(weights, run, c.threads));
  kernels::Run(weights, run, c.threads, workspace.data());

  Plain y = x;
  if (c.head == Head::kExpand) {
    y = ReferenceConv(AsMultiplied(y, c.products), AsMultiplied(w1, c.products), b1,
                      {c.middle, 1, 1, 0, 0, c.height, c.width, 1}, c.first);
  } else if (c.head == Head::kStem) {
    y = ReferenceConv(y, w1, b1, {c.middle, 3, 2, 1, 1, c.in_height(), c.in_width(), 1}, c.first);
  }
  const ConvShape window{c.middle, 3, c.stride, c.top, c.left, c.out_height(), c.out_width(), c.middle};
  y = ReferenceConv(y, w2, b2, window, c.second);
  y = ReferenceConv(AsMultiplied(y, c.products), AsMultiplied(w3, c.products), b3,
                    {c.out, 1, 1, 0, 0, c.out_height(), c.out_width(), 1}, c.third);
  for (size_t i = 0; i < y.data.size() && c.residual; ++i) y.data[i] += added.data[i];
  // Sums that differ in their last bits may round to neighbours in bf16, 2^-8 apart.
  EXPECT_EQ(Difference(dst.ToPlain(), y, c.products == Products::kBf16 ? 2e-3 : 1e-5), "");
  EXPECT_TRUE(dst.GuardIsWhole());
  EXPECT_TRUE(workspace.GuardIsWhole());
}

void CheckRandom(Head head, int least_side, int most_side, int rounds, Products products = Products::kF32) {
  for (unsigned seed = 0; seed < static_cast<unsigned>(rounds) && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    Case c;
    c.head = head;
    c.batch = dice.Int(1, 4);
    c.in = head == Head::kStem ? dice.Int(1, 4) : dice.Int(1, 40);
    c.middle = head == Head::kNone ? c.in : dice.Int(1, 70);
    c.out = dice.Int(1, 50);
    c.height = dice.Int(least_side, most_side);
    c.width = dice.Int(least_side, most_side);
    c.stride = dice.Int(1, 2);
    c.threads = dice.Int(1, 3);
    c.top = dice.Int(0, 1);
    c.left = dice.Int(0, 1);
    c.bottom = dice.Int(0, 1);
    c.right = dice.Int(0, 1);
    c.residual = dice.Int(0, 1) > 0;
    c.side_by_side = dice.Int(0, 1) > 0;
    c.first = dice.AnyActivation();
    c.second = dice.AnyActivation();
    c.third = dice.AnyActivation();
    c.products = products;
    if (c.Valid()) Check(c, dice);
  }
}

TEST(FusedBlock, EqualsItsStagesOnSmallMaps) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  CheckRandom(Head::kExpand, 1, 12, 80);
  CheckRandom(Head::kNone, 1, 12, 60);
}

TEST(FusedBlock, EqualsItsStagesOnLargerMaps) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  CheckRandom(Head::kExpand, 15, 40, 40);
  CheckRandom(Head::kNone, 15, 40, 40);
}

TEST(FusedBlock, EqualsItsStagesBehindAStem) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  CheckRandom(Head::kStem, 3, 70, 60);
}

TEST(FusedBlock, EqualsItsStagesInBf16) {
  MASKSCOPE_SKIP_WITHOUT_BF16();
  for (const Head head : {Head::kExpand, Head::kNone, Head::kStem}) {
    CheckRandom(head, 3, 12, 25, Products::kBf16);
    CheckRandom(head, 15, 40, 8, Products::kBf16);
  }
}

TEST(FusedBlock, TakesWideMaps) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  Dice dice(7);
  Case c;
  c.head = Head::kExpand;
  c.in = 16;
  c.middle = 32;
  c.out = 24;
  c.height = 9;
  c.width = 200;
  c.stride = 2;
  c.threads = 2;
  Check(c, dice);
}

}  // namespace
}  // namespace maskscope::kernels::test
