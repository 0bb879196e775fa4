#include "engine/engine_testing.h"

// What detectors need beside convolutions, on random shapes, engine against reference.
namespace maskscope::testing {
namespace {

constexpr int kRounds = 25;
const std::vector<int64_t> kChannels = {1, 2, 3, 8, 10, 15, 16, 17, 28, 32, 33, 48};

// The input of the operators: a value that lies blocked, as convolutions make it, or plain.
std::string Source(Draw& draw, Case& test, const Shape& shape) {
  test.Input("x", draw.Values(shape));
  if (draw.Coin()) return "x";
  test.Add("Conv", {"x", test.Constant("w", draw.Values({shape[1], shape[1], 1, 1}, -0.5f, 0.5f))}, "made",
           {{"kernel_shape", std::vector<int64_t>{1, 1}}});
  return "made";
}

TEST(PixelOpsTest, PRelu) {
  Draw draw(71);
  for (int round = 0; round < kRounds; ++round) {
    Case test;
    const Shape shape = draw.Map(draw.OneOf(kChannels));
    const std::string from = Source(draw, test, shape);
    const Shape slopes = draw.OneOf<Shape>({{shape[1], 1, 1}, {1, shape[1], 1, 1}, {1, 1, 1}});
    test.Add("PRelu", {from, test.Constant("slopes", draw.Values(slopes))}, "y");
    test.Output("y");
    if (draw.Coin()) test.Output(from);  // the input is still needed afterwards
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, PReluOfVectors) {
  Draw draw(72);
  for (int round = 0; round < kRounds; ++round) {
    Case test;
    const int64_t values = draw.OneOf(kChannels);
    test.Input("x", draw.Values({draw.Int(1, 9), values}));
    test.Add("PRelu", {"x", test.Constant("slopes", draw.Values({values}))}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, PReluAndPoolInOnePass) {
  Draw draw(73);
  int fused = 0;
  for (int round = 0; round < 2 * kRounds; ++round) {
    Case test;
    const Shape shape{draw.Int(1, 3), draw.OneOf(kChannels), draw.Int(4, 19), draw.Int(4, 19)};
    const std::string from = Source(draw, test, shape);
    test.Add("PRelu", {from, test.Constant("slopes", draw.Values({shape[1], 1, 1}))}, "curved");
    const int64_t kernel = draw.Int(1, 3), pad = draw.Int(0, kernel / 2);
    test.Add("MaxPool", {"curved"}, "y",
             {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
              {"strides", std::vector<int64_t>{draw.Int(1, 3), draw.Int(1, 3)}},
              {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
              {"ceil_mode", draw.Int(0, 1)}});
    test.Output("y");
    if (draw.Int(0, 3) == 0) {
      test.Output("curved");  // then they are two steps
    } else {
      ++fused;
    }
    ExpectLikeReference(test);
  }
  EXPECT_GT(fused, kRounds);
}

TEST(PixelOpsTest, SoftmaxOverChannels) {
  Draw draw(74);
  for (int round = 0; round < kRounds; ++round) {
    Case test;
    Shape shape = draw.Map(draw.OneOf<int64_t>({1, 2, 2, 3, 17}));
    if (draw.Coin()) shape[3] = draw.Int(500, 1100);  // more pixels than are done at a time
    test.Add("Softmax", {Source(draw, test, shape)}, "y", {{"axis", draw.OneOf<int64_t>({1, -3})}});
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, SumsOverChannels) {
  Draw draw(75);
  for (int round = 0; round < kRounds; ++round) {
    Case test;
    const Shape shape = draw.Map(draw.OneOf(kChannels));
    const std::string from = Source(draw, test, shape);
    const int64_t keep = draw.Int(0, 1);
    if (draw.Coin()) {
      test.Add("ReduceSum", {from, test.Constant("axes", Ints({draw.OneOf<int64_t>({1, -3})}))}, "y",
               {{"keepdims", keep}});
    } else {
      test.Add("ReduceMean", {from}, "y", {{"axes", std::vector<int64_t>{1}}, {"keepdims", keep}});
    }
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, OneNumberAPixel) {
  Draw draw(76);
  for (int round = 0; round < 2 * kRounds; ++round) {
    Case test;
    const Shape shape = draw.Map(draw.OneOf(kChannels));
    const std::string from = Source(draw, test, shape);
    const Shape pixels{draw.Coin() ? shape[0] : 1, 1, shape[2], shape[3]};
    test.Input("p", draw.Values(pixels, 0.5f, 2));
    const auto op = draw.OneOf<std::string>({"Add", "Sub", "Mul", "Div"});
    // A divisor may not come near 0, so only the pixels divide.
    const bool swapped = op != "Div" && draw.Coin();
    test.Add(op, swapped ? std::vector<std::string>{"p", from} : std::vector<std::string>{from, "p"}, "middle");
    // What is left in the channels that fill up a block must not reach anyone.
    test.Add("Conv", {"middle", test.Constant("v", draw.Values({3, shape[1], 1, 1}, -0.5f, 0.5f))}, "y",
             {{"kernel_shape", std::vector<int64_t>{1, 1}}});
    test.Output("middle");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, ChannelsToUnitLength) {
  Draw draw(77);
  for (int round = 0; round < kRounds; ++round) {
    Case test;
    const Shape shape = draw.Map(draw.OneOf(kChannels));
    const std::string from = Source(draw, test, shape);
    test.Add("Mul", {from, from}, "square");
    test.Add("ReduceSum", {"square", test.Constant("axes", Ints({1}))}, "sum", {{"keepdims", int64_t{1}}});
    test.Add("Clip", {"sum", test.Constant("least", Tensor::Floats({}, {1e-10f}))}, "clipped");
    test.Add("Sqrt", {"clipped"}, "length");
    test.Add("Div", {from, "length"}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(PixelOpsTest, Transpositions) {
  Draw draw(78);
  for (int round = 0; round < 2 * kRounds; ++round) {
    Case test;
    const auto rank = static_cast<size_t>(draw.Int(1, 5));
    Shape shape;
    std::vector<int64_t> perm;
    for (size_t axis = 0; axis < rank; ++axis) {
      shape.push_back(draw.Int(1, 7));
      perm.insert(perm.begin() + draw.Int(0, static_cast<int64_t>(axis)), static_cast<int64_t>(axis));
    }
    test.Input("x", draw.Values(shape));
    test.Add("Transpose", {"x"}, "y",
             draw.Coin() ? std::map<std::string, Attribute>{{"perm", perm}} : std::map<std::string, Attribute>{});
    test.Output("y");
    ExpectLikeReference(test, 0);
  }
}

}  // namespace
}  // namespace maskscope::testing
