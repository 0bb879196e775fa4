#include "engine/kernels/test_reference.h"

namespace maskscope::kernels::test {
namespace {

TEST(Stem, EqualsThePlainSumOnRandomShapes) {
  MASKSCOPE_SKIP_WITHOUT_KERNELS();
  for (unsigned seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
    Dice dice(seed);
    const int batch = dice.Int(1, 2), in = dice.Int(1, 4), out = dice.Int(1, 50), stride = dice.Int(1, 2);
    const int threads = dice.Int(1, 3), height = dice.Int(3, 30), width = dice.Int(3, 70);
    const int top = dice.Int(0, 1), left = dice.Int(0, 1), bottom = dice.Int(0, 1), right = dice.Int(0, 1);
    const int out_height = (height + top + bottom - 3) / stride + 1,
              out_width = (width + left + right - 3) / stride + 1;
    const Activation activation = dice.AnyActivation();
    std::ostringstream shape;
    shape << "seed " << seed << ": " << batch << "x" << in << "->" << out << " " << height << "x" << width << " stride "
          << stride << " pads " << top << left << bottom << right << " threads " << threads;
    SCOPED_TRACE(shape.str());

    const Plain x = dice.Tensor(batch, in, height, width);
    const auto weights = dice.Floats(in * out * 9), bias = dice.Floats(out);
    Blocked dst(batch, out, out_height, out_width, false);
    const StemWeights packed = PackStem(weights.data(), bias.data(), in, out, stride, activation);
    const PlanesIn src{x.data.data(), int64_t{height} * width, int64_t{in} * height * width};
    const StemRun run{{batch, height, width, out_height, out_width, top, left}, src, dst.Out()};
    kernels::Run(packed, run, threads, nullptr);
    const ConvShape conv{out, 3, stride, top, left, out_height, out_width, 1};
    EXPECT_EQ(Difference(dst.ToPlain(), ReferenceConv(x, weights, bias, conv, activation)), "");
    EXPECT_TRUE(dst.GuardIsWhole());
  }
}

}  // namespace
}  // namespace maskscope::kernels::test
