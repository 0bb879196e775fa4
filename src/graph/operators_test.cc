#include "graph/operators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "graph/graph_testing.h"

namespace maskscope {
namespace {

using testing::ExpectError;
using testing::MakeNode;
using testing::SmallGraph;

using Attributes = std::map<std::string, Attribute>;
using List = std::vector<int64_t>;

Window Resolve(const std::string& op, const Attributes& attributes, Shape input, Shape kernel) {
  return ResolveWindow(MakeNode(op, {"x"}, {"y"}, attributes), input, kernel);
}

TEST(ResolveWindow, Defaults) {
  const Window w = Resolve("Conv", {}, {1, 3, 9, 7}, {3, 1});
  EXPECT_EQ(w.out_h, 7);
  EXPECT_EQ(w.out_w, 7);
  EXPECT_EQ(w.groups, 1);
  EXPECT_EQ(w.stride_h, 1);
  EXPECT_EQ(w.dilation_w, 1);
}

TEST(ResolveWindow, AsymmetricPadsAreTopLeftBottomRight) {
  const Window w = Resolve("Conv", {{"pads", List{0, 1, 2, 3}}, {"strides", List{2, 1}}}, {1, 3, 8, 8}, {3, 3});
  EXPECT_EQ(w.pad_top, 0);
  EXPECT_EQ(w.pad_left, 1);
  EXPECT_EQ(w.pad_bottom, 2);
  EXPECT_EQ(w.pad_right, 3);
  EXPECT_EQ(w.out_h, 4);   // (8 + 2 - 3) / 2 + 1
  EXPECT_EQ(w.out_w, 10);  // 8 + 4 - 3 + 1
}

TEST(ResolveWindow, SameOnEvenInputPadsOneSide) {
  const Attributes upper{{"auto_pad", std::string("SAME_UPPER")}, {"strides", List{2, 2}}};
  Window w = Resolve("Conv", upper, {1, 3, 224, 224}, {3, 3});
  EXPECT_EQ(w.out_h, 112);
  EXPECT_EQ(w.pad_top, 0);
  EXPECT_EQ(w.pad_bottom, 1);
  w = Resolve("Conv", upper, {1, 3, 49, 49}, {3, 3});
  EXPECT_EQ(w.out_h, 25);
  EXPECT_EQ(w.pad_top, 1);
  EXPECT_EQ(w.pad_bottom, 1);
  const Attributes lower{{"auto_pad", std::string("SAME_LOWER")}, {"strides", List{2, 2}}};
  w = Resolve("MaxPool", lower, {1, 3, 224, 224}, {3, 3});
  EXPECT_EQ(w.pad_top, 1);
  EXPECT_EQ(w.pad_bottom, 0);
  w = Resolve("Conv", {{"auto_pad", std::string("VALID")}}, {1, 3, 5, 5}, {3, 3});
  EXPECT_EQ(w.out_h, 3);
}

TEST(ResolveWindow, CeilModeLeavesOutWindowsThatSeeNothing) {
  const Attributes ceil{{"ceil_mode", int64_t{1}}, {"strides", List{2, 2}}};
  EXPECT_EQ(Resolve("MaxPool", ceil, {1, 1, 45, 59}, {2, 2}).out_h, 23);
  EXPECT_EQ(Resolve("MaxPool", ceil, {1, 1, 22, 22}, {3, 3}).out_h, 11);
  // One row, kernel 1, stride 2, a padding row after it: a second window would lie in the padding alone.
  const Attributes padded{{"ceil_mode", int64_t{1}}, {"strides", List{4, 4}}, {"pads", List{0, 0, 1, 1}}};
  EXPECT_EQ(Resolve("MaxPool", padded, {1, 1, 4, 4}, {2, 2}).out_h, 1);
}

// Counts, one by one, the windows that begin at multiples of the stride and lie within input and padding (floor), or
// begin within input and padding before it (ceil).
int64_t CountWindows(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t after,
                     bool ceil) {
  const int64_t reach = (kernel - 1) * dilation + 1;
  int64_t count = 0, last_covered = 0;
  for (int64_t start = 0;; start += stride) {
    const bool fits = start + reach <= in + before + after;
    const bool wanted = ceil && last_covered < in + before + after && start < in + before;
    if (!fits && !wanted) return count;
    last_covered = start + reach;
    ++count;
  }
}

TEST(ResolveWindow, AgreesWithCountingWindows) {
  Random random(5);
  for (int round = 0; round < 5000; ++round) {
    const int64_t in = random.Int(1, 20), kernel = random.Int(1, 5), stride = random.Int(1, 5),
                  dilation = random.Int(1, 3);
    // Padding below the kernel, as runtimes want it: otherwise windows see only padding.
    const int64_t reach = (kernel - 1) * dilation + 1;
    const int64_t before = random.Int(0, static_cast<int>(kernel) - 1),
                  after = random.Int(0, static_cast<int>(kernel) - 1);
    if (reach > in + before + after) continue;
    for (const bool ceil : {false, true}) {
      const Window w = Resolve("MaxPool",
                               {{"strides", List{stride, 1}},
                                {"dilations", List{dilation, 1}},
                                {"pads", List{before, 0, after, 0}},
                                {"ceil_mode", int64_t{ceil}}},
                               {1, 1, in, 1}, {kernel, 1});
      ASSERT_EQ(w.out_h, CountWindows(in, kernel, stride, dilation, before, after, ceil))
          << "in " << in << " kernel " << kernel << " stride " << stride << " dilation " << dilation << " pads "
          << before << "," << after << " ceil " << ceil;
    }
  }
}

TEST(ResolveWindow, RefusesWhatMakesNoSense) {
  const auto bad = [](const Attributes& attributes, const std::string& part, Shape input = {1, 3, 8, 8},
                      Shape kernel = {3, 3}) {
    ExpectError(ErrorKind::kBadModel, {"Conv_y", part}, [&] { Resolve("Conv", attributes, input, kernel); });
  };
  bad({{"strides", List{0, 1}}}, "strides");
  bad({{"strides", List{1}}}, "strides");
  bad({{"dilations", List{-1, 1}}}, "dilations");
  bad({{"pads", List{0, 0, -1, 0}}}, "pads");
  bad({{"pads", List{0, 0, std::numeric_limits<int64_t>::max(), 0}}}, "pads");
  bad({{"group", int64_t{0}}}, "group");
  bad({{"auto_pad", std::string("SAME")}}, "auto_pad");
  bad({{"kernel_shape", List{5, 5}}}, "kernel_shape");
  bad({}, "does not fit", {1, 3, 2, 2});
  bad({{"dilations", List{int64_t{1} << 29, 1}}}, "does not fit");
  bad({}, "kernel", {1, 3, 8, 8}, {0, 3});
  ExpectError(ErrorKind::kUnsupported, {"Conv_y"}, [] { Resolve("Conv", {}, {1, 3, 8}, {3, 3}); });
  ExpectError(ErrorKind::kUnsupported, {"Conv_y"}, [] { Resolve("Conv", {}, {1, 3, 8, 8}, {3}); });
}

TEST(ResolveClip, ReadsBothBoundsFromConstants) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Graph graph = SmallGraph({4}, {MakeNode("Clip", {"x", "low", "high"}, {"y"})},
                           {{"low", Tensor::Floats({}, {0})}, {"high", Tensor::Floats({1}, {6})}});
  ClipBounds bounds = ResolveClip(graph, graph.nodes[0]);
  EXPECT_EQ(bounds.min, 0);
  EXPECT_EQ(bounds.max, 6);
  bounds = ResolveClip(graph, MakeNode("Clip", {"x", "", "high"}, {"y"}));
  EXPECT_EQ(bounds.min, -kInfinity);
  EXPECT_EQ(bounds.max, 6);
  bounds = ResolveClip(graph, MakeNode("Clip", {"x"}, {"y"}));
  EXPECT_EQ(bounds.max, kInfinity);
  graph.nodes.push_back(MakeNode("Constant", {}, {"c"}, {{"value", Tensor::Floats({}, {3})}}));
  EXPECT_EQ(ResolveClip(graph, MakeNode("Clip", {"x", "c"}, {"y"})).min, 3);
  ExpectError(ErrorKind::kUnsupported, {"Clip_y", "'x'"}, [&] {
    ResolveClip(graph, MakeNode("Clip", {"x", "x"}, {"y"}));
  });
  graph.initializers["low"] = Tensor::Floats({2}, {0, 1});
  ExpectError(ErrorKind::kBadModel, {"Clip_y", "'low'"}, [&] { ResolveClip(graph, graph.nodes[0]); });
}

TEST(SupportedOperators, AreSortedAndHoldWhatDetectorsUse) {
  const auto& names = SupportedOperators();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  for (const char* op : {"Conv",
                         "BatchNormalization",
                         "Relu",
                         "LeakyRelu",
                         "PRelu",
                         "Clip",
                         "Sigmoid",
                         "HardSigmoid",
                         "HardSwish",
                         "Tanh",
                         "Exp",
                         "Add",
                         "Sub",
                         "Mul",
                         "Div",
                         "Gemm",
                         "MatMul",
                         "MaxPool",
                         "AveragePool",
                         "GlobalAveragePool",
                         "ReduceMean",
                         "Concat",
                         "Slice",
                         "Split",
                         "Reshape",
                         "Flatten",
                         "Transpose",
                         "Squeeze",
                         "Unsqueeze",
                         "Resize",
                         "Pad",
                         "Softmax",
                         "Identity",
                         "Dropout",
                         "Constant",
                         "Shape",
                         "Gather",
                         "Cast",
                         "ConstantOfShape",
                         "Floor",
                         "Ceil"}) {
    EXPECT_TRUE(std::ranges::binary_search(names, op)) << op;
  }
  EXPECT_FALSE(std::ranges::binary_search(names, "Upsample"));  // rewritten on reading
}

}  // namespace
}  // namespace maskscope
