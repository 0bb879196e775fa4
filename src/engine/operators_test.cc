#include "engine/engine_testing.h"

// Every operator on random shapes, engine against reference.
namespace maskscope::testing {
namespace {

constexpr int kRounds = 25;

// Channel counts on both sides of the block sizes.
const std::vector<int64_t> kChannels = {1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 31, 32, 33, 48};

void AddActivation(Draw& draw, Case& test, const std::string& from, const std::string& to) {
  const auto op =
      draw.OneOf<std::string>({"Relu", "LeakyRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Elu"});
  if (op == "Clip") {
    const std::string low = draw.Coin() ? test.Constant(to + ".low", Tensor::Floats({}, {-0.5f})) : "";
    test.Add("Clip", {from, low, test.Constant(to + ".high", Tensor::Floats({}, {0.75f}))}, to);
  } else if (op == "LeakyRelu") {
    test.Add(op, {from}, to, {{"alpha", 0.1f}});
  } else {
    test.Add(op, {from}, to);
  }
}

struct ConvShape {
  int64_t in, out, groups, kernel, stride, dilation;
  std::vector<int64_t> pads;
};

ConvShape DrawConv(Draw& draw) {
  ConvShape conv{draw.OneOf(kChannels),
                 draw.OneOf(kChannels),
                 1,
                 draw.OneOf<int64_t>({1, 1, 3, 3, 3, 5, 2}),
                 draw.Int(1, 2),
                 1,
                 {}};
  if (draw.Int(0, 3) == 0) conv.dilation = 2;
  const int64_t kind = draw.Int(0, 3);
  if (kind == 0) conv.groups = conv.out = conv.in;
  if (kind == 1 && conv.in % 4 == 0) {
    conv.groups = 4;
    conv.out = (conv.out + 3) / 4 * 4;
  }
  const int64_t most = (conv.kernel - 1) * conv.dilation;
  for (int i = 0; i < 4; ++i) conv.pads.push_back(draw.Int(0, most));
  return conv;
}

void AddConv(Draw& draw, Case& test, const ConvShape& conv, const std::string& from, const std::string& to) {
  const int64_t per_group = conv.in / conv.groups;
  const float scale = 2 / std::sqrt(static_cast<float>(per_group * conv.kernel * conv.kernel));
  std::vector<std::string> inputs = {
      from, test.Constant(to + ".w", draw.Values({conv.out, per_group, conv.kernel, conv.kernel}, -scale, scale))};
  if (draw.Coin()) inputs.push_back(test.Constant(to + ".b", draw.Values({conv.out})));
  test.Add("Conv", inputs, to,
           {{"group", conv.groups},
            {"kernel_shape", std::vector<int64_t>{conv.kernel, conv.kernel}},
            {"strides", std::vector<int64_t>{conv.stride, conv.stride}},
            {"dilations", std::vector<int64_t>{conv.dilation, conv.dilation}},
            {"pads", conv.pads}});
}

Shape MapFor(Draw& draw, const ConvShape& conv) {
  const int64_t least = (conv.kernel - 1) * conv.dilation + 1;
  return {draw.Int(1, 3), conv.in, least + draw.Int(0, 16), least + draw.Int(0, 16)};
}

TEST(OperatorsTest, ConvAndActivation) {
  for (int round = 0; round < 4 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const ConvShape conv = DrawConv(draw);
    AddConv(draw, test, conv, test.Input("x", draw.Values(MapFor(draw, conv))), "c");
    AddActivation(draw, test, "c", "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, ConvAddsResidualAndActivates) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    ConvShape conv = DrawConv(draw);
    conv.out = conv.in;
    conv.groups = draw.Coin() ? 1 : conv.in;
    conv.stride = 1;
    conv.pads.assign(4, (conv.kernel - 1) * conv.dilation / 2);
    if (conv.kernel % 2 == 0) conv.kernel = 3, conv.pads.assign(4, conv.dilation);
    test.Add("Relu", {test.Input("x", draw.Values(MapFor(draw, conv)))}, "start");
    AddConv(draw, test, conv, "start", "c");
    std::string last = "c";
    if (draw.Coin()) {
      AddActivation(draw, test, last, "a");
      last = "a";
    }
    test.Add("Add", draw.Coin() ? std::vector<std::string>{last, "start"} : std::vector<std::string>{"start", last},
             "sum");
    last = "sum";
    if (draw.Coin()) {
      AddActivation(draw, test, last, "after");
      last = "after";
    }
    // Read again later: the sum may not have been written over it.
    if (draw.Coin()) last = test.Add("Mul", {last, "start"}, "again");
    test.Add("Neg", {last}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, Pools) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t kernel = draw.Int(1, 4);
    const Shape shape = {draw.Int(1, 3), draw.OneOf(kChannels), kernel + draw.Int(0, 12), kernel + draw.Int(0, 12)};
    std::map<std::string, Attribute> attributes = {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
                                                   {"strides", std::vector<int64_t>{draw.Int(1, 3), draw.Int(1, 3)}},
                                                   {"ceil_mode", draw.Int(0, 1)}};
    std::vector<int64_t> pads;
    for (int i = 0; i < 4; ++i) pads.push_back(draw.Int(0, kernel - 1));
    attributes["pads"] = pads;
    const bool average = draw.Coin();
    if (average) attributes["count_include_pad"] = draw.Int(0, 1);
    test.Add(average ? "AveragePool" : "MaxPool", {test.Input("x", draw.Values(shape))}, "y", attributes);
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, GlobalPoolsAndMeans) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    test.Input("x", draw.Values(draw.Map(draw.OneOf(kChannels))));
    test.Add("GlobalAveragePool", {"x"}, "average");
    test.Add("GlobalMaxPool", {"x"}, "max");
    test.Add("ReduceMean", {"x"}, "mean", {{"axes", std::vector<int64_t>{2, 3}}, {"keepdims", draw.Int(0, 1)}});
    test.Add("ReduceMean", {"x"}, "other",
             {{"axes", std::vector<int64_t>{draw.Int(-4, 3)}}, {"keepdims", draw.Int(0, 1)}});
    for (const auto* name : {"average", "max", "mean", "other"}) test.Output(name);
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, UnaryOperators) {
  for (const std::string op : {"Relu", "LeakyRelu", "Elu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Exp", "Log",
                               "Sqrt", "Abs", "Neg", "Floor", "Ceil", "Identity", "Dropout"}) {
    for (int round = 0; round < 4; ++round) {
      Draw draw(static_cast<uint32_t>(round));
      Case test;
      const Shape shape = round == 0 ? Shape{7} : round == 1 ? Shape{3, 50} : draw.Map(draw.OneOf(kChannels));
      const bool positive = op == "Log" || op == "Sqrt";
      test.Input("x", draw.Values(shape, positive ? 0.1f : -20.0f, 20));
      test.Add(op, {"x"}, "y");
      test.Output("y");
      ExpectLikeReference(test);
    }
  }
}

Shape DrawBroadcast(Draw& draw, Shape shape) {
  switch (draw.Int(0, 4)) {
    case 0:
      return {};
    case 1:
      return {1, shape[1], 1, 1};
    case 2:
      return {shape[0], shape[1], 1, 1};
    case 3:
      for (int64_t& dim : shape) dim = draw.Coin() ? dim : 1;
      return shape;
    default:
      return shape;
  }
}

TEST(OperatorsTest, BinaryOperatorsBroadcast) {
  for (const std::string op : {"Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    for (int round = 0; round < kRounds; ++round) {
      Draw draw(static_cast<uint32_t>(round));
      Case test;
      const Shape full = draw.Map(draw.OneOf(kChannels));
      Tensor other = draw.Values(DrawBroadcast(draw, full), 0.5f, 2);
      test.Input("x", draw.Values(full, 0.5f, 2));
      // Through a pool of one pixel the value lies in blocks.
      test.Add("MaxPool", {"x"}, "blocked", {{"kernel_shape", std::vector<int64_t>{1, 1}}});
      const std::string left = draw.Coin() ? "x" : "blocked";
      const std::string right = draw.Coin() ? test.Constant("other", other) : test.Input("other", other);
      test.Add(op, draw.Coin() ? std::vector<std::string>{left, right} : std::vector<std::string>{right, left}, "y");
      test.Output("y");
      ExpectLikeReference(test);
    }
  }
}

// What fills up the last block of channels must stay finite: the convolution that follows multiplies it by zero.
TEST(OperatorsTest, QuotientsLeaveNothingInTheBlocksThatSpreads) {
  for (const int64_t channels : {5, 16, 20}) {
    for (int side = 0; side < 3; ++side) {
      Draw draw(static_cast<uint32_t>(side));
      Case test;
      test.Input("x", draw.Values({2, channels, 5, 6}, 0.5f, 2));
      test.Add("MaxPool", {"x"}, "blocked", {{"kernel_shape", std::vector<int64_t>{1, 1}}});
      test.Constant("c", draw.Values({1, channels, 1, 1}, 0.5f, 2));
      const std::vector<std::vector<std::string>> operands = {{"blocked", "x"}, {"c", "blocked"}, {"blocked", "c"}};
      test.Add("Div", operands[static_cast<size_t>(side)], "quotient");
      AddConv(draw, test, {channels, 8, 1, 1, 1, 1, {0, 0, 0, 0}}, "quotient", "y");
      test.Output("y");
      ExpectLikeReference(test);
    }
  }
}

TEST(OperatorsTest, ChannelScales) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    test.Input("x", draw.Values(draw.Map(channels)));
    test.Add("PRelu", {"x", test.Constant("slope", draw.Values({channels, 1, 1}))}, "p");
    for (const auto* name : {"scale", "shift", "mean"}) test.Constant(name, draw.Values({channels}));
    test.Constant("var", draw.Values({channels}, 0.1f, 2));
    test.Add("BatchNormalization", {"p", "scale", "shift", "mean", "var"}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, Products) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t m = draw.Int(1, 9), k = draw.Int(1, 40), n = draw.Int(1, 33);
    const bool transposed = draw.Coin();
    test.Input("x", draw.Values({m, k}));
    test.Constant("w", draw.Values(transposed ? Shape{n, k} : Shape{k, n}));
    test.Constant("b", draw.Values(draw.OneOf<Shape>({{n}, {1, n}, {m, 1}, {1}})));
    test.Add(
        "Gemm", {"x", "w", "b"}, "g",
        {{"transB", int64_t{transposed}}, {"alpha", draw.Coin() ? 1.0f : 0.5f}, {"beta", draw.Coin() ? 1.0f : 2.0f}});
    test.Add("Relu", {"g"}, "y");
    test.Output("y");
    const Shape batch = draw.OneOf<Shape>({{}, {3}, {2, 3}});
    Shape left = batch, right = draw.Coin() ? batch : Shape{};
    left.insert(left.end(), {m, k});
    right.insert(right.end(), {k, n});
    test.Input("a", draw.Values(left));
    const std::string other =
        draw.Coin() ? test.Input("r", draw.Values(right)) : test.Constant("r", draw.Values(right));
    test.Add("MatMul", {"a", other}, "p");
    test.Output("p");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, Softmax) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    test.Input("x", draw.Values({draw.Int(1, 3), draw.Int(1, 5), draw.Int(1, 3), draw.Int(1, 5)}, -30, 30));
    test.Add("Softmax", {"x"}, "y", {{"axis", draw.Int(-4, 3)}});
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, Resize) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const Shape shape = draw.Map(draw.OneOf(kChannels));
    test.Input("x", draw.Values(shape));
    const bool linear = draw.Coin();
    const std::map<std::string, Attribute> attributes = {
        {"mode", std::string(linear ? "linear" : "nearest")},
        {"coordinate_transformation_mode",
         draw.OneOf<std::string>({"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"})},
        {"nearest_mode", draw.OneOf<std::string>({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})}};
    if (draw.Coin()) {
      test.Constant("sizes", Ints({shape[0], shape[1], draw.Int(1, 30), draw.Int(1, 30)}));
      test.Add("Resize", {"x", "", "", "sizes"}, "y", attributes);
    } else {
      test.Constant("scales",
                    Tensor::Floats({4}, {1, 1, draw.OneOf<float>({2, 1.5f, 3}), draw.OneOf<float>({1, 2, 2.5f})}));
      test.Add("Resize", {"x", "", "scales"}, "y", attributes);
    }
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// The pyramid's merge: a convolution plus a resized map, computed in one step where the kernels can.
TEST(OperatorsTest, ConvPlusResized) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    const Shape small = draw.Map(channels);
    test.Input("small", draw.Values(small));
    test.Input("x", draw.Values({small[0], channels, draw.Int(1, 33), draw.Int(1, 33)}));
    const Shape& large = test.inputs["x"].shape;
    AddConv(draw, test, {channels, channels, 1, 1, 1, 1, {0, 0, 0, 0}}, "x", "c");
    if (draw.Coin()) {
      test.Add("Relu", {"c"}, "lateral");
    } else {
      test.Add("Identity", {"c"}, "lateral");
    }
    test.Add("MaxPool", {"small"}, "top", {{"kernel_shape", std::vector<int64_t>{1, 1}}});
    test.Constant("sizes", Ints(large));
    test.Add("Resize", {"top", "", "", "sizes"}, "up",
             {{"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}});
    test.Add("Add", {"lateral", "up"}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, MovingValues) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const Shape shape = {draw.Int(1, 3), draw.OneOf(kChannels), draw.Int(3, 9), draw.Int(3, 9)};
    test.Input("x", draw.Values(shape));
    test.Constant("starts", Ints({draw.Int(0, 1), -1}));
    test.Constant("ends", Ints({draw.Int(2, 9), -4}));
    test.Constant("axes", Ints({2, 3}));
    test.Constant("steps", Ints({draw.Int(1, 2), -1}));
    test.Add("Slice", {"x", "starts", "ends", "axes", "steps"}, "slice");
    test.Constant("parts", Ints({1, shape[2] - 1}));
    test.graph.nodes.push_back(MakeNode("Split", {"x", "parts"}, {"first", "rest"}, {{"axis", int64_t{2}}}));
    std::vector<int64_t> perm = {0, 1, 2, 3};
    for (int64_t i = 3; i > 0; --i) std::swap(perm[static_cast<size_t>(i)], perm[static_cast<size_t>(draw.Int(0, i))]);
    test.Add("Transpose", {"x"}, "transposed", {{"perm", perm}});
    test.Constant("pads", Ints({0, draw.Int(0, 2), 1, 0, 0, 0, draw.Int(-1, 2), 2}));
    test.Add("Pad", {"x", "pads", test.Constant("value", Tensor::Floats({}, {0.5f}))}, "padded",
             {{"mode", draw.OneOf<std::string>({"constant", "constant", "edge"})}});
    test.Constant("indices", Tensor::Ints({2, 1}, {draw.Int(-3, 2), draw.Int(0, 2)}));
    test.Add("Gather", {"x", "indices"}, "gathered", {{"axis", int64_t{3}}});
    test.Constant("shape", Ints({0, -1, shape[3]}));
    test.Add("Reshape", {"x", "shape"}, "reshaped");
    test.Add("Flatten", {"x"}, "flat", {{"axis", draw.Int(0, 4)}});
    test.Add("Unsqueeze", {"x", test.Constant("where", Ints({0, -1}))}, "unsqueezed");
    test.Add("Squeeze", {"unsqueezed", "where"}, "squeezed");
    test.Add("Expand", {"unsqueezed", test.Constant("wide", Ints({2, 1, 1, 1, 1, 3}))}, "expanded");
    for (const auto* name :
         {"slice", "first", "rest", "transposed", "padded", "gathered", "reshaped", "flat", "squeezed", "expanded"}) {
      test.Output(name);
    }
    ExpectLikeReference(test);
  }
}

TEST(OperatorsTest, ConcatOfConvolutionsThenActivation) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    test.Input("x", draw.Values(draw.Map(channels)));
    std::vector<std::string> parts;
    for (int64_t i = 0; i < draw.Int(1, 4); ++i) {
      const std::string part = "part" + std::to_string(i);
      const int64_t kernel = draw.OneOf<int64_t>({1, 3});
      AddConv(draw, test, {channels, draw.OneOf(kChannels), 1, kernel, 1, 1, std::vector<int64_t>(4, kernel / 2)}, "x",
              part);
      parts.push_back(part);
    }
    if (draw.Coin()) parts.push_back("x");
    if (draw.Coin()) parts.push_back(parts.front());
    test.Add("Concat", parts, "all", {{"axis", int64_t{1}}});
    test.Add("Relu", {"all"}, "y");
    test.Output("y");
    if (draw.Coin()) test.Output("part0");
    ExpectLikeReference(test);
  }
}

// A detector's head: convolution, channels last, rows of boxes, all levels one after another.
TEST(OperatorsTest, HeadsOfADetector) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t batch = draw.Int(1, 3), channels = draw.OneOf(kChannels);
    test.Constant("boxes_shape", Ints({0, -1, 4}));
    test.Constant("scores_shape", Ints({batch, -1, 2}));
    std::map<std::string, std::vector<std::string>> levels;
    for (int level = 0; level < 3; ++level) {
      const std::string name = std::to_string(level);
      test.Input("x" + name, draw.Values({batch, channels, draw.Int(1, 9), draw.Int(1, 9)}));
      test.Add("Relu", {"x" + name}, "map" + name);
      for (const auto& [kind, width] : {std::pair<std::string, int64_t>{"boxes", 8}, {"scores", 4}}) {
        const std::string value = kind + name;
        AddConv(draw, test, {channels, width, 1, 1, 1, 1, {0, 0, 0, 0}}, "map" + name, value);
        test.Add("Transpose", {value}, value + ".t", {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
        test.Add("Reshape", {value + ".t", kind + "_shape"}, value + ".r");
        levels[kind].push_back(value + ".r");
      }
    }
    test.Add("Concat", levels["boxes"], "boxes", {{"axis", int64_t{1}}});
    test.Add("Concat", levels["scores"], "logits", {{"axis", int64_t{1}}});
    test.Add("Softmax", {"logits"}, "scores", {{"axis", int64_t{-1}}});
    test.Output("boxes");
    test.Output("scores");
    ExpectLikeReference(test);
  }
}

// The blocks that the hand-tuned kernels do in one step.
TEST(OperatorsTest, MobileNetBlocks) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t in = draw.OneOf(kChannels), middle = draw.OneOf(kChannels), stride = draw.Int(1, 2);
    const bool expand = draw.Coin(), residual = draw.Coin() && stride == 1;
    const int64_t width = expand ? middle : in, out = residual ? in : draw.OneOf(kChannels);
    test.Input("x", draw.Values({draw.Int(1, 3), in, draw.Int(2, 33), draw.Int(2, 33)}));
    std::string last = "x";
    const Tensor six = Tensor::Floats({}, {0.6f});
    test.Constant("zero", Tensor::Floats({}, {0}));
    test.Constant("six", six);
    if (expand) {
      AddConv(draw, test, {in, width, 1, 1, 1, 1, {0, 0, 0, 0}}, last, "expand");
      last = test.Add("Clip", {"expand", "zero", "six"}, "expanded");
    }
    const std::vector<int64_t> pads =
        stride == 1 || draw.Coin() ? std::vector<int64_t>{1, 1, 1, 1} : std::vector<int64_t>{0, 0, 1, 1};
    AddConv(draw, test, {width, width, width, 3, stride, 1, pads}, last, "depthwise");
    last = test.Add("Clip", {"depthwise", "zero", "six"}, "filtered");
    AddConv(draw, test, {width, out, 1, 1, 1, 1, {0, 0, 0, 0}}, last, "project");
    last = "project";
    if (residual) last = test.Add("Add", {"project", "x"}, "sum");
    test.Add("Relu", {last}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

}  // namespace
}  // namespace maskscope::testing
