#ifndef MASKSCOPE_ENGINE_KERNEL_CONV_H_
#define MASKSCOPE_ENGINE_KERNEL_CONV_H_

#include <memory>
#include <optional>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/lowering.h"

// Convolutions in the terms of the hand-tuned kernels: which of them can do a node, and how its weights and places are
// handed over. Shared by the lowerings that use them.
namespace maskscope::kernel_conv {

// kGrouped3x3: several dense convolutions, each of its own blocks of channels.
enum class Kind { kNone, kPointwise, kDepthwise, kStem, kDense3x3, kGrouped3x3 };

// One convolution with what is computed along with it.
struct Conv {
  Kind kind = Kind::kNone;
  const Node* node = nullptr;
  const Tensor* weights = nullptr;
  const Tensor* bias = nullptr;
  Window window;
  Epilogue epilogue;
  Shape in, out;

  const float* bias_data() const { return bias == nullptr ? nullptr : bias->floats.data(); }
  std::string key() const { return node->name + "|" + epilogue.op + "|"; }
};

// The kernels' form of an activation; nullopt where they have none.
std::optional<kernels::Activation> KernelActivation(const std::optional<Activation>& activation);
// The one activation of a group whose residual and activation the kernel takes in one go.
const std::optional<Activation>& ActivationIn(const Epilogue& epilogue);

// `node` as a convolution a kernel can do, with what is computed along; nullopt where there is none.
std::optional<Conv> Match(const PlanBuilder& builder, const Node& node, bool residuals);
// The convolution of this kind that alone reads what `before` makes.
std::optional<Conv> MatchNext(const PlanBuilder& builder, const Conv& before, Kind kind);

kernels::WindowGeometry GeometryOf(const Conv& conv);
kernels::BlockedIn In(const Place& place, const Pointer& pointer);
kernels::BlockedOut Out(const Place& place, const Pointer& pointer);
kernels::PlanesIn Planes(const Place& place, const Pointer& pointer);

kernels::Products ProductsFor(const PlanOptions& options);
kernels::PointwiseWeights PackPointwise(const Conv& conv, const PlanOptions& options);
kernels::DepthwiseWeights PackDepthwise(const Conv& conv);
kernels::StemWeights PackStem(const Conv& conv);

template <typename Packed, typename Pack>
std::shared_ptr<const Packed> Shared(PlanBuilder& builder, const std::string& key, Pack pack) {
  return std::static_pointer_cast<const Packed>(
      builder.packed().Get(key, [&]() -> std::shared_ptr<void> { return std::make_shared<Packed>(pack()); }));
}

void MarkGroup(PlanBuilder& builder, const Conv& conv);
Place ReadBlocked(PlanBuilder& builder, const std::string& value);
Place ReadPlanes(PlanBuilder& builder, const std::string& value);
Step StepFor(const Conv& conv, const std::string& op, const std::string& kernel);

// Emits a step that calls kernels::Run(weights, run). `bind` makes, from the bases, what fills in the pointers of a
// run.
template <typename Packed, typename RunArguments, typename Bind>
void EmitKernel(PlanBuilder& builder, Step step, std::shared_ptr<const Packed> weights, const RunArguments& shape,
                Bind bind) {
  const int threads = builder.options().threads;
  const int scratch = builder.Scratch(kernels::WorkspaceFloats(*weights, shape, threads) * 4);
  step.writes.push_back(scratch);
  step.bind = [=](const Bases& bases) -> Work {
    const auto fill = bind(bases);
    return [=, spare = bases.At(scratch)] {
      RunArguments run = shape;
      fill(run);
      kernels::Run(*weights, run, threads, spare.floats());
    };
  };
  builder.Emit(std::move(step));
}

}  // namespace maskscope::kernel_conv

#endif  // MASKSCOPE_ENGINE_KERNEL_CONV_H_
