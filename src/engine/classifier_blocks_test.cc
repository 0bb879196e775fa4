#include "engine/engine_testing.h"

// What the classifiers of the zoo are made of, on random shapes: engine against reference.
namespace maskscope::testing {
namespace {

constexpr int kRounds = 12;
const std::vector<int64_t> kChannels = {3, 8, 15, 16, 17, 32, 48};

std::string AddConv(Draw& draw, Case& test, const std::string& from, const std::string& to, int64_t in, int64_t out,
                    int64_t kernel, int64_t stride = 1, int64_t groups = 1) {
  const float scale = 2 / std::sqrt(static_cast<float>(in / groups * kernel * kernel));
  test.Constant(to + ".w", draw.Values({out, in / groups, kernel, kernel}, -scale, scale));
  test.Constant(to + ".b", draw.Values({out}));
  return test.Add("Conv", {from, to + ".w", to + ".b"}, to,
                  {{"group", groups},
                   {"strides", std::vector<int64_t>{stride, stride}},
                   {"pads", std::vector<int64_t>(4, kernel / 2)}});
}

std::string AddSwish(Draw& draw, Case& test, const std::string& from, const std::string& to) {
  test.Add("Sigmoid", {from}, to + ".gate");
  const bool swapped = draw.Coin();
  return test.Add("Mul", {swapped ? to + ".gate" : from, swapped ? from : to + ".gate"}, to);
}

std::string AddBatchNorm(Draw& draw, Case& test, const std::string& from, const std::string& to, int64_t channels) {
  std::vector<std::string> inputs{from};
  for (const auto* part : {".scale", ".shift", ".mean"})
    inputs.push_back(test.Constant(to + part, draw.Values({channels})));
  inputs.push_back(test.Constant(to + ".variance", draw.Values({channels}, 0.1f, 2)));
  return test.Add("BatchNormalization", inputs, to);
}

// Values of a rank the kernels know and of others; after a convolution, and where it cannot be fused.
TEST(ClassifierBlocks, Swish) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    std::string value = test.Input("x", draw.Values(draw.Map(channels), -20, 20));
    if (draw.Coin())
      value = AddConv(draw, test, value, "c", channels, draw.OneOf(kChannels), draw.OneOf<int64_t>({1, 3}));
    if (value == "x" && draw.Coin()) value = test.Add("Flatten", {value}, "flat", {{"axis", draw.Int(0, 4)}});
    AddSwish(draw, test, value, "y");
    // Somebody else reads the value, or its sigmoid.
    if (draw.Coin()) test.Add("Add", {value, "y"}, "sum");
    if (draw.Coin()) test.Add("Neg", {"y.gate"}, "other");
    if (draw.Coin()) test.Output(value == "x" ? "y.gate" : value);
    for (const Node& node : test.graph.nodes) {
      if (node.outputs[0] == "sum" || node.outputs[0] == "other") test.Output(node.outputs[0]);
    }
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// Swish before and after a sum that a convolution may add along: parts of its epilogue are dropped one by one.
TEST(ClassifierBlocks, SwishAroundResidual) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    test.Add("Relu", {test.Input("x", draw.Values(draw.Map(channels)))}, "start");
    std::string value = AddConv(draw, test, "start", "c", channels, channels, draw.OneOf<int64_t>({1, 3, 5}), 1,
                                draw.Coin() ? channels : 1);
    if (draw.Coin()) value = AddSwish(draw, test, value, "before");
    value = test.Add("Add", {value, "start"}, "sum");
    if (draw.Coin()) value = AddSwish(draw, test, value, "after");
    test.Add("Neg", {value}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// Expand, depthwise of 3 or 5, gate, project: EfficientNet's and MobileNetV3's.
TEST(ClassifierBlocks, SqueezeExcite) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t in = draw.OneOf(kChannels), wide = 3 * in, squeezed = draw.Int(1, 20), stride = draw.Int(1, 2);
    const bool hard = draw.Coin();
    const auto activate = [&](const std::string& from, const std::string& to) {
      return hard ? test.Add("HardSwish", {from}, to) : AddSwish(draw, test, from, to);
    };
    test.Input("x", draw.Values({draw.Int(1, 3), in, draw.Int(5, 20), draw.Int(5, 20)}));
    std::string value = activate(AddConv(draw, test, "x", "expand", in, wide, 1), "expanded");
    value = AddConv(draw, test, value, "dw", wide, wide, draw.OneOf<int64_t>({3, 5}), stride, wide);
    value = activate(value, "filtered");
    std::string gate = draw.Coin() ? test.Add("GlobalAveragePool", {value}, "mean")
                                   : test.Add("ReduceMean", {value}, "mean", {{"axes", std::vector<int64_t>{2, 3}}});
    gate = AddConv(draw, test, gate, "fc1", wide, squeezed, 1);
    gate = hard ? test.Add("Relu", {gate}, "fc1.act") : AddSwish(draw, test, gate, "fc1.act");
    gate = AddConv(draw, test, gate, "fc2", squeezed, wide, 1);
    gate = hard ? test.Add("HardSigmoid", {gate}, "gate", {{"alpha", 1.0f / 6}, {"beta", 0.5f}})
                : test.Add("Sigmoid", {gate}, "gate");
    value = test.Add("Mul", draw.Coin() ? std::vector<std::string>{value, gate} : std::vector<std::string>{gate, value},
                     "scaled");
    value = AddConv(draw, test, value, "project", wide, in, 1);
    if (stride == 1) value = test.Add("Add", {value, "x"}, "sum");
    test.Add("Identity", {value}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// Groups that fill blocks of channels and others, results that must lie elsewhere.
TEST(ClassifierBlocks, GroupedConvolution) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t groups = draw.Int(2, 3), in = groups * draw.OneOf<int64_t>({8, 16, 32});
    const int64_t out = groups * draw.OneOf<int64_t>({8, 16, 48});
    test.Input("x", draw.Values({draw.Int(1, 3), in, draw.Int(1, 17), draw.Int(1, 17)}));
    std::string value = AddConv(draw, test, "x", "c", in, out, 3, draw.Int(1, 2), groups);
    if (draw.Coin()) value = test.Add("Relu", {value}, "active");
    if (draw.Coin()) value = test.Add("Transpose", {value}, "last", {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    if (draw.Coin()) value = test.Add("Concat", {value, value}, "twice", {{"axis", draw.Int(0, 3)}});
    test.Add("Identity", {value}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// A ResNet's basic block: the sum has a step of its own where the convolution before it adds nothing.
TEST(ClassifierBlocks, SumThenActivation) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels);
    test.Add("Relu", {test.Input("x", draw.Values(draw.Map(channels)))}, "start");
    std::string value = AddConv(draw, test, "start", "c", channels, channels, 3);
    value = test.Add(draw.OneOf<std::string>({"Add", "Mul", "Sub"}), {value, draw.Coin() ? "start" : "x"}, "both");
    value = draw.Coin() ? test.Add("Relu", {value}, "active") : AddSwish(draw, test, value, "active");
    if (draw.Coin()) test.Output("both");
    if (draw.Coin()) value = test.Add("Add", {value, "start"}, "again");
    test.Add("Neg", {value}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// ResNeSt's: two halves of the channels, weighed against each other.
TEST(ClassifierBlocks, SplitAttention) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels), parts = draw.Int(2, 3), all = parts * channels;
    test.Input("x", draw.Values({draw.Int(1, 3), channels, draw.Int(3, 17), draw.Int(3, 17)}));
    std::string maps = test.Add("Relu", {"x"}, "start");
    maps = AddConv(draw, test, maps, "conv", channels, all, 3, 1, channels % parts == 0 ? parts : 1);
    if (draw.Coin()) maps = test.Add("Relu", {maps}, "maps");
    const std::string mean = test.Add("GlobalAveragePool", {maps}, "mean");
    test.Constant("lengths", Tensor::Ints({parts}, std::vector<int64_t>(static_cast<size_t>(parts), channels)));
    const auto split = [&](const std::string& value, const std::string& name) {
      std::vector<std::string> outputs;
      for (int64_t i = 0; i < parts; ++i) outputs.push_back(name + std::to_string(i));
      test.graph.nodes.push_back(MakeNode("Split", {value, "lengths"}, outputs, {{"axis", int64_t{1}}}));
    };
    split(mean, "mean");
    std::string gate = AddConv(draw, test, test.Add("Add", {"mean0", "mean1"}, "gap"), "fc1", channels, 32, 1);
    gate = AddConv(draw, test, test.Add("Relu", {gate}, "squeezed"), "fc2", 32, all, 1);
    test.Constant("apart", Tensor::Ints({3}, {0, parts, -1}));
    test.Constant("together", Tensor::Ints({4}, {0, -1, 1, 1}));
    test.Add("Reshape", {gate, "apart"}, "by_part");
    test.Add("Softmax", {"by_part"}, "weights", {{"axis", int64_t{1}}});
    split(test.Add("Reshape", {"weights", "together"}, "attention"), "weight");
    split(maps, "part");
    std::string sum;
    for (int64_t i = 0; i < parts; ++i) {
      const std::string number = std::to_string(i);
      const std::string term = test.Add("Mul", {"part" + number, "weight" + number}, "term" + number);
      sum = i == 0 ? term : test.Add("Add", {sum, term}, "sum" + number);
    }
    // A part is read again after it could have been overwritten.
    if (draw.Coin()) sum = test.Add("Sub", {sum, "part0"}, "again");
    test.Add("Neg", {sum}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

// Slices that no block of channels begins with, of values that lie plain, along every axis.
TEST(ClassifierBlocks, SplitAnywhere) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    Shape shape = draw.Map(draw.OneOf(kChannels));
    for (int64_t& side : shape) ++side;
    const auto axis = static_cast<size_t>(draw.Int(0, 3));
    const int64_t first = draw.Int(1, shape[axis] - 1);
    std::string value = test.Input("x", draw.Values(shape));
    if (draw.Coin()) value = test.Add("MaxPool", {value}, "blocked", {{"kernel_shape", std::vector<int64_t>{1, 1}}});
    test.Constant("lengths", Tensor::Ints({2}, {first, shape[axis] - first}));
    test.graph.nodes.push_back(
        MakeNode("Split", {value, "lengths"}, {"a", "b"}, {{"axis", static_cast<int64_t>(axis)}}));
    test.Add("Relu", {"a"}, "ra");
    if (draw.Coin()) test.Output("b");
    test.Add("Relu", {"b"}, "rb");
    test.Output("ra");
    test.Output("rb");
    if (draw.Coin()) test.Output("a");
    ExpectLikeReference(test);
  }
}

// Pre-activation (ResNet v2): a sum that is normalised, activated, and added to again.
TEST(ClassifierBlocks, PreActivation) {
  for (int round = 0; round < 2 * kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    const int64_t channels = draw.OneOf(kChannels), stride = draw.Int(1, 2);
    std::string sum = test.Input("x", draw.Values(draw.Map(channels)));
    if (draw.Coin()) sum = AddConv(draw, test, sum, "first", channels, channels, 1);
    std::string value = AddBatchNorm(draw, test, sum, "bn", channels);
    const int64_t activation = draw.Int(0, 3);
    if (activation == 1) value = test.Add("Relu", {value}, "active");
    if (activation == 2) value = AddSwish(draw, test, value, "active");
    if (activation == 3) value = test.Add("LeakyRelu", {value}, "active", {{"alpha", 0.3f}});
    value = AddConv(draw, test, value, "c", channels, channels, 3, stride);
    if (stride == 2) {
      sum = test.Add("MaxPool", {sum}, "strided",
                     {{"kernel_shape", std::vector<int64_t>{1, 1}}, {"strides", std::vector<int64_t>{2, 2}}});
    }
    test.Add("Add", {sum, value}, "out");
    AddBatchNorm(draw, test, "out", "y", channels);
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(ClassifierBlocks, BatchNormOfOtherRanks) {
  for (const Shape& shape : {Shape{3, 7}, Shape{2, 5, 9}, Shape{1, 16, 1, 1}}) {
    Draw draw(1);
    Case test;
    AddBatchNorm(draw, test, test.Input("x", draw.Values(shape)), "bn", shape[1]);
    test.Add("Relu", {"bn"}, "y");
    test.Output("y");
    ExpectLikeReference(test);
  }
}

TEST(ClassifierBlocks, PadThenPool) {
  for (int round = 0; round < kRounds; ++round) {
    Draw draw(static_cast<uint32_t>(round));
    Case test;
    std::string value = test.Input("x", draw.Values(draw.Map(draw.OneOf(kChannels)), -3, -1));
    if (draw.Coin()) value = test.Add("Neg", {value}, "negative");
    std::vector<std::string> inputs{
        value, test.Constant("pads", Tensor::Ints({8}, {0, 0, draw.Int(0, 2), draw.Int(0, 2), 0, 0, draw.Int(1, 3),
                                                        draw.Int(1, 3)}))};
    if (draw.Coin()) inputs.push_back(test.Constant("value", Tensor::Floats({}, {0.5f})));
    test.Add("Pad", inputs, "padded");
    test.Add("MaxPool", {"padded"}, "y",
             {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
    test.Output("y");
    ExpectLikeReference(test);
  }
}

}  // namespace
}  // namespace maskscope::testing
