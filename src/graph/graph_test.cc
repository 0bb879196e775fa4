#include "graph/graph.h"

#include <gtest/gtest.h>

#include "graph/graph_testing.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::MakeNode;
using testing::SmallGraph;

TEST(Shape, CountsAndPrints) {
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(ElementCount({2, 3, 4}), 24);
  EXPECT_EQ(ElementCount({2, 0}), 0);
  EXPECT_EQ(ToString(Shape{}), "[]");
  EXPECT_EQ(ToString({1, 3, 224}), "[1, 3, 224]");
}

TEST(Node, AttributesHaveFallbacksAndTypes) {
  const Node node{"n", "Conv", {"x", ""}, {"y"}, {{"group", int64_t{2}}, {"alpha", 0.5f}, {"mode", std::string("m")}}};
  EXPECT_EQ(node.Int("group", 1), 2);
  EXPECT_EQ(node.Int("absent", 7), 7);
  EXPECT_EQ(node.Float("alpha", 1), 0.5f);
  EXPECT_EQ(node.String("mode", ""), "m");
  EXPECT_EQ(node.Ints("pads", {1}), std::vector<int64_t>{1});
  EXPECT_TRUE(node.HasInput(0));
  EXPECT_FALSE(node.HasInput(1));
  EXPECT_FALSE(node.HasInput(2));
  ExpectError(ErrorKind::kBadModel, {"'n'", "Conv", "'group'"}, [&] { (void)node.Float("group", 1); });
}

TEST(SortAndCheck, SortsAndKeepsTheOrderOfWhatIsSorted) {
  Graph graph =
      SmallGraph({1}, {MakeNode("Relu", {"b"}, {"y"}), MakeNode("Neg", {"x"}, {"a"}), MakeNode("Abs", {"a"}, {"b"})});
  SortAndCheck(graph, "g");
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[0].op, "Neg");
  EXPECT_EQ(graph.nodes[1].op, "Abs");
  EXPECT_EQ(graph.nodes[2].op, "Relu");

  Graph fork = SmallGraph(
      {1}, {MakeNode("Neg", {"x"}, {"b"}), MakeNode("Abs", {"x"}, {"a"}), MakeNode("Add", {"b", "a"}, {"y"})});
  SortAndCheck(fork, "g");
  EXPECT_EQ(fork.nodes[0].op, "Neg");
  EXPECT_EQ(fork.nodes[1].op, "Abs");
}

TEST(SortAndCheck, ReadsTheSameValueTwice) {
  Graph graph = SmallGraph({1}, {MakeNode("Neg", {"x"}, {"a"}), MakeNode("Add", {"a", "a"}, {"y"})});
  SortAndCheck(graph, "g");
  EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(SortAndCheck, NamesWhatIsWrong) {
  const auto check = [](Graph graph, const std::vector<std::string>& parts) {
    ExpectError(ErrorKind::kBadModel, parts, [&] { SortAndCheck(graph, "file.onnx"); });
  };
  check(SmallGraph({1}, {MakeNode("Add", {"x", "y"}, {"a"}), MakeNode("Neg", {"a"}, {"y"})}), {"file.onnx", "cycle"});
  check(SmallGraph({1}, {MakeNode("Add", {"x", "y"}, {"y"})}), {"Add_y", "cycle"});
  check(SmallGraph({1}, {MakeNode("Add", {"x", "z"}, {"y"})}), {"Add_y", "'z'"});
  check(SmallGraph({1}, {MakeNode("Neg", {"x"}, {"z"})}), {"output 'y'"});
  check(SmallGraph({1}, {MakeNode("Neg", {"x"}, {"y"}), MakeNode("Abs", {"x"}, {"y"})}), {"'y'", "twice", "Abs_y"});
  check(SmallGraph({1}, {MakeNode("Neg", {"x"}, {"x"})}), {"'x'", "twice"});
  check(SmallGraph({1}, {MakeNode("Neg", {"x"}, {"y"})}, {{"x", Tensor::Filled({1}, 0)}}), {"'x'", "initializer"});
  Graph same_names = SmallGraph({1}, {MakeNode("Neg", {"x"}, {"a"}), MakeNode("Neg", {"a"}, {"y"})});
  same_names.nodes[1].name = same_names.nodes[0].name;
  check(same_names, {"two nodes", "Neg_a"});
  Graph nameless = SmallGraph({1}, {MakeNode("Neg", {"x"}, {"y"})});
  nameless.nodes[0].name.clear();
  check(nameless, {"no name"});
  Graph two_inputs = SmallGraph({1}, {MakeNode("Neg", {"x"}, {"y"})});
  two_inputs.inputs.push_back(two_inputs.inputs[0]);
  check(two_inputs, {"two inputs", "'x'"});
}

TEST(Graph, FindsThings) {
  const Graph graph = SmallGraph({1}, {MakeNode("Add", {"x", "w"}, {"y"})}, {{"w", Tensor::Filled({3}, 2)}});
  EXPECT_EQ(graph.ParameterCount(), 3);
  ASSERT_NE(graph.FindInitializer("w"), nullptr);
  EXPECT_EQ(graph.FindInitializer("x"), nullptr);
  ASSERT_NE(graph.FindProducer("y"), nullptr);
  EXPECT_EQ(graph.FindProducer("y")->name, "Add_y");
  EXPECT_EQ(graph.FindProducer("x"), nullptr);
  EXPECT_EQ(graph.FindProducer(""), nullptr);
  EXPECT_NE(graph.FindNode("Add_y"), nullptr);
  EXPECT_EQ(graph.FindNode("nobody"), nullptr);
}

}  // namespace
}  // namespace maskscope
