#ifndef MASKSCOPE_ENGINE_ENGINE_TESTING_H_
#define MASKSCOPE_ENGINE_ENGINE_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/plan.h"
#include "engine/reference.h"
#include "graph/graph_testing.h"

// Small helpers of engine's tests.
namespace maskscope::testing {

using Tensors = std::map<std::string, Tensor>;

class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  int64_t Int(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool Coin() { return Int(0, 1) == 1; }
  template <typename T>
  T OneOf(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(Int(0, static_cast<int64_t>(choices.size()) - 1))];
  }
  Tensor Values(const Shape& shape, float low = -2, float high = 2) {
    Tensor tensor = Tensor::Filled(shape, 0);
    std::uniform_real_distribution<float> values(low, high);
    for (float& value : tensor.floats) value = values(engine_);
    return tensor;
  }
  Shape Map(int64_t channels) { return {Int(1, 3), channels, Int(1, 17), Int(1, 17)}; }

 private:
  std::mt19937 engine_;
};

// A graph with inputs, nodes and an output "y", built a piece at a time.
struct Case {
  Graph graph;
  Tensors inputs;

  std::string Input(const std::string& name, Tensor value) {
    graph.inputs.push_back(Value(name, value.shape));
    inputs[name] = std::move(value);
    return name;
  }
  std::string Constant(const std::string& name, Tensor value) {
    graph.initializers[name] = std::move(value);
    return name;
  }
  std::string Add(const std::string& op, std::vector<std::string> in, const std::string& out,
                  std::map<std::string, Attribute> attributes = {}) {
    graph.nodes.push_back(MakeNode(op, std::move(in), {out}, std::move(attributes)));
    return out;
  }
  void Output(const std::string& name) { graph.outputs.push_back(Value(name, {})); }
};

inline Tensors RunPlan(const Graph& graph, const Tensors& inputs, const PlanOptions& options = {}) {
  const Graph prepared = PrepareForPlans(graph);
  InputShapes shapes;
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : inputs) {
    shapes[name] = tensor.shape;
    views[name] = {tensor.floats.data(), tensor.shape};
  }
  PackedWeights packed;
  Context context(CompilePlan(prepared, shapes, options, packed));
  // Twice: what one run leaves in the arena may not matter to the next.
  context.Run(views);
  context.Run(views);
  Tensors outputs;
  for (const auto& [name, place] : context.plan().outputs) {
    const float* data = context.Output(place);
    outputs[name] = Tensor::Floats(place.shape, {data, data + ElementCount(place.shape)});
  }
  return outputs;
}

// |a - b| <= tolerance * max(1, largest |b|) everywhere.
inline void ExpectNear(const Tensor& found, const Tensor& wanted, double tolerance) {
  ASSERT_EQ(found.shape, wanted.shape);
  double largest = 1, off = 0;
  for (size_t i = 0; i < wanted.floats.size(); ++i) {
    largest = std::max(largest, std::abs(double{wanted.floats[i]}));
    const double difference = std::abs(double{found.floats[i]} - wanted.floats[i]);
    off = std::max(off, std::isnan(difference) ? INFINITY : difference);
  }
  EXPECT_LE(off, tolerance * largest);
}

inline std::string Describe(const Case& test) {
  std::string text;
  for (const auto& [name, tensor] : test.inputs) text += name + ToString(tensor.shape) + " ";
  for (const auto& [name, tensor] : test.graph.initializers) text += name + ToString(tensor.shape) + " ";
  for (const Node& node : test.graph.nodes) {
    text += node.op + "(";
    for (const auto& [key, value] : node.attributes) {
      text += key + "=";
      if (const auto* number = std::get_if<int64_t>(&value)) text += std::to_string(*number);
      if (const auto* number = std::get_if<float>(&value)) text += std::to_string(*number);
      if (const auto* word = std::get_if<std::string>(&value)) text += *word;
      if (const auto* numbers = std::get_if<std::vector<int64_t>>(&value)) text += ToString(*numbers);
      text += " ";
    }
    text += ") ";
  }
  return text;
}

// The engine against the plain interpreter: with the hand-tuned kernels and without, on one thread and two.
inline void ExpectLikeReference(const Case& test, double tolerance = 2e-5) {
  SCOPED_TRACE(Describe(test));
  const Tensors wanted = RunReference(test.graph, test.inputs);
  for (const bool hand_tuned : {true, false}) {
    for (const int threads : {1, 2}) {
      PlanOptions options;
      options.hand_tuned_kernels = hand_tuned;
      options.threads = threads;
      const Tensors found = RunPlan(test.graph, test.inputs, options);
      for (const auto& [name, tensor] : wanted) {
        SCOPED_TRACE(name + (hand_tuned ? " hand-tuned" : " oneDNN") + ", threads " + std::to_string(threads));
        ExpectNear(found.at(name), tensor, tolerance);
      }
    }
  }
}

}  // namespace maskscope::testing

#endif  // MASKSCOPE_ENGINE_ENGINE_TESTING_H_
