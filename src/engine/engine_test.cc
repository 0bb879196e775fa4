#include "engine/engine.h"

#include <thread>

#include "engine/engine_testing.h"
#include "zoo/zoo.h"

// The engine as its users meet it: shapes, threads, limits, errors. What it computes is tested elsewhere.
namespace maskscope::testing {
namespace {

Graph SmallClassifier() {
  MobileNetV2Options options;
  options.width = 0.25f;
  options.input_size = 64;
  return BuildMobileNetV2(options);
}

std::map<std::string, TensorView> Views(const Tensors& tensors) {
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : tensors) views[name] = {tensor.floats.data(), tensor.shape};
  return views;
}

std::vector<float> Values(const TensorView& view) { return {view.data, view.data + view.size()}; }

Tensor Picture(uint32_t seed, const Shape& shape) { return Draw(seed).Values(shape); }

// Two convolutions and a sum that fit any size.
Graph Convolutions() {
  Draw draw(1);
  Graph graph =
      SmallGraph({-1, 3, -1, -1}, {MakeNode("Conv", {"x", "w1"}, {"a"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}),
                                   MakeNode("Relu", {"a"}, {"b"}), MakeNode("Conv", {"b", "w2"}, {"c"}),
                                   MakeNode("Add", {"b", "c"}, {"y"})});
  graph.initializers = {{"w1", draw.Values({24, 3, 3, 3})}, {"w2", draw.Values({24, 24, 1, 1})}};
  return graph;
}

TEST(EngineTest, TakesEveryShapeTheGraphTakes) {
  const Graph graph = Convolutions();
  EngineOptions options;
  options.precision = Precision::kF32;
  Engine engine(graph, options);
  for (const Shape& shape : std::vector<Shape>{{1, 3, 8, 8}, {2, 3, 8, 8}, {1, 3, 17, 5}, {3, 3, 1, 1}, {1, 3, 8, 8}}) {
    SCOPED_TRACE(ToString(shape));
    const Tensors inputs = {{"x", Picture(3, shape)}};
    const RunResult result = engine.Run(Views(inputs));
    const Tensor wanted = RunReference(graph, inputs).at("y");
    ExpectNear(Tensor::Floats(result.Get("y").shape, Values(result.Get("y"))), wanted, 2e-5);
  }
}

TEST(EngineTest, ForgetsPlansAndCompilesThemAgain) {
  EngineOptions options;
  options.max_plans = 1;
  Engine engine(Convolutions(), options);
  std::map<int64_t, std::vector<float>> first;
  for (int round = 0; round < 2; ++round) {
    for (int64_t side = 4; side < 9; ++side) {
      const Tensors inputs = {{"x", Picture(static_cast<uint32_t>(side), {1, 3, side, side})}};
      const std::vector<float> values = Values(engine.Run(Views(inputs)).Get("y"));
      if (round == 0) first[side] = values;
      EXPECT_EQ(values, first[side]) << side;
    }
  }
}

TEST(EngineTest, ResultsLiveUntilTheyDie) {
  Engine engine(Convolutions());
  const Tensors one = {{"x", Picture(1, {1, 3, 9, 9})}}, other = {{"x", Picture(2, {1, 3, 9, 9})}};
  const RunResult first = engine.Run(Views(one));
  const std::vector<float> before = Values(first.Get("y"));
  const RunResult second = engine.Run(Views(other));
  EXPECT_EQ(Values(first.Get("y")), before);
  EXPECT_NE(Values(second.Get("y")), before);
}

TEST(EngineTest, ResultsOutliveTheEngine) {
  const Tensors inputs = {{"x", Picture(1, {1, 3, 9, 9})}};
  auto engine = std::make_unique<Engine>(Convolutions());
  const RunResult result = engine->Run(Views(inputs));
  const std::vector<float> before = Values(result.Get("y"));
  engine.reset();
  EXPECT_EQ(Values(result.Get("y")), before);
}

TEST(EngineTest, ManyThreadsManyShapesSameResults) {
  Engine engine(SmallClassifier());
  std::vector<Tensors> inputs;
  std::vector<std::vector<float>> wanted;
  for (uint32_t i = 0; i < 8; ++i) {
    inputs.push_back({{"input", Picture(i, {1 + i % 4, 3, 64, 64})}});
    wanted.push_back(Values(Engine(SmallClassifier()).Run(Views(inputs.back())).Get("logits")));
  }
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (size_t round = 0; round < 12; ++round) {
        const size_t i = (t + round) % 8;
        wrong[t] += Values(engine.Run(Views(inputs[i])).Get("logits")) != wanted[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(8, 0));
}

TEST(EngineTest, ReusedMemoryChangesNothing) {
  const Tensors inputs = {{"input", Picture(5, {2, 3, 64, 64})}};
  for (const bool hand_tuned : {true, false}) {
    PlanOptions options;
    options.hand_tuned_kernels = hand_tuned;
    const Tensors reused = RunPlan(SmallClassifier(), inputs, options);
    options.reuse_memory = false;
    EXPECT_EQ(RunPlan(SmallClassifier(), inputs, options).at("logits"), reused.at("logits"));
  }
}

TEST(EngineTest, OneArenaIsMuchSmallerThanAllValues) {
  PackedWeights packed;
  PlanOptions options;
  options.hand_tuned_kernels = false;
  const Graph graph = PrepareForPlans(SmallClassifier());
  const InputShapes shapes = {{"input", {1, 3, 64, 64}}};
  const int64_t reused = CompilePlan(graph, shapes, options, packed)->arena_bytes;
  options.reuse_memory = false;
  EXPECT_LT(reused * 2, CompilePlan(graph, shapes, options, packed)->arena_bytes);
}

TEST(EngineTest, FusesAndTellsWhatItTook) {
  Engine engine(SmallClassifier());
  const Tensors inputs = {{"input", Picture(5, {1, 3, 64, 64})}};
  const std::vector<StepTime> steps = engine.Profile(Views(inputs));
  EXPECT_LE(steps.size(), 60u);
  bool residual_fused = false;
  for (const StepTime& step : steps) {
    EXPECT_NE(step.op, "BatchNormalization");
    EXPECT_NE(step.op, "Clip");
    EXPECT_NE(step.op, "Add");
    EXPECT_FALSE(step.kernel.empty());
    EXPECT_GE(step.milliseconds, 0);
    residual_fused = residual_fused || step.op.ends_with("+Add");
  }
  EXPECT_TRUE(residual_fused);
}

TEST(EngineTest, InputsMayBeOutputs) {
  Graph graph = SmallGraph({2, 2}, {MakeNode("Identity", {"x"}, {"y"})});
  graph.outputs.push_back(Value("x", {}));
  Engine engine(graph);
  Tensors inputs = {{"x", Picture(1, {2, 2})}};
  const RunResult result = engine.Run(Views(inputs));
  const std::vector<float> wanted = inputs.at("x").floats;
  inputs.at("x").floats.assign(4, 0);
  EXPECT_EQ(Values(result.Get("y")), wanted);
  EXPECT_EQ(Values(result.Get("x")), wanted);
}

TEST(EngineTest, OutputsMayBeConstants) {
  Graph graph = SmallGraph({1}, {MakeNode("Identity", {"k"}, {"y"})}, {{"k", Tensor::Floats({2}, {3, 4})}});
  Engine engine(graph);
  const Tensors inputs = {{"x", Tensor::Floats({1}, {0})}};
  EXPECT_EQ(Values(engine.Run(Views(inputs)).Get("y")), (std::vector<float>{3, 4}));
}

TEST(EngineErrorsTest, ShapesTheGraphCannotTake) {
  Engine engine(Convolutions());
  for (const Shape& shape : std::vector<Shape>{{1, 4, 8, 8}, {3, 8, 8}, {1, 3, 0, 8}, {1, 3, -5, 8}}) {
    SCOPED_TRACE(ToString(shape));
    const std::vector<float> values(1024, 0);
    const std::map<std::string, TensorView> views = {{"x", {values.data(), shape}}};
    EXPECT_THROW(engine.Run(views), Error);
  }
  const std::map<std::string, Shape> huge = {{"x", {1, 3, int64_t{1} << 30, int64_t{1} << 30}}};
  EXPECT_THROW(engine.Prepare(huge), Error);
}

TEST(EngineErrorsTest, InputsThatAreMissingOrUnknown) {
  Engine engine(SmallClassifier());
  ExpectError(ErrorKind::kBadModel, {"input"}, [&] { engine.Run({}); });
  const Tensors inputs = {{"imput", Picture(1, {1, 3, 64, 64})}};
  ExpectError(ErrorKind::kBadModel, {"imput", "did you mean 'input'"}, [&] { engine.Run(Views(inputs)); });
  ExpectError(ErrorKind::kBadModel, {"no data"}, [&] { engine.Run({{"input", {nullptr, {1, 3, 64, 64}}}}); });
}

TEST(EngineErrorsTest, UnknownOutput) {
  Engine engine(SmallClassifier());
  const Tensors inputs = {{"input", Picture(1, {1, 3, 64, 64})}};
  const RunResult result = engine.Run(Views(inputs));
  ExpectError(ErrorKind::kBadModel, {"logit", "did you mean 'logits'"}, [&] { result.Get("logit"); });
}

TEST(EngineErrorsTest, ArenaBeyondItsBound) {
  EngineOptions options;
  options.max_arena_bytes = 10000;
  Engine engine(SmallClassifier(), options);
  ExpectError(ErrorKind::kResource, {"max_arena_bytes", "10000"}, [&] { engine.Prepare({{"input", {1, 3, 64, 64}}}); });
}

TEST(EngineErrorsTest, OperatorsItDoesNotRun) {
  Graph unknown = SmallGraph({2}, {MakeNode("Loop", {"x"}, {"y"})});
  EXPECT_THROW(Engine(unknown).Prepare({{"x", {2}}}), Error);
  // Weights that come with the input.
  Graph weights = SmallGraph({1, 3, 4, 4}, {MakeNode("Conv", {"x", "w"}, {"y"})});
  weights.inputs.push_back(Value("w", {2, 3, 1, 1}));
  ExpectError(ErrorKind::kUnsupported, {"Conv_y", "Conv"}, [&] {
    Engine(weights).Prepare({{"x", {1, 3, 4, 4}}, {"w", {2, 3, 1, 1}}});
  });
}

TEST(EngineErrorsTest, OptionsAreCheckedAtOnce) {
  EngineOptions options;
  options.threads = 0;
  options.max_plans = 0;
  ExpectError(ErrorKind::kUsage, {"threads", "max_plans"}, [&] { Engine(Convolutions(), options); });
  ExpectError(ErrorKind::kUsage, {"bf61", "bf16"}, [] { ParsePrecision("bf61"); });
  EXPECT_EQ(ParsePrecision("f32"), Precision::kF32);
}

TEST(EngineErrorsTest, ALongChainOfViewsIsNoProblem) {
  std::vector<Node> nodes;
  for (int i = 0; i < 20000; ++i) {
    const std::string from = i == 0 ? "x" : "v" + std::to_string(i),
                      to = i == 19999 ? "y" : "v" + std::to_string(i + 1);
    nodes.push_back(MakeNode("Flatten", {from}, {to}));
  }
  Engine engine(SmallGraph({2, 3}, nodes));
  const Tensors inputs = {{"x", Picture(1, {2, 3})}};
  EXPECT_EQ(Values(engine.Run(Views(inputs)).Get("y")), inputs.at("x").floats);
}

TEST(EngineBf16Test, ComputesWithinItsPrecision) {
  EngineOptions options;
  options.precision = Precision::kBf16;
  Engine engine(SmallClassifier(), options);
  EXPECT_EQ(engine.precision(), Precision::kBf16);
  const Tensors inputs = {{"input", Picture(7, {2, 3, 64, 64})}};
  const RunResult result = engine.Run(Views(inputs));
  const Tensor wanted = RunReference(SmallClassifier(), inputs).at("logits");
  // 8 bits of mantissa: half a per cent a rounding, which partly average out over the layers.
  ExpectNear(Tensor::Floats(result.Get("logits").shape, Values(result.Get("logits"))), wanted, 3e-2);
}

TEST(EngineBf16Test, AutoTakesItOnlyWhereTheCpuHasIt) {
  EXPECT_EQ(Engine(Convolutions()).precision(), CpuHasNativeBf16() ? Precision::kBf16 : Precision::kF32);
}

}  // namespace
}  // namespace maskscope::testing
