#include "explain/probe.h"

#include <algorithm>

#include "base/error.h"

namespace maskscope {
namespace {

Graph Fix(const Graph& graph, const Shape& input_shape) {
  if (graph.inputs.size() != 1) {
    throw Error(ErrorKind::kUnsupported,
                "found " + std::to_string(graph.inputs.size()) + " inputs; only networks of one can be explained");
  }
  return Specialize(graph, {{graph.inputs[0].name, input_shape}});
}

}  // namespace

Probe::Probe(const Graph& graph, const Shape& input_shape)
    : graph_(Fix(graph, input_shape)),
      input_shape_(input_shape),
      inferred_(InferShapes(graph_, {{graph_.inputs[0].name, input_shape}})) {}

Engine& Probe::EngineFor(const std::vector<std::string>& taps) const {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Engine>& engine = engines_[taps];
  if (engine != nullptr) return *engine;
  Graph tapped = graph_;
  for (const std::string& tap : taps) {
    if (!inferred_.shapes.contains(tap)) {
      throw Error(ErrorKind::kBadModel, "the network has no value '" + tap + "'");
    }
    tapped.outputs.push_back({tap, DataType::kFloat32, {}});
  }
  EngineOptions options;
  options.precision = Precision::kF32;
  options.max_plans = 1;
  engine = std::make_unique<Engine>(std::move(tapped), options);
  return *engine;
}

RunResult Probe::Run(const float* input, const std::vector<std::string>& taps) const {
  std::vector<std::string> further;
  for (const std::string& tap : std::set<std::string>(taps.begin(), taps.end())) {
    const bool is_output =
        std::ranges::any_of(graph_.outputs, [&](const ValueInfo& output) { return output.name == tap; });
    if (!is_output) further.push_back(tap);
  }
  return EngineFor(further).Run({{graph_.inputs[0].name, {input, input_shape_}}});
}

Probe::Derivatives Probe::Differentiate(const float* input, const Score& score,
                                        const std::set<std::string>& wanted) const {
  const std::vector<std::string> reads = ValuesToRead(graph_, score, wanted);
  std::vector<std::string> taps(wanted.begin(), wanted.end());
  taps.insert(taps.end(), reads.begin(), reads.end());
  // The input itself can be asked for, but it is no output.
  std::erase(taps, graph_.inputs[0].name);
  Derivatives result{Run(input, taps), {}};
  std::map<std::string, Tensor> values;
  for (const std::string& name : reads) {
    if (name == graph_.inputs[0].name) {
      values[name] = ToTensor({input, input_shape_});
    } else {
      values[name] = ToTensor(result.run.Get(name));
    }
  }
  result.gradients = Backpropagate(graph_, inferred_, values, score, wanted);
  return result;
}

Tensor ToTensor(const TensorView& view) { return Tensor::Floats(view.shape, {view.data, view.data + view.size()}); }

}  // namespace maskscope
