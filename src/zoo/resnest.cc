#include <algorithm>
#include <array>

#include "zoo/classifiers.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr auto kRelu = ActivationKind::kRelu;
constexpr int kRadix = 2;

// Zhang et al. 2020, section 4; `stem` is the width of the first two convolutions.
struct Plan {
  int depth;
  std::array<int, 4> blocks;
  int stem;
};
constexpr std::array<Plan, 3> kPlans{{{50, {3, 4, 6, 3}, 32}, {101, {3, 4, 23, 3}, 64}, {200, {3, 24, 36, 3}, 64}}};

const Plan* FindPlan(int depth) {
  const auto found = std::ranges::find_if(kPlans, [depth](const Plan& plan) { return plan.depth == depth; });
  return found == kPlans.end() ? nullptr : &*found;
}

class Writer {
 public:
  explicit Writer(const ResNeStOptions& options)
      : options_(options), builder_("resnest" + std::to_string(options.depth), options.seed, options.draw_weights) {}

  Graph Write() {
    const Plan& plan = *FindPlan(options_.depth);
    int channels = 2 * plan.stem;
    std::string value = Stem(plan.stem);
    for (size_t stage = 0; stage < 4; ++stage) {
      const int width = 64 << stage;
      for (int i = 0; i < plan.blocks[stage]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        value = Bottleneck(name, value, channels, width, stage > 0 && i == 0 ? 2 : 1);
        channels = 4 * width;
      }
    }
    value = WriteDropout(builder_, WriteFeatures(builder_, value), options_.dropout);
    WriteLogits(builder_, "fc", value, channels, options_.classes);
    return builder_.Finish();
  }

 private:
  std::string Unit(const std::string& conv, const std::string& bn, const std::string& input, const ConvLayer& layer,
                   ActivationKind activation = kRelu) {
    return WriteConvUnit(builder_, input, {conv, bn, layer, activation});
  }

  // Three 3x3 convolutions in the place of one 7x7 (He et al. 2019, ResNet-D).
  std::string Stem(int width) {
    std::string value = Unit("conv1.0", "conv1.1", "input", PaddedConv(3, width, 3, 2));
    value = Unit("conv1.3", "conv1.4", value, PaddedConv(width, width, 3));
    value = Unit("conv1.6", "bn1", value, PaddedConv(width, 2 * width, 3));
    return builder_.Node("MaxPool", "maxpool", {value},
                         {{"kernel_shape", std::vector<int64_t>{3, 3}},
                          {"strides", std::vector<int64_t>{2, 2}},
                          {"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  }

  std::string Bottleneck(const std::string& name, const std::string& input, int in, int width, int stride) {
    const int out = 4 * width;
    std::string value = Unit(name + ".conv1", name + ".bn1", input, PaddedConv(in, width, 1));
    value = SplitAttention(name + ".conv2", value, width);
    if (stride != 1) {
      value = builder_.Node("AveragePool", name + ".avd_layer", {value},
                            {{"kernel_shape", std::vector<int64_t>{3, 3}},
                             {"strides", std::vector<int64_t>{stride, stride}},
                             {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                             {"count_include_pad", int64_t{1}}});
    }
    value = Unit(name + ".conv3", name + ".bn3", value, PaddedConv(width, out, 1), ActivationKind::kNone);
    const std::string shortcut =
        in == out && stride == 1 ? input : Shortcut(name + ".downsample", input, in, out, stride);
    return Activate(builder_, kRelu, name, builder_.Node("Add", name + ".add", {value, shortcut}));
  }

  std::string Shortcut(const std::string& name, const std::string& input, int in, int out, int stride) {
    std::string value = input;
    if (stride != 1) {
      // ceil_mode: an odd last row or column makes a window of its own.
      value = builder_.Node("AveragePool", name + ".0", {input},
                            {{"kernel_shape", std::vector<int64_t>{stride, stride}},
                             {"strides", std::vector<int64_t>{stride, stride}},
                             {"ceil_mode", int64_t{1}}});
    }
    return Unit(name + ".1", name + ".2", value, PaddedConv(in, out, 1), ActivationKind::kNone);
  }

  // Section 3.1: `kRadix` convolutions of the same input, weighed against each other channel by channel. Their mean is
  // taken before they are added, which is the same sum with far fewer additions.
  std::string SplitAttention(const std::string& name, const std::string& input, int channels) {
    const int squeezed = std::max(channels * kRadix / 4, 32);
    const std::string maps =
        Unit(name + ".conv", name + ".bn0", input, PaddedConv(channels, kRadix * channels, 3, 1, kRadix));
    const std::vector<int64_t> halves(kRadix, channels);
    const auto means =
        builder_.Split(name + ".means", builder_.Node("GlobalAveragePool", name + ".pool", {maps}), halves);
    std::string value = builder_.Node("Add", name + ".gap", {means[0], means[1]});
    value = builder_.Conv(name + ".fc1", value, {.in = channels, .out = squeezed, .bias = true});
    value = builder_.BatchNorm(name + ".bn1", value, squeezed, TorchBatchNormNames(name + ".bn1"));
    value = Activate(builder_, kRelu, name + ".bn1", value);
    value = builder_.Conv(name + ".fc2", value, {.in = squeezed, .out = kRadix * channels, .bias = true});
    const auto weights = builder_.Split(name + ".weights", SoftmaxOverRadix(name, value), halves);
    const auto parts = builder_.Split(name + ".parts", maps, halves);
    const std::string first = builder_.Node("Mul", name + ".first", {parts[0], weights[0]});
    const std::string second = builder_.Node("Mul", name + ".second", {parts[1], weights[1]});
    return builder_.Node("Add", name, {first, second});
  }

  // [batch, kRadix * channels, 1, 1] -> the same.
  std::string SoftmaxOverRadix(const std::string& name, const std::string& input) {
    const std::string apart = builder_.Constant("radix.shape", Tensor::Ints({3}, {0, kRadix, -1}));
    const std::string together = builder_.Constant("attention.shape", Tensor::Ints({4}, {0, -1, 1, 1}));
    std::string value = builder_.Node("Reshape", name + ".by_radix", {input, apart});
    value = builder_.Node("Softmax", name + ".rsoftmax", {value}, {{"axis", int64_t{1}}});
    return builder_.Node("Reshape", name + ".attention", {value, together});
  }

  const ResNeStOptions& options_;
  GraphBuilder builder_;
};

}  // namespace

void ResNeStOptions::Validate() const {
  Problems problems;
  problems.Require(FindPlan(depth) != nullptr, "depth", std::to_string(depth), "50, 101 or 200");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "ResNeSt options");
}

Graph BuildResNeSt(const ResNeStOptions& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
