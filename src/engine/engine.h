#ifndef MASKSCOPE_ENGINE_ENGINE_H_
#define MASKSCOPE_ENGINE_ENGINE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"

// Runs a graph on the CPU with kernels of our own and oneDNN. An Engine compiles the graph once per set of input shapes
// into a plan (fused primitives, weights in the layouts the kernels like, one arena) and keeps the plans it used last.
namespace maskscope {

// kAuto takes bf16 where the CPU multiplies it natively (AVX512-BF16 or AMX), f32 elsewhere. What kBf16 does there: the
// hand-tuned kernels take the products of 1x1 convolutions in bf16 and all else in f32, tensors stay f32; convolutions
// they do not serve go to oneDNN in bf16. Without such a CPU, kBf16 is oneDNN alone. By this rule, never by timing, so
// that the same machine gives the same results.
enum class Precision { kAuto, kF32, kBf16 };
Precision ParsePrecision(const std::string& text);  // Errors: kUsage
std::string_view PrecisionName(Precision precision);
bool CpuHasNativeBf16();  // as far as ONEDNN_MAX_CPU_ISA allows

struct EngineOptions {
  Precision precision = Precision::kAuto;
  int threads = 1;                             // OpenMP threads of one Run
  int max_plans = 16;                          // shapes whose plans are kept; the least recently used goes
  int64_t max_arena_bytes = int64_t{2} << 30;  // of one plan
  void Validate() const;
};

// Float data owned by someone else, row-major.
struct TensorView {
  const float* data = nullptr;
  Shape shape;
  int64_t size() const { return ElementCount(shape); }
};

// Outputs of one Run, valid until this object dies (it holds the buffers they live in; f32 whatever the precision).
class RunResult {
 public:
  RunResult(RunResult&&) noexcept;
  RunResult& operator=(RunResult&&) noexcept;
  ~RunResult();
  // Errors: kBadModel when the graph has no such output (names the near ones).
  const TensorView& Get(const std::string& output) const;

 private:
  friend class Engine;
  struct Impl;
  explicit RunResult(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Time one plan step took, for `model bench --nodes` and the network summary.
struct StepTime {
  std::string node;    // first node of the fused group
  std::string op;      // "Conv+Clip+Add"
  std::string kernel;  // implementation that ran
  double milliseconds = 0;
};

class Engine {
 public:
  // Takes the graph over (passes run on a copy). Errors: kUnsupported, kBadModel.
  explicit Engine(Graph graph, const EngineOptions& options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Computes all graph outputs. Thread-safe: calls from many threads run at once, each in a buffer of its own; weights
  // are shared. Compiles on the first call with new shapes. Errors: kBadModel (shapes the graph cannot take),
  // kResource.
  RunResult Run(const std::map<std::string, TensorView>& inputs);

  // Compiles for these shapes now rather than at the first Run.
  void Prepare(const std::map<std::string, Shape>& inputs);

  // Runs once with per-step clocks.
  std::vector<StepTime> Profile(const std::map<std::string, TensorView>& inputs);

  const Graph& graph() const;   // as given
  Precision precision() const;  // kF32 or kBf16: what kAuto became
  int64_t arena_bytes(const std::map<std::string, Shape>& inputs);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_ENGINE_H_
