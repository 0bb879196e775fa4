#include "graph/shape_inference.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/graph_testing.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::Ints;
using testing::MakeNode;
using testing::SmallGraph;
using testing::Value;

using Attributes = std::map<std::string, Attribute>;
using Constants = std::map<std::string, Tensor>;
using List = std::vector<int64_t>;

// Shape of "y", made by one node from "x" of shape `input`.
Shape ShapeAfter(const std::string& op, const Shape& input, const Attributes& attributes = {},
                 const std::vector<Tensor>& more = {}) {
  std::vector<std::string> inputs{"x"};
  Constants constants;
  for (const Tensor& tensor : more) {
    inputs.push_back("c" + std::to_string(inputs.size()));
    constants[inputs.back()] = tensor;
  }
  const Graph graph = SmallGraph(input, {MakeNode(op, inputs, {"y"}, attributes)}, constants);
  return InferShapes(graph, {{"x", input}}).shapes.at("y");
}

void ExpectRefused(ErrorKind kind, const std::string& op, const Shape& input, const Attributes& attributes = {},
                   const std::vector<Tensor>& more = {}) {
  ExpectError(kind, {op + "_y"}, [&] { ShapeAfter(op, input, attributes, more); });
}

Tensor Weights(const Shape& shape) { return Tensor::Filled(shape, 0); }

TEST(InferShapes, Layers) {
  EXPECT_EQ(ShapeAfter("Conv", {2, 6, 9, 9}, {{"group", int64_t{3}}}, {Weights({12, 2, 3, 3}), Weights({12})}),
            (Shape{2, 12, 7, 7}));
  EXPECT_EQ(ShapeAfter("MaxPool", {2, 6, 9, 9}, {{"kernel_shape", List{2, 2}}, {"strides", List{2, 2}}}),
            (Shape{2, 6, 4, 4}));
  EXPECT_EQ(ShapeAfter("GlobalAveragePool", {2, 6, 9, 9}), (Shape{2, 6, 1, 1}));
  EXPECT_EQ(
      ShapeAfter("BatchNormalization", {2, 3, 4, 4}, {}, {Weights({3}), Weights({3}), Weights({3}), Weights({3})}),
      (Shape{2, 3, 4, 4}));
  EXPECT_EQ(ShapeAfter("Gemm", {2, 5}, {{"transB", int64_t{1}}}, {Weights({7, 5}), Weights({7})}), (Shape{2, 7}));
  EXPECT_EQ(ShapeAfter("MatMul", {4, 1, 2, 5}, {}, {Weights({3, 5, 7})}), (Shape{4, 3, 2, 7}));
  EXPECT_EQ(ShapeAfter("ReduceMean", {2, 3, 4, 5}, {{"axes", List{2, -1}}}), (Shape{2, 3, 1, 1}));
  EXPECT_EQ(ShapeAfter("ReduceMean", {2, 3, 4, 5}, {{"axes", List{2, 3}}, {"keepdims", int64_t{0}}}), (Shape{2, 3}));
  EXPECT_EQ(ShapeAfter("ReduceMean", {2, 3}, {{"keepdims", int64_t{0}}}), Shape{});
}

TEST(InferShapes, LayersThatDoNotFit) {
  ExpectRefused(ErrorKind::kBadModel, "Conv", {2, 6, 9, 9}, {}, {Weights({12, 2, 3, 3})});
  ExpectRefused(ErrorKind::kBadModel, "Conv", {2, 6, 9, 9}, {{"group", int64_t{4}}}, {Weights({12, 1, 3, 3})});
  ExpectRefused(ErrorKind::kBadModel, "Conv", {2, 6, 9, 9}, {}, {Weights({12, 6, 3, 3}), Weights({11})});
  ExpectRefused(ErrorKind::kUnsupported, "Conv", {2, 6, 9}, {}, {Weights({12, 6, 3})});
  ExpectRefused(ErrorKind::kBadModel, "Conv", {2, 6, 9, 9}, {}, {Ints({1})});
  ExpectRefused(ErrorKind::kBadModel, "Conv", {2, 6, 9, 9});
  ExpectRefused(ErrorKind::kBadModel, "BatchNormalization", {2, 3, 4, 4}, {},
                {Weights({3}), Weights({2}), Weights({3}), Weights({3})});
  ExpectRefused(ErrorKind::kBadModel, "Gemm", {2, 5}, {}, {Weights({7, 5})});
  ExpectRefused(ErrorKind::kBadModel, "MatMul", {2, 5}, {}, {Weights({4, 5})});
  ExpectRefused(ErrorKind::kUnsupported, "MaxPool", {2, 5, 4, 4});
  ExpectRefused(ErrorKind::kBadModel, "Softmax", {2, 5}, {{"axis", int64_t{2}}});
}

TEST(InferShapes, Resize) {
  Graph graph = SmallGraph({1, 3, 5, 7}, {MakeNode("Resize", {"x", "", "s"}, {"y"})},
                           {{"s", Tensor::Floats({4}, {1, 1, 2, 1.5f})}});
  const InputShapes inputs{{"x", {1, 3, 5, 7}}};
  EXPECT_EQ(InferShapes(graph, inputs).shapes.at("y"), (Shape{1, 3, 10, 10}));
  graph = SmallGraph({1, 3, 5, 7}, {MakeNode("Resize", {"x", "", "", "s"}, {"y"})}, {{"s", Ints({1, 3, 4, 4})}});
  EXPECT_EQ(InferShapes(graph, inputs).shapes.at("y"), (Shape{1, 3, 4, 4}));
  graph.initializers["s"] = Ints({1, 3, 0, 4});
  ExpectError(ErrorKind::kBadModel, {"Resize_y"}, [&] { InferShapes(graph, inputs); });
  graph.initializers["s"] = Ints({1, 3, int64_t{1} << 40, int64_t{1} << 40});
  ExpectError(ErrorKind::kBadModel, {"Resize_y", "limit"}, [&] { InferShapes(graph, inputs); });
}

TEST(InferShapes, MovingValues) {
  EXPECT_EQ(ShapeAfter("Reshape", {2, 3, 4}, {}, {Ints({0, -1})}), (Shape{2, 12}));
  EXPECT_EQ(ShapeAfter("Flatten", {2, 3, 4}), (Shape{2, 12}));
  EXPECT_EQ(ShapeAfter("Flatten", {2, 3, 4}, {{"axis", int64_t{-1}}}), (Shape{6, 4}));
  EXPECT_EQ(ShapeAfter("Squeeze", {1, 3, 1}), (Shape{3}));
  EXPECT_EQ(ShapeAfter("Squeeze", {1, 3, 1}, {}, {Ints({-1})}), (Shape{1, 3}));
  EXPECT_EQ(ShapeAfter("Unsqueeze", {3}, {}, {Ints({0, -1})}), (Shape{1, 3, 1}));
  EXPECT_EQ(ShapeAfter("Transpose", {2, 3, 4}), (Shape{4, 3, 2}));
  EXPECT_EQ(ShapeAfter("Transpose", {2, 3, 4}, {{"perm", List{0, 2, 1}}}), (Shape{2, 4, 3}));
  EXPECT_EQ(ShapeAfter("Pad", {2, 3}, {}, {Ints({1, 0, 0, -1})}), (Shape{3, 2}));
  EXPECT_EQ(ShapeAfter("Gather", {2, 3, 4}, {{"axis", int64_t{1}}}, {Tensor::Ints({}, {0})}), (Shape{2, 4}));
  EXPECT_EQ(ShapeAfter("Expand", {3, 1}, {}, {Ints({2, 1, 4})}), (Shape{2, 3, 4}));
  EXPECT_EQ(ShapeAfter("Concat", {2, 3}, {{"axis", int64_t{-1}}}, {Weights({2, 4})}), (Shape{2, 7}));
  EXPECT_EQ(ShapeAfter("Add", {2, 1, 4}, {}, {Weights({3, 1})}), (Shape{2, 3, 4}));
  EXPECT_EQ(ShapeAfter("PRelu", {2, 3, 4, 4}, {}, {Weights({3, 1, 1})}), (Shape{2, 3, 4, 4}));
  EXPECT_EQ(ShapeAfter("Shape", {2, 3, 4, 4}, {{"start", int64_t{1}}, {"end", int64_t{-1}}}), (Shape{2}));
}

TEST(InferShapes, MovingValuesThatCannotGo) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {2, 3, 4}, {}, {Ints({5, -1})});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {2, 3, 4}, {}, {Ints({-1, -1})});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {2, 3, 4}, {}, {Ints({-2, 12})});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {2, 3, 4}, {}, {Ints({most, most})});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {2, 3, 4}, {}, {Ints({24, 1, 1, 0})});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {1}, {}, {Ints(List(1000, 1))});
  ExpectRefused(ErrorKind::kBadModel, "Reshape", {1}, {}, {Tensor::Floats({1}, {1})});
  ExpectRefused(ErrorKind::kBadModel, "Squeeze", {2, 3}, {}, {Ints({0})});
  ExpectRefused(ErrorKind::kBadModel, "Unsqueeze", {2, 3}, {}, {Ints({0, 0})});
  ExpectRefused(ErrorKind::kBadModel, "Transpose", {2, 3}, {{"perm", List{0, 0}}});
  ExpectRefused(ErrorKind::kBadModel, "Transpose", {2, 3}, {{"perm", List{0, 2}}});
  ExpectRefused(ErrorKind::kBadModel, "Pad", {2, 3}, {}, {Ints({-3, 0, 0, 0})});
  ExpectRefused(ErrorKind::kBadModel, "Pad", {2, 3}, {}, {Ints({most, 0, most, 0})});
  ExpectRefused(ErrorKind::kBadModel, "Pad", {2, 3}, {}, {Ints({0, 0})});
  ExpectRefused(ErrorKind::kBadModel, "Expand", {3, 1}, {}, {Ints({most, most, 4})});
  ExpectRefused(ErrorKind::kBadModel, "Expand", {3, 1}, {}, {Ints({-4})});
  ExpectRefused(ErrorKind::kBadModel, "Concat", {2, 3}, {{"axis", int64_t{0}}}, {Weights({2, 4})});
  ExpectRefused(ErrorKind::kBadModel, "Add", {2, 3}, {}, {Weights({2})});
  ExpectRefused(ErrorKind::kBadModel, "Add", {2, 3}, {}, {Ints({1})});
  ExpectRefused(ErrorKind::kUnsupported, "NonZero", {2, 3});
}

struct SliceCase {
  int64_t size, start, end, step, count;
};

TEST(InferShapes, SliceBounds) {
  const int64_t most = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();
  const SliceCase cases[] = {{10, 0, 10, 1, 10},     {10, 2, most, 1, 8},       {10, -3, most, 1, 3},
                             {10, 0, -1, 1, 9},      {10, 0, 10, 3, 4},         {10, 5, 2, 1, 0},
                             {10, 9, least, -1, 10}, {10, most, least, -1, 10}, {10, 8, 2, -2, 3},
                             {10, 0, 10, most, 1},   {10, 9, least, least, 1},  {10, least, most, 1, 10},
                             {1, 0, 1, 1, 1},        {10, 3, 3, 1, 0}};
  for (const SliceCase& c : cases) {
    EXPECT_EQ(ShapeAfter("Slice", {c.size}, {}, {Ints({c.start}), Ints({c.end}), Ints({0}), Ints({c.step})}),
              Shape{c.count})
        << c.start << ":" << c.end << ":" << c.step;
  }
  ExpectRefused(ErrorKind::kBadModel, "Slice", {10}, {}, {Ints({0}), Ints({1}), Ints({0}), Ints({0})});
  ExpectRefused(ErrorKind::kBadModel, "Slice", {10}, {}, {Ints({0}), Ints({1, 2})});
}

TEST(InferShapes, Split) {
  Graph graph = SmallGraph({6}, {MakeNode("Split", {"x", "s"}, {"a", "y"})}, {{"s", Ints({2, 4})}});
  InferredShapes inferred = InferShapes(graph, {{"x", {6}}});
  EXPECT_EQ(inferred.shapes.at("a"), Shape{2});
  EXPECT_EQ(inferred.shapes.at("y"), Shape{4});
  graph.nodes[0].inputs.pop_back();
  inferred = InferShapes(graph, {{"x", {6}}});
  EXPECT_EQ(inferred.shapes.at("y"), Shape{3});
  graph = SmallGraph({6}, {MakeNode("Split", {"x", "s"}, {"a", "y"})}, {{"s", Ints({2, 3})}});
  ExpectError(ErrorKind::kBadModel, {"Split_a"}, [&] { InferShapes(graph, {{"x", {6}}}); });
  graph.initializers["s"] = Ints({-2, 8});
  ExpectError(ErrorKind::kBadModel, {"Split_a"}, [&] { InferShapes(graph, {{"x", {6}}}); });
}

// Half the height and width of x, as exporters write it.
Graph ComputedResize() {
  return SmallGraph(
      {-1, 3, -1, -1},
      {MakeNode("Shape", {"x"}, {"shape"}), MakeNode("Slice", {"shape", "two", "four"}, {"hw"}),
       MakeNode("Cast", {"hw"}, {"hwf"}, {{"to", int64_t{1}}}), MakeNode("Mul", {"hwf", "half"}, {"halved"}),
       MakeNode("Floor", {"halved"}, {"floored"}), MakeNode("Cast", {"floored"}, {"hw2"}, {{"to", int64_t{7}}}),
       MakeNode("Slice", {"shape", "zero", "two"}, {"bc"}),
       MakeNode("Concat", {"bc", "hw2"}, {"sizes"}, {{"axis", int64_t{0}}}),
       MakeNode("Resize", {"x", "", "", "sizes"}, {"r"}), MakeNode("Gather", {"shape", "index"}, {"batch"}),
       MakeNode("Unsqueeze", {"batch", "zero"}, {"batch1"}),
       MakeNode("Concat", {"batch1", "minus"}, {"flat"}, {{"axis", int64_t{0}}}),
       MakeNode("Reshape", {"r", "flat"}, {"y"})},
      {{"zero", Ints({0})},
       {"two", Ints({2})},
       {"four", Ints({4})},
       {"minus", Ints({-1})},
       {"index", Tensor::Ints({}, {0})},
       {"half", Tensor::Floats({}, {0.5f})}});
}

TEST(InferShapes, FollowsShapeArithmetic) {
  const Graph graph = ComputedResize();
  const InferredShapes inferred = InferShapes(graph, {{"x", {2, 3, 9, 10}}});
  EXPECT_EQ(inferred.shapes.at("r"), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(inferred.shapes.at("y"), (Shape{2, 60}));
  EXPECT_EQ(inferred.constants.at("sizes").ints, (List{2, 3, 4, 5}));
  EXPECT_EQ(inferred.types.at("sizes"), DataType::kInt64);
  EXPECT_EQ(inferred.types.at("y"), DataType::kFloat32);
  EXPECT_FALSE(inferred.constants.contains("half"));  // an initializer
  EXPECT_FALSE(inferred.constants.contains("y"));
}

TEST(Specialize, LeavesOnlyWhatDependsOnData) {
  const Graph special = Specialize(ComputedResize(), {{"x", {2, 3, 9, 10}}});
  ASSERT_EQ(special.nodes.size(), 2u);
  EXPECT_EQ(special.nodes[0].op, "Resize");
  EXPECT_EQ(special.nodes[1].op, "Reshape");
  EXPECT_EQ(special.initializers.size(), 2u);
  EXPECT_EQ(special.inputs[0].shape[3], Dim::Fixed(10));
  EXPECT_EQ(special.outputs[0].shape[1], Dim::Fixed(60));
}

TEST(Specialize, AConstantOutputStaysAnOutput) {
  const Graph special = Specialize(SmallGraph({-1, 4}, {MakeNode("Shape", {"x"}, {"y"})}), {{"x", {3, 4}}});
  EXPECT_TRUE(special.nodes.empty());
  EXPECT_EQ(special.initializers.at("y"), Ints({3, 4}));
}

TEST(InferShapes, RefusesInputsTheGraphCannotTake) {
  const Graph graph = SmallGraph({-1, 3}, {MakeNode("Neg", {"x"}, {"y"})});
  ExpectError(ErrorKind::kBadModel, {"'x'", "[2, 4]", "[n, 3]"}, [&] { InferShapes(graph, {{"x", {2, 4}}}); });
  ExpectError(ErrorKind::kBadModel, {"'x'"}, [&] { InferShapes(graph, {{"x", {2, 3, 1}}}); });
  ExpectError(ErrorKind::kBadModel, {"'x'"}, [&] { InferShapes(graph, {{"x", {-2, 3}}}); });
  ExpectError(ErrorKind::kBadModel, {"'x'"}, [&] { InferShapes(graph, {}); });
  ExpectError(ErrorKind::kBadModel, {"'z'"}, [&] { InferShapes(graph, {{"x", {2, 3}}, {"z", {1}}}); });
  ExpectError(ErrorKind::kBadModel, {"limit"}, [&] { InferShapes(graph, {{"x", {int64_t{1} << 40, 3}}}); });
  ExpectError(ErrorKind::kBadModel, {"limit"}, [&] { InferShapes(graph, {{"x", {2, 3}}}, 5); });
}

TEST(InferShapes, ShapesThatDependOnDataAreRefused) {
  const Graph graph = SmallGraph(
      {4}, {MakeNode("Cast", {"x"}, {"s"}, {{"to", int64_t{7}}}), MakeNode("ConstantOfShape", {"s"}, {"y"})});
  ExpectError(ErrorKind::kUnsupported, {"ConstantOfShape_y", "'s'"}, [&] { InferShapes(graph, {{"x", {4}}}); });
}

TEST(InferShapes, ASmallFileCannotAskForHugeConstants) {
  // 2^30 zeros, then a thousand times as many by chains: known to be of that shape, but never written down.
  Graph graph = SmallGraph({1}, {MakeNode("ConstantOfShape", {"s"}, {"big"}), MakeNode("Add", {"x", "big"}, {"y"})},
                           {{"s", Ints({1 << 15, 1 << 15})}});
  const InferredShapes inferred = InferShapes(graph, {{"x", {1}}});
  EXPECT_EQ(inferred.shapes.at("y"), (Shape{1 << 15, 1 << 15}));
  EXPECT_FALSE(inferred.constants.contains("big"));
  graph.initializers["s"] = Ints({1 << 30, 1 << 30});
  ExpectError(ErrorKind::kBadModel, {"ConstantOfShape_big", "limit"}, [&] { InferShapes(graph, {{"x", {1}}}); });
}

}  // namespace
}  // namespace maskscope
