#include "explain/gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "engine/reference.h"
#include "explain/gradient_ops.h"
#include "explain/probe.h"
#include "graph/operators.h"
#include "zoo/registry.h"

// Every operator's gradient against central differences of the reference interpreter, on random shapes.
namespace maskscope {
namespace {

class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  int64_t Int(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  float Uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(engine_); }
  bool Coin() { return Int(0, 1) == 1; }
  // Values that lie apart from each other and from multiples of 0.5 by more than the differences step: no kink (ReLU,
  // a pool's maximum) lies between the two points that are compared.
  Tensor Apart(const Shape& shape, float low = -2, float high = 2) {
    Tensor tensor = Tensor::Filled(shape, 0);
    const size_t count = tensor.floats.size();
    std::vector<float> places(count);
    for (size_t i = 0; i < count; ++i) {
      places[i] = low + (high - low) * (static_cast<float>(i) + 0.5f) / static_cast<float>(count);
      const float nearest = std::round(places[i] * 2) / 2;
      if (std::abs(places[i] - nearest) < 0.02f) places[i] = nearest + (places[i] < nearest ? -0.02f : 0.02f);
    }
    std::shuffle(places.begin(), places.end(), engine_);
    tensor.floats = places;
    return tensor;
  }
  Tensor Values(const Shape& shape, float low = -1, float high = 1) {
    Tensor tensor = Tensor::Filled(shape, 0);
    for (float& value : tensor.floats) value = Uniform(low, high);
    return tensor;
  }

 private:
  std::mt19937 engine_;
};

// One node with its inputs; those named x, x2, ... are data.
struct OneNode {
  std::string op;
  std::map<std::string, Attribute> attributes;
  std::vector<std::pair<std::string, Tensor>> inputs;
  size_t outputs = 1;

  Graph ToGraph() const {
    Graph graph;
    Node node{"node", op, {}, {}, attributes};
    for (const auto& [name, tensor] : inputs) {
      node.inputs.push_back(name);
      if (name.starts_with("x")) {
        ValueInfo info{name, tensor.type, {}};
        for (const int64_t side : tensor.shape) info.shape.push_back(Dim::Fixed(side));
        graph.inputs.push_back(info);
      } else if (!name.empty()) {
        graph.initializers[name] = tensor;
      }
    }
    for (size_t i = 0; i < outputs; ++i) {
      node.outputs.push_back("y" + std::to_string(i));
      graph.outputs.push_back({node.outputs.back(), DataType::kFloat32, {}});
    }
    graph.nodes = {node};
    SortAndCheck(graph, "test");
    return graph;
  }
  std::map<std::string, Tensor> Data() const {
    std::map<std::string, Tensor> data;
    for (const auto& [name, tensor] : inputs) {
      if (name.starts_with("x")) data[name] = tensor;
    }
    return data;
  }
};

double WeightedSum(const std::map<std::string, Tensor>& values, const Score& score) {
  double sum = 0;
  for (const ScoreTerm& term : score) sum += double{term.weight} * values.at(term.output).floats.at(term.index);
  return sum;
}

// The derivative along a random direction, both ways. A last Identity-like move keeps Softmax and Sigmoid from being
// taken for the network's end: the score reads y0 + 0 (Add is no move).
void Check(const OneNode& test, uint32_t seed, double tolerance = 2e-3) {
  Draw draw(seed);
  Graph graph = test.ToGraph();
  graph.initializers["nothing"] = Tensor::Floats({1}, {0});
  for (ValueInfo& output : graph.outputs) {
    graph.nodes.push_back(Node{output.name + "+0", "Add", {output.name, "nothing"}, {output.name + "_end"}, {}});
    output.name += "_end";
  }
  SortAndCheck(graph, "test");
  const std::map<std::string, Tensor> data = test.Data();
  InputShapes shapes;
  std::set<std::string> wanted;
  std::vector<std::string> taps;
  for (const auto& [name, tensor] : data) {
    shapes[name] = tensor.shape;
    wanted.insert(name);
  }
  for (const Node& node : graph.nodes) taps.insert(taps.end(), node.outputs.begin(), node.outputs.end());
  const InferredShapes inferred = InferShapes(graph, shapes);
  std::map<std::string, Tensor> values = RunReference(graph, data, taps);
  values.insert(data.begin(), data.end());
  Score score;
  for (const ValueInfo& output : graph.outputs) {
    for (int64_t i = 0; i < ElementCount(inferred.shapes.at(output.name)); ++i) {
      score.push_back({output.name, i, draw.Uniform(-1, 1)});
    }
  }
  // Only what is said to be read may be read.
  std::map<std::string, Tensor> read;
  for (const std::string& name : ValuesToRead(graph, score, wanted)) read[name] = values.at(name);
  const auto gradients = Backpropagate(graph, inferred, read, score, wanted);

  constexpr float kStep = 5e-3f;
  std::map<std::string, Tensor> forward = data, backward = data;
  double expected_size = 0, analytic = 0;
  for (const auto& [name, tensor] : data) {
    for (size_t i = 0; i < tensor.floats.size(); ++i) {
      const float direction = draw.Uniform(-1, 1);
      forward[name].floats[i] += kStep * direction;
      backward[name].floats[i] -= kStep * direction;
      // What was really added, after rounding.
      const double moved = double{forward[name].floats[i]} - backward[name].floats[i];
      const double part = gradients.contains(name) ? gradients.at(name).floats[i] * moved : 0;
      analytic += part;
      expected_size += std::abs(part);
    }
  }
  const double numeric =
      WeightedSum(RunReference(graph, forward), score) - WeightedSum(RunReference(graph, backward), score);
  EXPECT_NEAR(analytic, numeric, tolerance * std::max(expected_size, 1e-3)) << test.op << ", seed " << seed;
  EXPECT_GT(expected_size, 0) << test.op << ", seed " << seed;
}

Shape DrawMap(Draw& draw) { return {draw.Int(1, 2), draw.Int(1, 5), draw.Int(1, 7), draw.Int(2, 7)}; }

std::set<std::string> CheckedOperators() {
  return {"Relu",          "LeakyRelu",
          "Elu",           "PRelu",
          "Clip",          "Sigmoid",
          "HardSigmoid",   "HardSwish",
          "Tanh",          "Exp",
          "Log",           "Sqrt",
          "Abs",           "Neg",
          "Add",           "Sub",
          "Mul",           "Div",
          "Pow",           "Max",
          "Min",           "BatchNormalization",
          "Conv",          "MaxPool",
          "AveragePool",   "GlobalAveragePool",
          "GlobalMaxPool", "Gemm",
          "MatMul",        "ReduceMean",
          "ReduceSum",     "Softmax",
          "Identity",      "Dropout",
          "Reshape",       "Flatten",
          "Squeeze",       "Unsqueeze",
          "Concat",        "Slice",
          "Split",         "Transpose",
          "Pad",           "Gather",
          "Expand",        "Resize"};
}

constexpr uint32_t kRounds = 8;

TEST(GradientTest, Activations) {
  for (uint32_t seed = 0; seed < kRounds; ++seed) {
    Draw draw(seed);
    const Shape shape = DrawMap(draw);
    for (const char* op : {"Relu", "LeakyRelu", "Elu", "Sigmoid", "HardSigmoid", "Tanh", "Exp", "Abs", "Neg"}) {
      Check({op, {}, {{"x", draw.Apart(shape)}}}, seed);
    }
    Check({"HardSwish", {}, {{"x", draw.Apart(shape, -4, 4)}}}, seed);
    for (const char* op : {"Log", "Sqrt"}) Check({op, {}, {{"x", draw.Apart(shape, 0.6f, 4)}}}, seed);
    Check({"Clip",
           {},
           {{"x", draw.Apart(shape)}, {"low", Tensor::Floats({}, {-0.5f})}, {"high", Tensor::Floats({}, {1})}}},
          seed);
    Check({"Clip", {}, {{"x", draw.Apart(shape)}, {"", {}}, {"high", Tensor::Floats({}, {1})}}}, seed);
    Check({"PRelu", {}, {{"x", draw.Apart(shape)}, {"slope", draw.Values({shape[1], 1, 1})}}}, seed);
  }
}

TEST(GradientTest, Arithmetic) {
  for (uint32_t seed = 0; seed < kRounds; ++seed) {
    Draw draw(seed);
    const Shape shape = DrawMap(draw);
    const Shape other = draw.Coin() ? shape : draw.Coin() ? Shape{shape[0], shape[1], 1, 1} : Shape{shape[3]};
    for (const char* op : {"Add", "Sub", "Mul"}) {
      Check({op, {}, {{"x", draw.Values(shape)}, {"x2", draw.Values(other)}}}, seed);
      Check({op, {}, {{"constant", draw.Values(other)}, {"x", draw.Values(shape)}}}, seed);
    }
    for (const char* op : {"Max", "Min"}) {
      // Multiples of 0.1 against odd multiples of 0.05: never nearly a tie.
      Tensor first = draw.Values(shape), second = draw.Values(other);
      for (float& value : first.floats) value = std::round(value * 10) / 10;
      for (float& value : second.floats) value = std::round(value * 10) / 10 + 0.05f;
      Check({op, {}, {{"x", first}, {"x2", second}}}, seed);
      Check({op, {}, {{"constant", second}, {"x", first}}}, seed);
    }
    Check({"Div", {}, {{"x", draw.Apart(shape)}, {"x2", draw.Apart(other, 0.8f, 2)}}}, seed);
    Check({"Pow", {}, {{"x", draw.Apart(shape, 0.6f, 2)}, {"x2", draw.Apart(other, 1, 2)}}}, seed);
    const int64_t c = shape[1];
    Check({"BatchNormalization",
           {{"epsilon", 1e-3f}},
           {{"x", draw.Values(shape)},
            {"scale", draw.Values({c})},
            {"shift", draw.Values({c})},
            {"mean", draw.Values({c})},
            {"variance", draw.Values({c}, 0.5f, 2)}}},
          seed);
  }
}

TEST(GradientTest, Convolution) {
  for (uint32_t seed = 0; seed < 4 * kRounds; ++seed) {
    Draw draw(seed);
    const int64_t kernel = std::vector<int64_t>{1, 1, 2, 3, 5}[static_cast<size_t>(draw.Int(0, 4))];
    const int64_t groups = draw.Int(1, 3), in = groups * draw.Int(1, 3), out = groups * draw.Int(1, 6);
    const int64_t dilation = draw.Int(1, 2), reach = (kernel - 1) * dilation + 1;
    std::vector<int64_t> pads;
    for (int i = 0; i < 4; ++i) pads.push_back(draw.Int(0, reach - 1));
    OneNode test{"Conv",
                 {{"group", groups},
                  {"strides", std::vector<int64_t>{draw.Int(1, 3), draw.Int(1, 3)}},
                  {"dilations", std::vector<int64_t>{dilation, dilation}},
                  {"pads", pads}},
                 {{"x", draw.Values({draw.Int(1, 2), in, draw.Int(reach, reach + 6), draw.Int(reach, reach + 6)})},
                  {"w", draw.Values({out, in / groups, kernel, kernel})}}};
    if (draw.Coin()) test.inputs.emplace_back("b", draw.Values({out}));
    Check(test, seed);
  }
}

TEST(GradientTest, Pools) {
  for (uint32_t seed = 0; seed < 2 * kRounds; ++seed) {
    Draw draw(seed);
    const int64_t kernel = draw.Int(1, 3);
    const Shape shape{1, draw.Int(1, 3), draw.Int(3, 7), draw.Int(3, 7)};
    std::map<std::string, Attribute> attributes = {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
                                                   {"strides", std::vector<int64_t>{draw.Int(1, 2), draw.Int(1, 2)}},
                                                   {"pads", std::vector<int64_t>{0, kernel / 2, kernel / 2, 0}},
                                                   {"ceil_mode", draw.Int(0, 1)}};
    Check({"MaxPool", attributes, {{"x", draw.Apart(shape, -4, 4)}}}, seed);
    attributes["count_include_pad"] = draw.Int(0, 1);
    Check({"AveragePool", attributes, {{"x", draw.Values(shape)}}}, seed);
    Check({"GlobalAveragePool", {}, {{"x", draw.Values(shape)}}}, seed);
    Check({"GlobalMaxPool", {}, {{"x", draw.Apart(shape, -4, 4)}}}, seed);
  }
}

TEST(GradientTest, Matrices) {
  for (uint32_t seed = 0; seed < kRounds; ++seed) {
    Draw draw(seed);
    const int64_t m = draw.Int(1, 4), k = draw.Int(1, 5), n = draw.Int(1, 4), batch = draw.Int(1, 3);
    const int64_t trans_a = draw.Int(0, 1), trans_b = draw.Int(0, 1);
    Check({"Gemm",
           {{"transA", trans_a}, {"transB", trans_b}, {"alpha", 0.5f}, {"beta", 2.0f}},
           {{"x", draw.Values(trans_a ? Shape{k, m} : Shape{m, k})},
            {"b", draw.Values(trans_b ? Shape{n, k} : Shape{k, n})},
            {"x2", draw.Values({n})}}},
          seed);
    Check({"Gemm",
           {{"transA", trans_a}, {"transB", trans_b}, {"alpha", 0.5f}},
           {{"x", draw.Values(trans_a ? Shape{k, m} : Shape{m, k})},
            {"x2", draw.Values(trans_b ? Shape{n, k} : Shape{k, n})}}},
          seed);
    Check({"MatMul", {}, {{"x", draw.Values({batch, m, k})}, {"x2", draw.Values({batch, k, n})}}}, seed);
    Check({"MatMul", {}, {{"x", draw.Values({batch, m, k})}, {"x2", draw.Values({k, n})}}}, seed);
    const Shape shape = DrawMap(draw);
    Check({"Softmax", {{"axis", draw.Int(-4, 3)}}, {{"x", draw.Values({2, 3, 4, 2})}}}, seed);
    for (const char* op : {"ReduceMean", "ReduceSum"}) {
      Check({op, {{"axes", std::vector<int64_t>{2, -1}}, {"keepdims", draw.Int(0, 1)}}, {{"x", draw.Values(shape)}}},
            seed);
      Check({op, {}, {{"x", draw.Values(shape)}}}, seed);
    }
  }
}

Tensor Ints(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::Ints({count}, std::move(values));
}

TEST(GradientTest, Moves) {
  for (uint32_t seed = 0; seed < kRounds; ++seed) {
    Draw draw(seed);
    const Shape shape = DrawMap(draw);
    const Tensor x = draw.Values(shape);
    for (const char* op : {"Identity", "Dropout"}) Check({op, {}, {{"x", x}}}, seed);
    Check({"Reshape", {}, {{"x", x}, {"to", Ints({0, -1})}}}, seed);
    Check({"Flatten", {{"axis", int64_t{2}}}, {{"x", x}}}, seed);
    Check({"Unsqueeze", {}, {{"x", x}, {"axes", Ints({0, -1})}}}, seed);
    Check({"Squeeze", {}, {{"x", draw.Values({2, 1, 3})}, {"axes", Ints({1})}}}, seed);
    Check({"Transpose", {{"perm", std::vector<int64_t>{0, 2, 3, 1}}}, {{"x", x}}}, seed);
    Check({"Concat",
           {{"axis", int64_t{1}}},
           {{"x", x}, {"constant", draw.Values(shape)}, {"x2", draw.Values({shape[0], 2, shape[2], shape[3]})}}},
          seed);
    Check({"Slice",
           {},
           {{"x", x},
            {"from", Ints({-1, 0})},
            {"to", Ints({-100, 100})},
            {"axes", Ints({3, 1})},
            {"steps", Ints({-1, 2})}}},
          seed);
    OneNode split{"Split", {{"axis", int64_t{3}}}, {{"x", draw.Values({1, 2, 3, 5})}, {"sizes", Ints({2, 3})}}};
    split.outputs = 2;
    Check(split, seed);
    for (const char* mode : {"constant", "edge", "reflect"}) {
      Check({"Pad",
             {{"mode", std::string(mode)}},
             {{"x", draw.Values({1, 2, 3, 4})}, {"pads", Ints({0, 0, 1, 2, 0, 0, 2, 0})}}},
            seed);
    }
    Check({"Gather", {{"axis", int64_t{1}}}, {{"x", draw.Values({2, 4, 3})}, {"which", Ints({3, 0, 3})}}}, seed);
    Check({"Expand", {}, {{"x", draw.Values({2, 1, 3})}, {"to", Ints({2, 4, 3})}}}, seed);
    for (const char* mode : {"nearest", "linear"}) {
      Check({"Resize",
             {{"mode", std::string(mode)}, {"coordinate_transformation_mode", std::string("half_pixel")}},
             {{"x", x},
              {"", {}},
              {"", {}},
              {"sizes", Ints({shape[0], shape[1], shape[2] * 2, shape[3] + draw.Int(-1, 5)})}}},
            seed);
    }
  }
}

TEST(GradientTest, EveryRuleIsChecked) {
  std::set<std::string> ruled;
  for (const auto* family :
       {&ElementwiseGradients(), &WindowGradients(), &MatrixGradients(), &MovingGradients(), &ResizeGradients()}) {
    for (const auto& [op, rule] : *family) ruled.insert(op);
  }
  EXPECT_EQ(ruled, CheckedOperators());
  // What is left makes whole numbers or constants, or steps whose derivative is 0 where there is one.
  for (const std::string& op : SupportedOperators()) {
    const std::set<std::string> without = {"Cast", "Ceil", "Constant", "ConstantOfShape", "Floor", "Shape"};
    EXPECT_TRUE(ruled.contains(op) || without.contains(op)) << op << " has no gradient";
  }
}

TEST(GradientTest, OperatorsWithoutGradientAreNamed) {
  const OneNode test{"Floor", {}, {{"x", Tensor::Floats({2}, {0.3f, 1.7f})}}};
  const Graph graph = test.ToGraph();
  try {
    ValuesToRead(graph, {{"y0", 0, 1}}, {"x"});
    FAIL() << "Floor has no gradient";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("Floor"), std::string::npos) << error.what();
  }
}

// A last Softmax is looked through: the logit's own derivative, however certain the network is.
TEST(GradientTest, AFinalSoftmaxIsLookedThrough) {
  Graph graph;
  graph.inputs = {{"x", DataType::kFloat32, {Dim::Fixed(1), Dim::Fixed(2)}}};
  graph.initializers["w"] = Tensor::Floats({2, 3}, {90, 2, 3, 4, 5, 6});
  graph.initializers["shape"] = Ints({3, 1});
  graph.nodes = {{"gemm", "Gemm", {"x", "w"}, {"logits"}, {}},
                 {"softmax", "Softmax", {"logits"}, {"shares"}, {}},
                 {"rows", "Reshape", {"shares", "shape"}, {"y"}, {}}};
  graph.outputs = {{"y", DataType::kFloat32, {}}};
  const InferredShapes inferred = InferShapes(graph, {{"x", {1, 2}}});
  const std::map<std::string, Tensor> values = {{"shares", Tensor::Floats({1, 3}, {1, 0, 0})}};
  const auto gradients = Backpropagate(graph, inferred, values, {{"y", 0, 1}}, {"x"});
  EXPECT_EQ(gradients.at("x").floats, (std::vector<float>{90, 4}));
}

// A whole network, from its logits to its picture, by the fast engine's values.
TEST(GradientTest, WholeNetworks) {
  for (const char* architecture : {"mobilenet_v3_small", "resnet18"}) {
    const Graph graph = BuildArchitecture(architecture, {.classes = 3, .draw_weights = true});
    Draw draw(5);
    const Tensor x = draw.Values({1, 3, 48, 40});
    const Probe probe(graph, x.shape);
    const std::string& input = probe.graph().inputs[0].name;
    const Score score = {{probe.graph().outputs[0].name, 1, 1}};
    const auto derived = probe.Differentiate(x.floats.data(), score, {input});
    const Tensor& gradient = derived.gradients.at(input);
    ASSERT_EQ(gradient.shape, x.shape);
    // Along the gradient itself, where the change is largest against rounding.
    double square = 0;
    for (const float g : gradient.floats) square += double{g} * g;
    const double step = 1e-3 / std::sqrt(square) * std::sqrt(static_cast<double>(x.floats.size()));
    Tensor up = x, down = x;
    for (size_t i = 0; i < x.floats.size(); ++i) {
      up.floats[i] += static_cast<float>(step * gradient.floats[i]);
      down.floats[i] -= static_cast<float>(step * gradient.floats[i]);
    }
    const auto at = [&](const Tensor& picture) {
      return double{RunReference(probe.graph(), {{input, picture}}).at(score[0].output).floats[1]};
    };
    const double numeric = (at(up) - at(down)) / (2 * step);
    EXPECT_NEAR(numeric, square, 0.03 * square) << architecture;
  }
}

}  // namespace
}  // namespace maskscope
