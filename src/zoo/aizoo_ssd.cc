#include <array>

#include "zoo/detectors.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr float kEpsilon = 1e-3f;  // of every BatchNorm
constexpr int kPriorsPerCell = 4;
constexpr int kHeadChannels = 64;
constexpr std::array<int, 8> kChannels{32, 64, 64, 64, 128, 128, 64, 64};
constexpr size_t kFirstWithHeads = 3;

class Writer {
 public:
  explicit Writer(const AizooSsdOptions& options)
      : options_(options), builder_("aizoo_ssd", options.seed, options.draw_weights) {}

  Graph Write() {
    std::string value = "input";
    int channels = 3;
    for (size_t i = 0; i < kChannels.size(); ++i) {
      ConvLayer layer = PaddedConv(channels, kChannels[i], 3);
      if (i + 1 == kChannels.size()) layer.pads.assign(4, 0);
      value = Unit("conv2d_" + std::to_string(i), value, layer);
      channels = kChannels[i];
      if (i >= kFirstWithHeads) maps_.push_back({value, channels});
      if (i <= 5) value = Halve("maxpool2d_" + std::to_string(i), value);
    }
    const auto output = [&](const std::string& name, int values) {
      builder_.Output(name, {Dim::Symbol("batch"), Dim::Symbol("anchors"), Dim::Fixed(values)});
    };
    output(Heads("loc", "loc", 4), 4);
    const std::string logits = Heads("cls", "cls_logits", options_.classes);
    output(builder_.Node("Sigmoid", "cls", {logits}), options_.classes);
    return builder_.Finish();
  }

 private:
  struct Map {
    std::string value;
    int channels;
  };

  std::string Unit(const std::string& name, const std::string& input, const ConvLayer& layer) {
    return WriteConvUnit(builder_, input, {name, name + "_bn", layer, ActivationKind::kRelu, kEpsilon});
  }

  // An odd side's last row and column make a window of their own.
  std::string Halve(const std::string& name, const std::string& input) {
    return builder_.Node("MaxPool", name, {input},
                         {{"kernel_shape", std::vector<int64_t>{2, 2}},
                          {"strides", std::vector<int64_t>{2, 2}},
                          {"ceil_mode", int64_t{1}}});
  }

  std::string Heads(const std::string& kind, const std::string& output, int values) {
    const std::string shape = builder_.Constant("shape." + kind, Tensor::Ints({3}, {0, -1, values}));
    std::vector<std::string> rows;
    for (size_t i = 0; i < maps_.size(); ++i) {
      const std::string name = kind + "_" + std::to_string(i);
      const std::string inner =
          Unit(name + "_insert_conv2d", maps_[i].value, PaddedConv(maps_[i].channels, kHeadChannels, 3));
      ConvLayer layer = PaddedConv(kHeadChannels, kPriorsPerCell * values, 3);
      layer.bias = true;
      const std::string head = builder_.Conv(name + "_conv", inner, layer);
      const std::string moved =
          builder_.Node("Transpose", name + ".transpose", {head}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
      rows.push_back(builder_.Node("Reshape", name + ".rows", {moved, shape}));
    }
    return builder_.Node("Concat", output, rows, {{"axis", int64_t{1}}});
  }

  const AizooSsdOptions& options_;
  GraphBuilder builder_;
  std::vector<Map> maps_;
};

}  // namespace

void AizooSsdOptions::Validate() const {
  Problems problems;
  problems.Require(classes >= 1 && classes <= 1000, "classes", std::to_string(classes), "1 to 1000");
  problems.ThrowIfAny(ErrorKind::kUsage, "AIZOO SSD options");
}

Graph BuildAizooSsd(const AizooSsdOptions& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
