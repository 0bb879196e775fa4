#ifndef MASKSCOPE_ENGINE_PLAN_H_
#define MASKSCOPE_ENGINE_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "engine/dnnl_ops.h"
#include "engine/step.h"
#include "graph/graph.h"
#include "graph/shape_inference.h"

// A graph compiled for one set of input shapes: steps over buffers. Immutable and shared by all contexts that run it.
namespace maskscope {

struct PlanOptions {
  ElementType precision = ElementType::kF32;  // of convolutions and matrix products
  int threads = 1;
  int64_t max_arena_bytes = int64_t{2} << 30;
  bool reuse_memory = true;        // tests compare with a plan that never reuses any
  bool hand_tuned_kernels = true;  // src/engine/kernels where the CPU can (KernelsServe); else oneDNN alone
};

struct PlanBuffer {
  enum class Kind { kArena, kInput, kConstant };
  Kind kind = Kind::kArena;
  int64_t bytes = 0;                  // kArena
  int64_t arena_offset = 0;           // kArena
  std::string input;                  // kInput
  const void* data = nullptr;         // kConstant
  std::shared_ptr<const void> owner;  // kConstant: keeps data alive
};

struct Plan {
  std::vector<PlanBuffer> buffers;
  std::vector<Step> steps;
  std::map<std::string, Place> outputs;  // plain, dense, f32
  int64_t arena_bytes = 0;
  int threads = 1;
};

// `graph` (already rewritten by passes) and `packed` outlive the plan. Errors: kUnsupported naming operator and node,
// kBadModel, kResource where the arena would exceed its bound.
std::shared_ptr<const Plan> CompilePlan(const Graph& graph, const InputShapes& inputs, const PlanOptions& options,
                                        PackedWeights& packed);

// The passes a graph goes through before it is compiled. `taken` is the graph as the user gave it.
Graph PrepareForPlans(Graph taken);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_PLAN_H_
