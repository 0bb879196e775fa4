#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

struct Case {
  int batch, in, out, height, width, threads, residual_height, residual_width;
  bool bias, residual, add_first, side_by_side;
  Activation activation;
  Products products = Products::kF32;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.batch << "x" << c.in << "->" << c.out << " " << c.height << "x" << c.width << " threads " << c.threads
             << " bias " << c.bias << " residual " << c.residual << " " << c.residual_height << "x" << c.residual_width
             << " add_first " << c.add_first << " side_by_side " << c.side_by_side << " activation "
             << static_cast<int>(c.activation.kind) << " " << c.activation.low << " bf16 "
             << (c.products == Products::kBf16);
}

Plain Expected(const Case& c, const Plain& x, const Plain& residual, const std::vector<float>& weights,
               const std::vector<float>& bias) {
  const ConvShape shape{c.out, 1, 1, 0, 0, c.height, c.width, 1};
  Plain y = ReferenceConv(x, weights, bias, shape, c.residual && c.add_first ? Activation::None() : c.activation);
  for (int n = 0; n < c.batch && c.residual; ++n)
    for (int o = 0; o < c.out; ++o)
      for (int i = 0; i < c.height; ++i)
        for (int j = 0; j < c.width; ++j) {
          float& v = y.at(n, o, i, j);
          v += residual.at(n, o, i * c.residual_height / c.height, j * c.residual_width / c.width);
          if (c.add_first) v = static_cast<float>(Apply(c.activation, v));
        }
  return y;
}

void Check(const Case& c, Dice& dice) {
  SCOPED_TRACE(::testing::PrintToString(c));
  const Plain x = dice.Tensor(c.batch, c.in, c.height, c.width);
  const Plain residual = dice.Tensor(c.batch, c.out, c.residual_height, c.residual_width);
  const auto weights = dice.Floats(c.in * c.out);
  const auto bias = c.bias ? dice.Floats(c.out) : std::vector<float>();
  const Blocked src(x, c.side_by_side), added(residual, c.side_by_side);
  Blocked dst(c.batch, c.out, c.height, c.width, c.side_by_side);
  const PointwiseWeights packed =
      PackPointwise(weights.data(), c.bias ? bias.data() : nullptr, c.in, c.out, c.activation, c.products);
  PointwiseRun run{c.batch, c.height, c.width, src.In(), dst.Out(), {}, 0, 0, c.add_first};
  if (c.residual) {
    run.residual = added.In();
    run.residual_height = c.residual_height;
    run.residual_width = c.residual_width;
  }
  Workspace workspace(WorkspaceFloats(packed, run, c.threads));
  kernels::Run(packed, run, c.threads, workspace.data());
  const Plain want = Expected(c, AsMultiplied(x, c.products), residual, AsMultiplied(weights, c.products), bias);
  EXPECT_EQ(Difference(dst.ToPlain(), want), "");
  EXPECT_TRUE(dst.GuardIsWhole());
  EXPECT_TRUE(workspace.GuardIsWhole());
}

void CheckRandom(Products products) {
  for (unsigned seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    Case c{dice.Int(1, 3),
           dice.Int(1, 70),
           dice.Int(1, 90),
           dice.Int(1, 12),
           dice.Int(1, 15),
           dice.Int(1, 3),
           0,
           0,
           dice.Int(0, 1) > 0,
           dice.Int(0, 1) > 0,
           dice.Int(0, 1) > 0,
           dice.Int(0, 1) > 0,
           dice.AnyActivation(),
           products};
    const bool resize = dice.Int(0, 2) == 0;
    c.residual_height = resize ? std::max(1, c.height / 2 + dice.Int(0, 1)) : c.height;
    c.residual_width = resize ? std::max(1, c.width / 2 + dice.Int(0, 1)) : c.width;
    Check(c, dice);
  }
}

TEST(Pointwise, EqualsThePlainSumOnRandomShapes) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  CheckRandom(Products::kF32);
}

TEST(Pointwise, EqualsThePlainSumOfRoundedValuesInBf16) {
  MASKSCOPE_SKIP_WITHOUT_BF16();
  CheckRandom(Products::kBf16);
  Dice dice(1);
  for (int threads : {1, 2}) {
    Check({1, 100, 33, 41, 37, threads, 21, 19, true, true, false, false, Activation::Relu6(), Products::kBf16}, dice);
    Check({2, 17, 24, 61, 50, threads, 61, 50, true, true, true, true, Activation::Relu(), Products::kBf16}, dice);
  }
}

TEST(Pointwise, EqualsThePlainSumOnLargeMapsCutIntoChunks) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  Dice dice(1);
  for (int threads : {1, 2}) {
    Check({1, 100, 33, 41, 37, threads, 21, 19, true, true, false, false, Activation::Relu6()}, dice);
    Check({2, 17, 24, 61, 50, threads, 61, 50, true, true, true, false, Activation::Relu()}, dice);
  }
}

TEST(Pointwise, HandsOnNaN) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  Plain x(1, 16, 1, 1);
  x.data[3] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> weights(16 * 16, 1.f);
  const Blocked src(x, false);
  Blocked dst(1, 16, 1, 1, false);
  for (const Products products : {Products::kF32, Products::kBf16}) {
    if (products == Products::kBf16 && !Bf16Supported()) continue;
    for (const Activation& a : {Activation::Relu6(), Activation::Leaky(0.1f), Activation::None(), Activation::Swish(),
                                Activation::HardSwish()}) {
      const PointwiseWeights packed = PackPointwise(weights.data(), nullptr, 16, 16, a, products);
      const PointwiseRun run{1, 1, 1, src.In(), dst.Out(), {}, 0, 0, false};
      Workspace workspace(WorkspaceFloats(packed, run, 1));
      kernels::Run(packed, run, 1, workspace.data());
      EXPECT_TRUE(std::isnan(dst.ToPlain().data[0]));
    }
  }
}

}  // namespace
}  // namespace maskscope::kernels::test
