#include "engine/reference.h"

#include "engine/engine_testing.h"
#include "engine/reference_ops.h"
#include "graph/operators.h"

// The reference is what everything else is compared with, so it is held against numbers worked out by hand.
namespace maskscope::testing {
namespace {

std::vector<float> Compute(const std::string& op, const std::vector<Tensor>& inputs,
                           std::map<std::string, Attribute> attributes = {}) {
  Case test;
  std::vector<std::string> names;
  for (const Tensor& input : inputs) {
    const std::string name = "i" + std::to_string(names.size());
    names.push_back(names.empty() ? test.Input(name, input) : test.Constant(name, input));
  }
  test.Add(op, names, "y", std::move(attributes));
  test.Output("y");
  return RunReference(test.graph, test.inputs).at("y").floats;
}

Tensor Row(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::Floats({count}, std::move(values));
}

Tensor Map(Shape shape, std::vector<float> values) { return Tensor::Floats(std::move(shape), std::move(values)); }

using Floats = std::vector<float>;

TEST(ReferenceTest, KnowsEveryOperatorAGraphMayHold) {
  for (const std::string& op : SupportedOperators()) {
    const Node node{"n", op, {}, {"y"}, {}};
    try {
      EvaluateReference({node, {}});
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("the operator is not supported"), std::string::npos) << op;
    }
  }
}

TEST(ReferenceTest, Activations) {
  const Tensor x = Row({-4, -1, 0, 2, 8});
  EXPECT_EQ(Compute("Relu", {x}), (Floats{0, 0, 0, 2, 8}));
  EXPECT_EQ(Compute("LeakyRelu", {x}, {{"alpha", 0.5f}}), (Floats{-2, -0.5f, 0, 2, 8}));
  EXPECT_EQ(Compute("Clip", {x, Tensor::Floats({}, {-2}), Tensor::Floats({}, {6})}), (Floats{-2, -1, 0, 2, 6}));
  EXPECT_EQ(Compute("HardSigmoid", {x}, {{"alpha", 0.25f}, {"beta", 0.5f}}), (Floats{0, 0.25f, 0.5f, 1, 1}));
  EXPECT_EQ(Compute("HardSwish", {Row({-4, 0, 1.5f, 6})}), (Floats{0, 0, 1.125f, 6}));
  EXPECT_EQ(Compute("Sigmoid", {Row({0})}), (Floats{0.5f}));
  EXPECT_EQ(Compute("PRelu", {Map({1, 2, 1, 1}, {-2, -2}), Map({2, 1, 1}, {0.5f, 2})}), (Floats{-1, -4}));
}

TEST(ReferenceTest, Convolution) {
  const Tensor x = Map({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor w = Map({1, 1, 2, 2}, {1, 10, 100, 1000});
  EXPECT_EQ(Compute("Conv", {x, w, Row({0.5f})}), (Floats{5421.5f, 6532.5f, 8754.5f, 9865.5f}));
  // One row above, one column to the right: asymmetric pads.
  EXPECT_EQ(
      Compute("Conv", {x, w}, {{"pads", std::vector<int64_t>{1, 0, 0, 1}}, {"strides", std::vector<int64_t>{2, 2}}}),
      (Floats{2100, 300, 8754, 906}));
  // Every second pixel.
  EXPECT_EQ(Compute("Conv", {x, w}, {{"dilations", std::vector<int64_t>{2, 2}}}), (Floats{1 + 30 + 700 + 9000}));
  // Two groups of one channel.
  EXPECT_EQ(Compute("Conv", {Map({1, 2, 1, 1}, {3, 5}), Map({2, 1, 1, 1}, {10, 100})}, {{"group", int64_t{2}}}),
            (Floats{30, 500}));
}

TEST(ReferenceTest, Pooling) {
  const Tensor x = Map({1, 1, 1, 3}, {1, 5, 3});
  const std::map<std::string, Attribute> window = {{"kernel_shape", std::vector<int64_t>{1, 2}},
                                                   {"strides", std::vector<int64_t>{1, 2}}};
  EXPECT_EQ(Compute("MaxPool", {x}, window), (Floats{5}));
  auto ceil = window;
  ceil["ceil_mode"] = int64_t{1};
  EXPECT_EQ(Compute("MaxPool", {x}, ceil), (Floats{5, 3}));
  EXPECT_EQ(Compute("AveragePool", {x}, ceil), (Floats{3, 3}));
  auto padded = window;
  padded["pads"] = std::vector<int64_t>{0, 1, 0, 0};
  EXPECT_EQ(Compute("AveragePool", {x}, padded), (Floats{1, 4}));
  padded["count_include_pad"] = int64_t{1};
  EXPECT_EQ(Compute("AveragePool", {x}, padded), (Floats{0.5f, 4}));
  EXPECT_EQ(Compute("GlobalAveragePool", {x}), (Floats{3}));
}

TEST(ReferenceTest, Products) {
  const Tensor a = Map({2, 2}, {1, 2, 3, 4}), b = Map({2, 2}, {10, 20, 30, 40});
  EXPECT_EQ(Compute("MatMul", {a, b}), (Floats{70, 100, 150, 220}));
  EXPECT_EQ(Compute("Gemm", {a, b, Row({1, 2})}, {{"transB", int64_t{1}}, {"beta", 2.0f}}),
            (Floats{52, 114, 112, 254}));
  EXPECT_EQ(Compute("Softmax", {Map({2, 2}, {0, 0, 1000, -1000})}, {{"axis", int64_t{1}}}), (Floats{0.5f, 0.5f, 1, 0}));
  EXPECT_EQ(Compute("ReduceMean", {a}, {{"axes", std::vector<int64_t>{0}}}), (Floats{2, 3}));
}

TEST(ReferenceTest, MovingValues) {
  const Tensor x = Map({2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(Compute("Transpose", {x}), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(Compute("Slice", {x, Ints({2}), Ints({-10}), Ints({1}), Ints({-2})}), (Floats{2, 0, 5, 3}));
  EXPECT_EQ(Compute("Concat", {x, Map({2, 1}, {8, 9})}, {{"axis", int64_t{1}}}), (Floats{0, 1, 2, 8, 3, 4, 5, 9}));
  EXPECT_EQ(Compute("Pad", {Row({1, 2, 3}), Ints({2, 1})}, {{"mode", std::string("reflect")}}),
            (Floats{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(Compute("Gather", {x, Ints({-1, 0})}, {{"axis", int64_t{1}}}), (Floats{2, 0, 5, 3}));
  EXPECT_EQ(Compute("Expand", {Map({2, 1}, {1, 2}), Ints({2, 2})}), (Floats{1, 1, 2, 2}));
}

TEST(ReferenceTest, Resizing) {
  const Tensor x = Map({1, 1, 1, 2}, {0, 4});
  const Tensor sizes = Ints({1, 1, 1, 4}), absent = Tensor::Floats({0}, {});
  EXPECT_EQ(Compute("Resize", {x, absent, absent, sizes}), (Floats{0, 0, 4, 4}));
  EXPECT_EQ(Compute("Resize", {x, absent, absent, sizes}, {{"mode", std::string("linear")}}), (Floats{0, 1, 3, 4}));
  EXPECT_EQ(Compute("Resize", {x, absent, Map({4}, {1, 1, 1, 2})},
                    {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("asymmetric")}}),
            (Floats{0, 2, 4, 4}));
}

TEST(ReferenceTest, ErrorsNameNodeAndOperator) {
  ExpectError(ErrorKind::kUnsupported, {"Loop_y", "Loop"}, [] { Compute("Loop", {Row({1})}); });
  ExpectError(ErrorKind::kBadModel, {"MatMul_y", "[2, 2]", "[3, 1]"}, [] {
    Compute("MatMul", {Map({2, 2}, {1, 2, 3, 4}), Map({3, 1}, {1, 2, 3})});
  });
}

TEST(ReferenceTest, GivesTapsBesideOutputs) {
  Case test;
  test.Input("x", Row({-1, 1}));
  test.Add("Relu", {"x"}, "a");
  test.Add("Neg", {"a"}, "y");
  test.Output("y");
  const Tensors values = RunReference(test.graph, test.inputs, {"a"});
  EXPECT_EQ(values.at("a").floats, (Floats{0, 1}));
  EXPECT_EQ(values.at("y").floats, (Floats{0, -1}));
}

}  // namespace
}  // namespace maskscope::testing
