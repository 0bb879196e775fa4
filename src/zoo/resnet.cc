#include <algorithm>
#include <array>

#include "zoo/classifiers.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr auto kRelu = ActivationKind::kRelu;

// He et al. 2016, table 1.
struct Plan {
  int depth;
  std::array<int, 4> blocks;
  bool bottleneck;
};
constexpr std::array<Plan, 5> kPlans{{{18, {2, 2, 2, 2}, false},
                                      {34, {3, 4, 6, 3}, false},
                                      {50, {3, 4, 6, 3}, true},
                                      {101, {3, 4, 23, 3}, true},
                                      {152, {3, 8, 36, 3}, true}}};

const Plan* FindPlan(int depth) {
  const auto found = std::ranges::find_if(kPlans, [depth](const Plan& plan) { return plan.depth == depth; });
  return found == kPlans.end() ? nullptr : &*found;
}

class Writer {
 public:
  explicit Writer(const ResNetOptions& options)
      : options_(options),
        plan_(*FindPlan(options.depth)),
        builder_("resnet" + std::to_string(options.depth), options.seed, options.draw_weights) {}

  Graph Write() {
    std::string value = Unit("conv1", "bn1", "input", PaddedConv(3, 64, 7, 2), kRelu);
    value = builder_.Node("MaxPool", "maxpool", {value},
                          {{"kernel_shape", std::vector<int64_t>{3, 3}},
                           {"strides", std::vector<int64_t>{2, 2}},
                           {"pads", std::vector<int64_t>{1, 1, 1, 1}}});
    int channels = 64;
    for (size_t stage = 0; stage < 4; ++stage) {
      const int width = 64 << stage, out = plan_.bottleneck ? 4 * width : width;
      for (int i = 0; i < plan_.blocks[stage]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        value = Block(name, value, channels, width, out, stage > 0 && i == 0 ? 2 : 1);
        channels = out;
      }
    }
    value = WriteDropout(builder_, WriteFeatures(builder_, value), options_.dropout);
    WriteLogits(builder_, "fc", value, channels, options_.classes);
    return builder_.Finish();
  }

 private:
  std::string Unit(const std::string& conv, const std::string& bn, const std::string& input, const ConvLayer& layer,
                   ActivationKind activation) {
    return WriteConvUnit(builder_, input, {conv, bn, layer, activation});
  }

  std::string Block(const std::string& name, const std::string& input, int in, int width, int out, int stride) {
    std::string value = input;
    if (plan_.bottleneck) {
      value = Unit(name + ".conv1", name + ".bn1", value, PaddedConv(in, width, 1), kRelu);
      value = Unit(name + ".conv2", name + ".bn2", value, PaddedConv(width, width, 3, stride), kRelu);
      value = Unit(name + ".conv3", name + ".bn3", value, PaddedConv(width, out, 1), ActivationKind::kNone);
    } else {
      value = Unit(name + ".conv1", name + ".bn1", value, PaddedConv(in, out, 3, stride), kRelu);
      value = Unit(name + ".conv2", name + ".bn2", value, PaddedConv(out, out, 3), ActivationKind::kNone);
    }
    std::string shortcut = input;
    if (stride != 1 || in != out) {
      shortcut = Unit(name + ".downsample.0", name + ".downsample.1", input, PaddedConv(in, out, 1, stride),
                      ActivationKind::kNone);
    }
    return Activate(builder_, kRelu, name, builder_.Node("Add", name + ".add", {value, shortcut}));
  }

  const ResNetOptions& options_;
  const Plan& plan_;
  GraphBuilder builder_;
};

}  // namespace

void ResNetOptions::Validate() const {
  Problems problems;
  problems.Require(FindPlan(depth) != nullptr, "depth", std::to_string(depth), "18, 34, 50, 101 or 152");
  CheckClassifier(classes, dropout, problems);
  problems.ThrowIfAny(ErrorKind::kUsage, "ResNet options");
}

Graph BuildResNet(const ResNetOptions& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
