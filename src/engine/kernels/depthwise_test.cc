#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

TEST(Depthwise, EqualsThePlainSumOnRandomShapes) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  for (unsigned seed = 0; seed < 200 && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    const int batch = dice.Int(1, 3), channels = dice.Int(1, 50), stride = dice.Int(1, 2), threads = dice.Int(1, 3);
    const int height = dice.Int(1, 20), width = dice.Int(1, 40), top = dice.Int(0, 1), left = dice.Int(0, 1);
    const int bottom = dice.Int(0, 1), right = dice.Int(0, 1);
    const int out_height = (height + top + bottom - 3) / stride + 1,
              out_width = (width + left + right - 3) / stride + 1;
    if (height + top + bottom < 3 || width + left + right < 3) continue;
    const bool side_by_side = dice.Int(0, 1) > 0;
    const Activation activation = dice.AnyActivation();
    std::ostringstream shape;
    shape << "seed " << seed << ": " << batch << "x" << channels << "x" << height << "x" << width << " stride "
          << stride << " pads " << top << left << bottom << right << " threads " << threads;
    SCOPED_TRACE(shape.str());

    const Plain x = dice.Tensor(batch, channels, height, width);
    const auto weights = dice.Floats(channels * 9), bias = dice.Floats(channels);
    const Blocked src(x, side_by_side);
    Blocked dst(batch, channels, out_height, out_width, side_by_side);
    const DepthwiseWeights packed = PackDepthwise(weights.data(), bias.data(), channels, stride, activation);
    const DepthwiseRun run{{batch, height, width, out_height, out_width, top, left}, src.In(), dst.Out()};
    Workspace workspace(WorkspaceFloats(packed, run, threads));
    kernels::Run(packed, run, threads, workspace.data());
    const ConvShape conv{channels, 3, stride, top, left, out_height, out_width, channels};
    EXPECT_EQ(Difference(dst.ToPlain(), ReferenceConv(x, weights, bias, conv, activation)), "");
    EXPECT_TRUE(dst.GuardIsWhole());
  }
}

}  // namespace
}  // namespace maskscope::kernels::test
