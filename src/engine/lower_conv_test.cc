#include "engine/engine_testing.h"

// Which of oneDNN's kernels a convolution ends on: never its reference loops, a hundred times slower than the others.
namespace maskscope::testing {
namespace {

struct Layer {
  int64_t channels, kernel;
  bool depthwise;
};

// Conv [+ Relu] [+ Add], and a Relu behind the sum where there was none before it.
Case ConvWithEpilogue(const Layer& layer, bool activated, bool added) {
  Draw draw(static_cast<uint32_t>(layer.channels));
  Case test;
  const int64_t pad = layer.kernel / 2, per_group = layer.depthwise ? 1 : layer.channels;
  test.Add("Relu", {test.Input("x", draw.Values({1, layer.channels, 9, 13}))}, "start");
  const std::string weights =
      test.Constant("w", draw.Values({layer.channels, per_group, layer.kernel, layer.kernel}, -0.1f, 0.1f));
  std::string last = test.Add(
      "Conv", {"start", weights}, "c",
      {{"group", layer.depthwise ? layer.channels : int64_t{1}}, {"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
  if (activated) last = test.Add("Relu", {last}, "a");
  if (added) last = test.Add("Add", {last, "start"}, "sum");
  if (added && !activated) last = test.Add("Relu", {last}, "b");
  test.Add("Neg", {last}, "y");
  test.Output("y");
  return test;
}

void ExpectFastKernels(const Case& test, const PlanOptions& options) {
  SCOPED_TRACE(Describe(test));
  PackedWeights packed;
  const Graph prepared = PrepareForPlans(test.graph);
  const auto plan = CompilePlan(prepared, {{"x", test.inputs.at("x").shape}}, options, packed);
  for (const Step& step : plan->steps) EXPECT_EQ(step.kernel.find("onednn:ref"), std::string::npos) << step.op;
}

TEST(LowerConvTest, NoEpilogueEndsOnTheReferenceLoops) {
  for (const Layer& layer : {Layer{64, 1, false},
                             {40, 1, false},
                             {24, 1, false},
                             {12, 1, false},
                             {48, 3, false},
                             {12, 3, false},
                             {5, 3, false},
                             {64, 3, true},
                             {40, 3, true},
                             {12, 3, true}}) {
    for (const bool activated : {false, true}) {
      for (const bool added : {false, true}) {
        const Case test = ConvWithEpilogue(layer, activated, added);
        for (const ElementType precision : {ElementType::kF32, ElementType::kBf16}) {
          PlanOptions options;
          options.hand_tuned_kernels = false;
          options.precision = precision;
          ExpectFastKernels(test, options);
          const bool bf16 = precision == ElementType::kBf16;
          ExpectNear(RunPlan(test.graph, test.inputs, options).at("y"), RunReference(test.graph, test.inputs).at("y"),
                     bf16 ? 2e-2 : 2e-5);
        }
      }
    }
  }
}

}  // namespace
}  // namespace maskscope::testing
