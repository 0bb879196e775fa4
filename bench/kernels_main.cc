// Times the convolution kernels layer by layer, in f32 and with bf16 products, beside oneDNN in f32, alternately in one
// process, at 1 and 2 threads: the least of many runs of each. Usage: bench_kernels [pointwise|depthwise|...]
#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/kernels/kernels.h"

namespace {

using namespace maskscope::kernels;

using Work = std::function<void()>;

double Microseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

struct Layer {
  int in, out, kernel, stride, height, width, groups;
  int OutHeight() const { return (height + stride - 1) / stride; }
  int OutWidth() const { return (width + stride - 1) / stride; }
  double Macs() const { return 1.0 * OutHeight() * OutWidth() * out * in / groups * kernel * kernel; }
};

// One oneDNN convolution with clip to 0..6 behind it, weights in the layout it prefers.
class Rival {
 public:
  explicit Rival(const Layer& l, int batch = 1) : stream_(engine_) {
    using dnnl::memory;
    using Tag = memory::format_tag;
    const auto f32 = memory::data_type::f32;
    const memory::dims weights = l.groups > 1
                                     ? memory::dims{l.groups, l.out / l.groups, l.in / l.groups, l.kernel, l.kernel}
                                     : memory::dims{l.out, l.in, l.kernel, l.kernel};
    const int pad = l.kernel / 2;
    dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
        memory::desc({batch, l.in, l.height, l.width}, f32, l.in <= 4 ? Tag::nchw : Tag::nChw16c),
        memory::desc(weights, f32, Tag::any), memory::desc({l.out}, f32, Tag::x),
        memory::desc({batch, l.out, l.OutHeight(), l.OutWidth()}, f32, Tag::nChw16c), {l.stride, l.stride}, {pad, pad},
        {pad, pad});
    dnnl::post_ops ops;
    ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0, 6);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    const dnnl::convolution_forward::primitive_desc pd(description, attributes, engine_);
    primitive_ = dnnl::convolution_forward(pd);
    arguments_ = {{DNNL_ARG_SRC, Filled(pd.src_desc())},
                  {DNNL_ARG_WEIGHTS, Filled(pd.weights_desc())},
                  {DNNL_ARG_BIAS, Filled(pd.bias_desc())},
                  {DNNL_ARG_DST, Filled(pd.dst_desc())}};
  }
  void Run() { primitive_.execute(stream_, arguments_); }

 private:
  dnnl::memory Filled(const dnnl::memory::desc& description) {
    dnnl::memory memory(description, engine_);
    float* data = static_cast<float*>(memory.get_data_handle());
    std::fill(data, data + description.get_size() / sizeof(float), 0.01f);
    return memory;
  }
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

// A tensor of ours, the batch side by side in every block.
struct Map {
  int batch, channels, height, width;
  AlignedFloats data;
  Map(int n, int c, int h, int w)
      : batch(n), channels(c), height(h), width(w), data(static_cast<size_t>(n) * BlocksOf(c) * 16 * h * w, 0.01f) {}
  int64_t image() const { return int64_t{16} * height * width; }
  BlockedIn In() const { return {data.data(), image() * batch, image()}; }
  BlockedOut Out() { return {data.data(), image() * batch, image()}; }
  PlanesIn Planes() const { return {data.data(), int64_t{height} * width, int64_t{4} * height * width}; }
};
using MapPtr = std::shared_ptr<Map>;

struct Constants {
  std::vector<float> weights, bias;
  explicit Constants(const Layer& l)
      : weights(static_cast<size_t>(l.out) * l.in / l.groups * l.kernel * l.kernel, 0.01f),
        bias(static_cast<size_t>(l.out), 0.1f) {}
};

WindowGeometry Geometry(const Layer& l, int batch) {
  return {batch, l.height, l.width, l.OutHeight(), l.OutWidth(), 1, 1};
}

const Activation kRelu6 = Activation::Relu6();

PointwiseWeights Pointwise(const Layer& l, const Activation& activation, Products products) {
  const Constants c(l);
  return PackPointwise(c.weights.data(), c.bias.data(), l.in, l.out, activation, products);
}
DepthwiseWeights Depthwise(const Layer& l) {
  const Constants c(l);
  return PackDepthwise(c.weights.data(), c.bias.data(), l.in, l.stride, kRelu6);
}
Conv3x3Weights Conv3x3(const Layer& l) {
  const Constants c(l);
  return PackConv3x3(c.weights.data(), c.bias.data(), l.in, l.out, {kRelu6});
}
StemWeights Stem(const Layer& l) {
  const Constants c(l);
  return PackStem(c.weights.data(), c.bias.data(), l.in, l.out, l.stride, kRelu6);
}

template <typename Weights, typename RunArguments>
Work Bind(const Weights& weights, const RunArguments& run, int threads, std::vector<MapPtr> keep) {
  const auto packed = std::make_shared<Weights>(weights);
  const auto workspace =
      std::make_shared<AlignedFloats>(static_cast<size_t>(WorkspaceFloats(weights, run, threads)), 0.f);
  return [=] {
    (void)keep;
    Run(*packed, run, threads, workspace->data());
  };
}

Work OursSingle(const Layer& l, Products products, int batch, int threads, const MapPtr& src, const MapPtr& dst) {
  if (l.groups > 1) {
    return Bind(Depthwise(l), DepthwiseRun{Geometry(l, batch), src->In(), dst->Out()}, threads, {src, dst});
  }
  if (l.in <= 4) return Bind(Stem(l), StemRun{Geometry(l, batch), src->Planes(), dst->Out()}, threads, {src, dst});
  if (l.kernel == 3) {
    Conv3x3Run run;
    run.geometry = Geometry(l, batch);
    run.src = src->In();
    run.dst = dst->Out();
    return Bind(Conv3x3(l), run, threads, {src, dst});
  }
  PointwiseRun run;
  run.batch = batch;
  run.height = l.height;
  run.width = l.width;
  run.src = src->In();
  run.dst = dst->Out();
  return Bind(Pointwise(l, kRelu6, products), run, threads, {src, dst});
}

// [head,] depthwise, project; a residual where the shapes allow one.
Work OursBlock(const std::vector<Layer>& layers, Products products, int batch, int threads, const MapPtr& src,
               const MapPtr& dst) {
  const bool has_head = layers.size() == 3;
  const Layer &head = layers.front(), &window = layers[layers.size() - 2], &project = layers.back();
  FusedBlockWeights weights;
  weights.depthwise = Depthwise(window);
  weights.project = Pointwise(project, Activation::None(), products);
  FusedBlockRun run;
  run.geometry = Geometry(window, batch);
  run.dst = dst->Out();
  if (has_head && head.in <= 4) {
    weights.head = FusedBlockWeights::Head::kStem;
    weights.stem = Stem(head);
    run.planes = src->Planes();
    run.stem_geometry = Geometry(head, batch);
  } else {
    run.src = src->In();
    if (has_head) {
      weights.head = FusedBlockWeights::Head::kExpand;
      weights.expand = Pointwise(head, kRelu6, products);
      if (window.stride == 1 && head.in == project.out) run.residual = src->In();
    }
  }
  return Bind(weights, run, threads, {src, dst});
}

// Layers that run as one step of ours.
using Step = std::vector<Layer>;

__attribute__((target("avx512f"))) float MultiplyAdds(int rounds) {
  __m512 sum[10];
  for (__m512& s : sum) s = _mm512_set1_ps(1.f);
  const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.1f);
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 10
    for (__m512& s : sum) s = _mm512_fmadd_ps(s, a, b);
  }
  float total = 0;
  for (const __m512& s : sum) total += _mm512_reduce_add_ps(s);
  return total;
}

// Billions of multiply-adds a second of one core right now: what the neighbours on the machine leave.
double PeakNow() {
  constexpr int kRounds = 2000;
  volatile float sink = 0;
  const double time = Microseconds([&] { sink = MultiplyAdds(kRounds); });
  return 10.0 * kRounds * 16 / time / 1e3;
}

double Macs(const std::vector<Step>& steps) {
  double sum = 0;
  for (const Step& step : steps) {
    for (const Layer& l : step) sum += l.Macs();
  }
  return sum;
}

Work Ours(const std::vector<Step>& steps, Products products, int batch, int threads) {
  std::vector<Work> works;
  MapPtr src = std::make_shared<Map>(batch, steps[0][0].in, steps[0][0].height, steps[0][0].width);
  for (const Step& step : steps) {
    const Layer& last = step.back();
    const auto dst = std::make_shared<Map>(batch, last.out, last.OutHeight(), last.OutWidth());
    works.push_back(step.size() == 1 ? OursSingle(last, products, batch, threads, src, dst)
                                     : OursBlock(step, products, batch, threads, src, dst));
    src = dst;
  }
  return [works] {
    for (const Work& work : works) work();
  };
}

Work Theirs(const std::vector<Step>& steps, int batch) {
  const auto rivals = std::make_shared<std::vector<Rival>>();
  for (const Step& step : steps) {
    for (const Layer& l : step) rivals->emplace_back(l, batch);
  }
  return [rivals] {
    for (Rival& rival : *rivals) rival.Run();
  };
}

void Compare(const std::string& name, const std::vector<Step>& steps, int batch = 1) {
  static double best_peak = 0;
  for (int threads : {1, 2}) {
    omp_set_num_threads(threads);
    const Work ours = Ours(steps, Products::kF32, batch, threads), theirs = Theirs(steps, batch);
    // Without the instructions the f32 kernels are timed twice.
    const Work bf16 = Ours(steps, Bf16Supported() ? Products::kBf16 : Products::kF32, batch, threads);
    const double macs = Macs(steps) * batch;
    double best_ours = 1e30, best_rival = 1e30, best_bf16 = 1e30;
    std::vector<double> ratios;
    const auto start = std::chrono::steady_clock::now();
    const double budget = 0.5 + macs / 1e9;  // seconds
    while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < budget) {
      best_peak = std::max(best_peak, PeakNow());
      const double rival = Microseconds(theirs), mine = Microseconds(ours);
      best_rival = std::min(best_rival, rival);
      best_ours = std::min(best_ours, mine);
      best_bf16 = std::min(best_bf16, Microseconds(bf16));
      ratios.push_back(rival / mine);
    }
    const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
    std::nth_element(ratios.begin(), middle, ratios.end());
    std::printf(
        "%-34s %dt  ours %8.1f us %6.1f GMAC/s (%3.0f%%)  bf16 %8.1f us  oneDNN %8.1f us %6.1f GMAC/s  x%.2f (median "
        "x%.2f of %zu)\n",
        name.c_str(), threads, best_ours, macs / best_ours / 1e3, macs / best_ours / 1e1 / best_peak / threads,
        best_bf16, best_rival, macs / best_rival / 1e3, best_rival / best_ours, *middle, ratios.size());
    std::fflush(stdout);
  }
}

std::string NameOf(const Step& step) {
  std::string name = std::to_string(step.front().in);
  for (const Layer& l : step) name += (l.groups > 1 ? " dw" : l.kernel == 3 ? " 3x3 " : " ") + std::to_string(l.out);
  return name + " s" + std::to_string(step.size() > 1 ? step[step.size() - 2].stride : step[0].stride) + " @" +
         std::to_string(step[0].height) + "x" + std::to_string(step[0].width);
}

void CompareEach(const char* family, const std::vector<Step>& steps) {
  for (const Step& step : steps) Compare(std::string(family) + " " + NameOf(step), {step});
}

// MobileNetV2 width 1.0 without its classifier.
std::vector<Step> MobileNetV2(int side) {
  std::vector<Step> steps;
  int size = (side + 1) / 2, channels = 16;
  steps.push_back({{3, 32, 3, 2, side, side, 1}, {32, 32, 3, 1, size, size, 32}, {32, 16, 1, 1, size, size, 1}});
  const int settings[6][3] = {{24, 2, 2}, {32, 3, 2}, {64, 4, 2}, {96, 3, 1}, {160, 3, 2}, {320, 1, 1}};
  for (const auto& [out, count, first_stride] : settings) {
    for (int i = 0; i < count; ++i) {
      const int stride = i == 0 ? first_stride : 1, middle = channels * 6, half = (size + stride - 1) / stride;
      steps.push_back({{channels, middle, 1, 1, size, size, 1},
                       {middle, middle, 3, stride, size, size, middle},
                       {middle, out, 1, 1, half, half, 1}});
      size = half;
      channels = out;
    }
  }
  steps.push_back({{320, 1280, 1, 1, size, size, 1}});
  return steps;
}

// The body of RetinaFace: MobileNetV1 at a quarter of its width.
std::vector<Step> RetinaFaceBody(int height, int width) {
  std::vector<Step> steps;
  const auto half = [](int n, int stride) { return (n + stride - 1) / stride; };
  int h = half(height, 2), w = half(width, 2), channels = 16;
  steps.push_back({{3, 8, 3, 2, height, width, 1}, {8, 8, 3, 1, h, w, 8}, {8, 16, 1, 1, h, w, 1}});
  const int settings[12][2] = {{32, 2},  {32, 1},  {64, 2},  {64, 1},  {128, 2}, {128, 1},
                               {128, 1}, {128, 1}, {128, 1}, {128, 1}, {256, 2}, {256, 1}};
  for (const auto& [out, stride] : settings) {
    const int oh = half(h, stride), ow = half(w, stride);
    steps.push_back({{channels, channels, 3, stride, h, w, channels}, {channels, out, 1, 1, oh, ow, 1}});
    h = oh;
    w = ow;
    channels = out;
  }
  return steps;
}

std::vector<Step> Distinct(const std::vector<Step>& steps) {
  std::vector<Step> distinct;
  for (const Step& step : steps) {
    if (distinct.empty() || NameOf(distinct.back()) != NameOf(step)) distinct.push_back(step);
  }
  return distinct;
}

}  // namespace

int main(int count, char** arguments) {
  if (!KernelsSupported()) {
    std::fprintf(stderr, "this CPU has no AVX-512\n");
    return 1;
  }
  // A second argument keeps only the cases whose name holds it.
  const auto wanted = [&](const char* name) { return count < 2 || !std::strcmp(arguments[1], name); };
  if (wanted("pointwise")) {
    CompareEach("pointwise", {{{32, 16, 1, 1, 56, 56, 1}},
                              {{16, 96, 1, 1, 56, 56, 1}},
                              {{144, 24, 1, 1, 28, 28, 1}},
                              {{24, 144, 1, 1, 28, 28, 1}},
                              {{384, 64, 1, 1, 7, 7, 1}},
                              {{64, 384, 1, 1, 7, 7, 1}},
                              {{160, 960, 1, 1, 4, 4, 1}},
                              {{960, 160, 1, 1, 4, 4, 1}},
                              {{320, 1280, 1, 1, 4, 4, 1}},
                              {{64, 64, 1, 1, 60, 80, 1}},
                              {{128, 64, 1, 1, 30, 40, 1}}});
  }
  if (wanted("depthwise")) {
    CompareEach("depthwise", {{{32, 32, 3, 1, 56, 56, 32}},
                              {{96, 96, 3, 2, 56, 56, 96}},
                              {{144, 144, 3, 1, 28, 28, 144}},
                              {{576, 576, 3, 1, 7, 7, 576}},
                              {{960, 960, 3, 1, 4, 4, 960}},
                              {{64, 64, 3, 2, 60, 80, 64}}});
  }
  if (wanted("stem")) CompareEach("stem", {{{3, 32, 3, 2, 112, 112, 1}}, {{3, 8, 3, 2, 480, 640, 1}}});
  if (wanted("conv3x3")) {
    CompareEach("conv3x3", {{{64, 64, 3, 1, 60, 80, 1}},
                            {{64, 48, 3, 1, 60, 80, 1}},
                            {{16, 16, 3, 1, 60, 80, 1}},
                            {{64, 64, 3, 1, 30, 40, 1}},
                            {{64, 48, 3, 1, 15, 20, 1}}});
  }
  if (wanted("block")) {
    CompareEach("block", Distinct(MobileNetV2(112)));
    CompareEach("block", Distinct(RetinaFaceBody(480, 640)));
  }
  if (wanted("chain")) {
    for (int side : {96, 112, 128}) Compare("MobileNetV2 " + std::to_string(side), MobileNetV2(side));
    for (int side : {96, 112, 128}) Compare("MobileNetV2 " + std::to_string(side) + " batch 8", MobileNetV2(side), 8);
    std::vector<Step> trunk = MobileNetV2(224);
    trunk.resize(7);
    Compare("MobileNetV2 224 first 7 blocks", trunk);
    Compare("RetinaFace body 480x640", RetinaFaceBody(480, 640));
    Compare("RetinaFace body 320x448", RetinaFaceBody(320, 448));
  }
}
