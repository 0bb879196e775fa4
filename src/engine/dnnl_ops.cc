#include "engine/dnnl_ops.h"

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "base/error.h"
#include "engine/engine.h"

namespace maskscope {

namespace {

using dnnl::memory;

const dnnl::engine& Cpu() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::data_type TypeOf(ElementType type) {
  return type == ElementType::kBf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

memory::desc DescOf(const Place& place) {
  if (place.shape.size() != 4 || !place.IsDense()) {
    throw Error{ErrorKind::kInternal, "oneDNN was given a place that is not dense"};
  }
  memory::format_tag tag = memory::format_tag::abcd;
  if (place.format == Format::kNhwc) tag = memory::format_tag::acdb;
  if (place.format == Format::kBlocked) {
    tag = BlockSize() == 16 ? memory::format_tag::aBcd16b : memory::format_tag::aBcd8b;
  }
  return memory::desc(place.shape, TypeOf(place.type), tag);
}

void AppendActivation(const Activation& activation, dnnl::post_ops& ops) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::kLeaky:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, activation.alpha, 0);
    case Kind::kClip:
      if (activation.alpha == 0 && activation.beta > 3e38f) {
        return ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      }
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, activation.alpha, activation.beta);
    case Kind::kSigmoid:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_logistic, 0, 0);
    case Kind::kHardSigmoid:
      ops.append_eltwise(1, dnnl::algorithm::eltwise_linear, activation.alpha, activation.beta);
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0, 1);
    case Kind::kHardSwish:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_hardswish, 0, 0);
    case Kind::kSwish:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_swish, 1, 0);
    case Kind::kTanh:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
    case Kind::kElu:
      return ops.append_eltwise(1, dnnl::algorithm::eltwise_elu, activation.alpha, 0);
  }
}

// oneDNN's descriptors are plain data without padding that matters, so their bytes name a layout.
std::string DescKey(const memory::desc& desc) { return {reinterpret_cast<const char*>(&desc.data), sizeof(desc.data)}; }

// `values`, described by `given`, in the layout `wanted`.
memory Reordered(const float* values, const memory::desc& given, const memory::desc& wanted) {
  memory from(given, Cpu(), const_cast<float*>(values));
  memory to(wanted, Cpu());
  dnnl::stream stream(Cpu());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

memory PackedMemory(PackedWeights& packed, const std::string& key, const float* values, const memory::desc& given,
                    const memory::desc& wanted) {
  const auto entry = packed.Get(key + DescKey(wanted), [&]() -> std::shared_ptr<void> {
    return std::make_shared<memory>(Reordered(values, given, wanted));
  });
  return *static_cast<const memory*>(entry.get());
}

memory::dims RowMajor(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

memory::desc PlainDesc(const memory::dims& dims, memory::data_type type = memory::data_type::f32) {
  return memory::desc(dims, type, RowMajor(dims));
}

// oneDNN may use these instructions: the CPU has them and ONEDNN_MAX_CPU_ISA does not forbid them.
bool MayUse(dnnl::cpu_isa isa) {
  const auto wanted = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

}  // namespace

int64_t BlockSize() {
  static const int64_t size = MayUse(dnnl::cpu_isa::avx512_core) ? 16 : 8;
  return size;
}

bool CpuHasNativeBf16() { return MayUse(dnnl::cpu_isa::avx512_core_bf16); }

std::shared_ptr<void> PackedWeights::Get(const std::string& key, const std::function<std::shared_ptr<void>()>& pack) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<void>& entry = entries_[key];
  if (!entry) entry = pack();
  return entry;
}

struct DnnlOp::Impl {
  dnnl::primitive primitive;
  std::string kernel;
  memory::desc src, dst, scratchpad;
  std::optional<memory::desc> other;          // when given at run time
  std::unordered_map<int, memory> constants;  // weights and bias, by argument
};

struct DnnlOp::Call::Impl {
  const DnnlOp::Impl* op;
  dnnl::stream stream;
  std::unordered_map<int, memory> arguments;
};

DnnlOp::DnnlOp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DnnlOp::~DnnlOp() = default;
DnnlOp::Call::Call(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DnnlOp::Call::Call(Call&&) noexcept = default;
DnnlOp::Call::~Call() = default;

int64_t DnnlOp::ScratchBytes() const { return static_cast<int64_t>(impl_->scratchpad.get_size()); }
std::string DnnlOp::KernelName() const { return "onednn:" + impl_->kernel; }

DnnlOp::Call DnnlOp::NewCall() const {
  auto call = std::make_unique<Call::Impl>(Call::Impl{impl_.get(), dnnl::stream(Cpu()), impl_->constants});
  call->arguments.emplace(DNNL_ARG_SRC, memory(impl_->src, Cpu(), nullptr));
  call->arguments.emplace(DNNL_ARG_DST, memory(impl_->dst, Cpu(), nullptr));
  call->arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(impl_->scratchpad, Cpu(), nullptr));
  if (impl_->other) call->arguments.emplace(DNNL_ARG_WEIGHTS, memory(*impl_->other, Cpu(), nullptr));
  return Call(std::move(call));
}

void DnnlOp::Call::Execute(const DnnlArguments& given) {
  const auto set = [&](int argument, const void* data) {
    impl_->arguments.at(argument).set_data_handle(const_cast<void*>(data));
  };
  set(DNNL_ARG_SRC, given.src);
  set(DNNL_ARG_DST, given.dst);
  set(DNNL_ARG_SCRATCHPAD, given.scratch);
  if (impl_->op->other) set(DNNL_ARG_WEIGHTS, given.other);
  try {
    impl_->op->primitive.execute(impl_->stream, impl_->arguments);
  } catch (const dnnl::error& error) {
    throw Error{ErrorKind::kInternal, std::string("oneDNN could not run ") + impl_->op->kernel + ": " + error.what()};
  }
}

namespace {

dnnl::primitive_attr ConvAttributes(const DnnlConvSpec& spec) {
  dnnl::post_ops ops;
  if (spec.activation) AppendActivation(*spec.activation, ops);
  if (spec.add_to_dst) ops.append_sum(1.0f);
  if (spec.activation_of_sum) AppendActivation(*spec.activation_of_sum, ops);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

memory::dims WeightDims(const DnnlConvSpec& spec) {
  memory::dims dims = spec.weights->shape;
  if (spec.window.groups > 1) {
    dims[0] /= spec.window.groups;
    dims.insert(dims.begin(), spec.window.groups);
  }
  return dims;
}

dnnl::convolution_forward::primitive_desc ConvDescriptor(const DnnlConvSpec& spec) {
  const Window& w = spec.window;
  const memory::desc weights(WeightDims(spec), TypeOf(spec.src.type), memory::format_tag::any);
  const memory::dims strides = {w.stride_h, w.stride_w}, dilations = {w.dilation_h - 1, w.dilation_w - 1};
  const memory::dims before = {w.pad_top, w.pad_left}, after = {w.pad_bottom, w.pad_right};
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const memory::desc src = DescOf(spec.src), dst = DescOf(spec.dst);
  if (spec.bias == nullptr) {
    return {{kind, algorithm, src, weights, dst, strides, dilations, before, after}, ConvAttributes(spec), Cpu()};
  }
  const memory::desc bias = PlainDesc({spec.dst.shape[1]});
  return {{kind, algorithm, src, weights, bias, dst, strides, dilations, before, after}, ConvAttributes(spec), Cpu()};
}

// "ref:any" and its kin.
bool IsReference(const std::string& implementation) { return implementation.starts_with("ref"); }

}  // namespace

std::shared_ptr<DnnlOp> MakeDnnlConv(const DnnlConvSpec& spec, PackedWeights& packed) {
  try {
    const dnnl::convolution_forward::primitive_desc descriptor = ConvDescriptor(spec);
    if (!spec.allow_reference && IsReference(descriptor.impl_info_str())) return nullptr;
    auto impl = std::make_unique<DnnlOp::Impl>();
    impl->kernel = descriptor.impl_info_str();
    impl->src = descriptor.src_desc();
    impl->dst = descriptor.dst_desc();
    impl->scratchpad = descriptor.scratchpad_desc();
    impl->constants.emplace(DNNL_ARG_WEIGHTS,
                            PackedMemory(packed, spec.weights_key + "/weights", spec.weights->floats.data(),
                                         PlainDesc(WeightDims(spec)), descriptor.weights_desc()));
    if (spec.bias != nullptr) {
      const memory::desc bias = PlainDesc({spec.dst.shape[1]});
      impl->constants.emplace(DNNL_ARG_BIAS,
                              PackedMemory(packed, spec.weights_key + "/bias", spec.bias->floats.data(), bias, bias));
    }
    impl->primitive = dnnl::convolution_forward(descriptor);
    return std::make_shared<DnnlOp>(std::move(impl));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return nullptr;
    throw Error{error.status == dnnl_out_of_memory ? ErrorKind::kResource : ErrorKind::kInternal,
                std::string("oneDNN convolution: ") + error.what()};
  }
}

namespace {

dnnl::matmul::primitive_desc MatMulDescriptor(const DnnlMatMulSpec& spec) {
  const auto type = TypeOf(spec.src_type);
  const memory::dims other_dims = {spec.other_batched ? spec.batch : 1, spec.k, spec.n};
  const memory::desc src = PlainDesc({spec.src_batched ? spec.batch : 1, spec.m, spec.k}, type);
  const memory::desc dst = PlainDesc({spec.batch, spec.m, spec.n});
  const memory::desc other =
      spec.other != nullptr ? memory::desc(other_dims, type, memory::format_tag::any) : PlainDesc(other_dims, type);
  dnnl::post_ops ops;
  if (spec.activation) AppendActivation(*spec.activation, ops);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (spec.bias == nullptr) return {{src, other, dst}, attributes, Cpu()};
  return {{src, other, PlainDesc({1, 1, spec.n}), dst}, attributes, Cpu()};
}

}  // namespace

std::shared_ptr<DnnlOp> MakeDnnlMatMul(const DnnlMatMulSpec& spec, PackedWeights& packed) {
  try {
    const dnnl::matmul::primitive_desc descriptor = MatMulDescriptor(spec);
    auto impl = std::make_unique<DnnlOp::Impl>();
    impl->kernel = descriptor.impl_info_str();
    impl->src = descriptor.src_desc();
    impl->dst = descriptor.dst_desc();
    impl->scratchpad = descriptor.scratchpad_desc();
    if (spec.other != nullptr) {
      const memory::dims dims = {1, spec.k, spec.n};
      const memory::dims strides = spec.other_transposed ? memory::dims{spec.k * spec.n, 1, spec.k} : RowMajor(dims);
      const memory::desc given(dims, memory::data_type::f32, strides);
      impl->constants.emplace(DNNL_ARG_WEIGHTS, PackedMemory(packed, spec.weights_key + "/weights", spec.other, given,
                                                             descriptor.weights_desc()));
    } else {
      impl->other = descriptor.weights_desc();
    }
    if (spec.bias != nullptr) {
      const memory::desc bias = PlainDesc({1, 1, spec.n});
      impl->constants.emplace(DNNL_ARG_BIAS, PackedMemory(packed, spec.weights_key + "/bias", spec.bias, bias, bias));
    }
    impl->primitive = dnnl::matmul(descriptor);
    return std::make_shared<DnnlOp>(std::move(impl));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return nullptr;
    throw Error{error.status == dnnl_out_of_memory ? ErrorKind::kResource : ErrorKind::kInternal,
                std::string("oneDNN matrix product: ") + error.what()};
  }
}

ThreadCount::ThreadCount(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
ThreadCount::~ThreadCount() { omp_set_num_threads(before_); }

}  // namespace maskscope
