#ifndef MASKSCOPE_ENGINE_DNNL_OPS_H_
#define MASKSCOPE_ENGINE_DNNL_OPS_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/activation.h"
#include "engine/place.h"
#include "graph/operators.h"

// Everything that speaks to oneDNN. Its next major version differs (descriptors, scales), so nothing of it shows here.
namespace maskscope {

// Weights in the layouts kernels like, shared between plans whose kernels like the same. Thread-safe.
class PackedWeights {
 public:
  // What `pack` makes, made once a key.
  std::shared_ptr<void> Get(const std::string& key, const std::function<std::shared_ptr<void>()>& pack);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<void>> entries_;
};

// Memory a primitive runs on; data pointers, one call's. `scratch` has ScratchBytes() bytes.
struct DnnlArguments {
  const void* src = nullptr;
  const void* other = nullptr;  // right matrix of DnnlMatMul when that is not constant
  void* dst = nullptr;
  void* scratch = nullptr;
};

// A primitive with its constants; immutable, so any number of threads may Execute at once, each through a Call of its
// own.
class DnnlOp {
 public:
  class Call {
   public:
    Call(Call&&) noexcept;
    ~Call();
    void Execute(const DnnlArguments& arguments);

   private:
    friend class DnnlOp;
    struct Impl;
    explicit Call(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
  };

  ~DnnlOp();
  int64_t ScratchBytes() const;
  std::string KernelName() const;  // "jit:avx512_core"
  Call NewCall() const;

  struct Impl;
  explicit DnnlOp(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

struct DnnlConvSpec {
  Place src, dst;  // dense
  Window window;
  const Tensor* weights = nullptr;  // [out channels, in channels / groups, kernel_h, kernel_w]
  const Tensor* bias = nullptr;     // may be null
  std::string weights_key;          // names weights and bias among all plans of an engine
  std::optional<Activation> activation;
  bool add_to_dst = false;                      // the result is added to what dst holds
  std::optional<Activation> activation_of_sum;  // after that
  bool allow_reference = true;                  // oneDNN's plain loops, a hundred times slower than its other kernels
};

// nullptr when oneDNN has no such primitive (a data type or format it cannot do), or none it may use.
std::shared_ptr<DnnlOp> MakeDnnlConv(const DnnlConvSpec& spec, PackedWeights& packed);

// dst [batch, m, n] = src [batch or 1, m, k] * other [batch or 1, k, n] + bias [n], all plain and dense.
struct DnnlMatMulSpec {
  int64_t batch = 1, m = 0, n = 0, k = 0;
  bool src_batched = true, other_batched = true;
  ElementType src_type = ElementType::kF32;
  const float* other =
      nullptr;  // constant right matrix, [k, n] or [n, k] (transposed); null: given at run time, [k, n]
  bool other_transposed = false;
  const float* bias = nullptr;
  std::string weights_key;
  std::optional<Activation> activation;
};
std::shared_ptr<DnnlOp> MakeDnnlMatMul(const DnnlMatMulSpec& spec, PackedWeights& packed);

// Threads oneDNN and OpenMP loops use when called from this thread, for as long as this object lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_DNNL_OPS_H_
