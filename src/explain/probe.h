#ifndef MASKSCOPE_EXPLAIN_PROBE_H_
#define MASKSCOPE_EXPLAIN_PROBE_H_

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "explain/gradient.h"
#include "graph/graph.h"
#include "graph/shape_inference.h"

namespace maskscope {

// A network at one input shape, opened for looking inside: it runs on the fast engine (f32) with any value as a further
// output, and is differentiated from there. Thread-safe.
class Probe {
 public:
  // `graph` must have one float input. Errors: kBadModel, kUnsupported, those of InferShapes.
  Probe(const Graph& graph, const Shape& input_shape);

  const Graph& graph() const { return graph_; }  // fixed to the input shape: no Shape arithmetic is left in it
  const InferredShapes& inferred() const { return inferred_; }
  const Shape& input_shape() const { return input_shape_; }

  // Outputs and `taps` (values of graph()). `input` holds ElementCount(input_shape) floats. An engine is compiled for
  // each new set of taps and kept. Errors: kBadModel (an unknown tap), those of Engine.
  RunResult Run(const float* input, const std::vector<std::string>& taps = {}) const;

  // The values `wanted` and the derivatives of `score` with respect to them, both from one run.
  struct Derivatives {
    RunResult run;                            // outputs, and `wanted` as taps
    std::map<std::string, Tensor> gradients;  // those the score does not depend on are left out
  };
  Derivatives Differentiate(const float* input, const Score& score, const std::set<std::string>& wanted) const;

 private:
  Engine& EngineFor(const std::vector<std::string>& taps) const;

  Graph graph_;
  Shape input_shape_;
  InferredShapes inferred_;
  mutable std::mutex mutex_;
  mutable std::map<std::vector<std::string>, std::unique_ptr<Engine>> engines_;
};

Tensor ToTensor(const TensorView& view);

}  // namespace maskscope

#endif  // MASKSCOPE_EXPLAIN_PROBE_H_
