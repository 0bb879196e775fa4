#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

TEST(Conv3x3, EqualsThePlainSumOnRandomShapes) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  for (unsigned seed = 0; seed < 120 && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    const int batch = dice.Int(1, 2), in = dice.Int(1, 70), out = dice.Int(1, 70), threads = dice.Int(1, 3);
    const int height = dice.Int(1, 22), width = dice.Int(1, 22);
    const int top = dice.Int(0, 2), left = dice.Int(0, 2), bottom = dice.Int(0, 1), right = dice.Int(0, 1);
    const int out_height = height + top + bottom - 2, out_width = width + left + right - 2;
    if (out_height < 1 || out_width < 1) continue;
    const Activation activation = dice.AnyActivation();
    const bool side_by_side = dice.Int(0, 1) > 0;
    std::ostringstream shape;
    shape << "seed " << seed << ": " << batch << "x" << in << "->" << out << " " << height << "x" << width << " pads "
          << top << left << bottom << right << " threads " << threads;
    SCOPED_TRACE(shape.str());

    const Plain x = dice.Tensor(batch, in, height, width);
    const auto weights = dice.Weights(in * out * 9, in * 9), bias = dice.Floats(out);
    const Blocked src(x, side_by_side);
    Blocked dst(batch, out, out_height, out_width, side_by_side);
    const Conv3x3Weights packed = PackConv3x3(weights.data(), bias.data(), in, out, {activation});
    Conv3x3Run run;
    run.geometry = {batch, height, width, out_height, out_width, top, left};
    run.src = src.In();
    run.dst = dst.Out();
    Workspace workspace(WorkspaceFloats(packed, run, threads));
    kernels::Run(packed, run, threads, workspace.data());
    const ConvShape conv{out, 3, 1, top, left, out_height, out_width, 1};
    EXPECT_EQ(Difference(dst.ToPlain(), ReferenceConv(x, weights, bias, conv, activation), 5e-5), "");
    EXPECT_TRUE(dst.GuardIsWhole());
    EXPECT_TRUE(workspace.GuardIsWhole());
  }
}

TEST(Conv3x3, TwoConvolutionsRunAsOneIntoTwoTensors) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  Dice dice(3);
  const Plain x = dice.Tensor(2, 24, 9, 11);
  const auto weights = dice.Weights(48 * 24 * 9, 24 * 9), bias = dice.Floats(48);
  const Blocked src(x, false);
  Blocked first(2, 32, 9, 11, false), second(2, 16, 9, 11, false);
  const Conv3x3Weights packed =
      PackConv3x3(weights.data(), bias.data(), 24, 48, {Activation::None(), Activation::None(), Activation::Relu()});
  Conv3x3Run run;
  run.geometry = {2, 9, 11, 9, 11, 1, 1};
  run.src = src.In();
  run.dst = first.Out();
  run.second = second.Out();
  run.second_from = 2;
  Workspace workspace(WorkspaceFloats(packed, run, 2));
  kernels::Run(packed, run, 2, workspace.data());
  const Plain want = ReferenceConv(x, weights, bias, {48, 3, 1, 1, 1, 9, 11, 1}, Activation::None());
  const Plain got_first = first.ToPlain(), got_second = second.ToPlain();
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 48; ++c)
      for (int y = 0; y < 9; ++y)
        for (int x2 = 0; x2 < 11; ++x2) {
          const float w = want.at(n, c, y, x2);
          const float got = c < 32 ? got_first.at(n, c, y, x2) : got_second.at(n, c - 32, y, x2);
          ASSERT_NEAR(got, c < 32 ? w : std::max(0.f, w), 5e-5) << "channel " << c;
        }
}

}  // namespace
}  // namespace maskscope::kernels::test
