#include "zoo/detectors.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr float kEpsilon = 1.001e-5f;  // of every BatchNorm, as in the published TensorFlow graph
constexpr int64_t kSide = 300;
constexpr auto kRelu = ActivationKind::kRelu;
constexpr auto kNone = ActivationKind::kNone;

// A feature map that heads look at, and how many priors they have at each of its cells.
struct Source {
  std::string value, head;
  int channels, priors;
};

// A residual block that normalises before it convolves: the names of its layers, which follow no rule.
struct Block {
  std::string name;    // of the sum
  std::string scale1;  // "" = the block takes its input as it is
  std::string conv1, scale2, conv2, expand;
  int in, middle, out;
  int stride;    // of conv1 and expand
  int dilation;  // of conv2
};

class Writer {
 public:
  explicit Writer(const Res10SsdOptions& options) : builder_("res10_ssd", options.seed, options.draw_weights) {}

  Graph Write() {
    std::string value = BatchNorm("data_scale", "input", 3, kNone);
    value = Conv("conv1_h", value, {.in = 3, .out = 32, .kernel = 7, .stride = 2, .pads = {3, 3, 3, 3}, .bias = true});
    value = BatchNorm("conv1_scale_h", value, 32, kRelu);
    // TensorFlow's SAME for a side of 150: only behind.
    value = builder_.Node("MaxPool", "conv1_pool", {value},
                          {{"kernel_shape", std::vector<int64_t>{3, 3}},
                           {"strides", std::vector<int64_t>{2, 2}},
                           {"pads", std::vector<int64_t>{0, 0, 1, 1}}});
    value = Write(
        {"layer_64_1_sum", "", "layer_64_1_conv1_h", "layer_64_1_scale2_h", "layer_64_1_conv2_h", "", 32, 32, 32, 1, 1},
        value);
    value = Write({"layer_128_1_sum", "layer_128_1_scale1_h", "layer_128_1_conv1_h", "layer_128_1_scale2",
                   "layer_128_1_conv2", "layer_128_1_conv_expand_h", 32, 128, 128, 2, 1},
                  value);
    value = Write({"layer_256_1_sum", "layer_256_1_scale1", "layer_256_1_conv1", "layer_256_1_scale2",
                   "layer_256_1_conv2", "layer_256_1_conv_expand", 128, 256, 256, 2, 1},
                  value);
    value = Write({"layer_512_1_sum", "layer_512_1_scale1", "layer_512_1_conv1_h", "layer_512_1_scale2_h",
                   "layer_512_1_conv2_h", "layer_512_1_conv_expand_h", 256, 128, 256, 1, 2},
                  value);
    const std::string normed = Normalize("conv4_3_norm", "layer_256_1_scale1.relu", 128);
    const std::string last = BatchNorm("last_scale_h", value, 256, kRelu);
    const std::string conv6 = Narrow("conv6", last, 256, 128, 256, 2);
    const std::string conv7 = Narrow("conv7", conv6, 256, 64, 128, 2);
    const std::string conv8 = Narrow("conv8", conv7, 128, 64, 128, 1);
    const std::string conv9 = Narrow("conv9", conv8, 128, 64, 128, 1);
    Heads({{normed, "conv4_3_norm", 128, 4},
           {last, "fc7", 256, 6},
           {conv6, "conv6_2", 256, 6},
           {conv7, "conv7_2", 128, 6},
           {conv8, "conv8_2", 128, 4},
           {conv9, "conv9_2", 128, 4}});
    Graph graph = builder_.Finish();
    graph.inputs[0].shape[2] = graph.inputs[0].shape[3] = Dim::Fixed(kSide);
    return graph;
  }

 private:
  std::string Conv(const std::string& name, const std::string& input, const ConvLayer& layer) {
    return builder_.Conv(name, input, layer);
  }

  // BatchNorm and scale layer as one, named after the latter.
  std::string BatchNorm(const std::string& name, const std::string& input, int channels, ActivationKind activation) {
    const std::string normed = builder_.BatchNorm(name, input, channels, TorchBatchNormNames(name), kEpsilon);
    return Activate(builder_, activation, name, normed);
  }

  std::string Write(const Block& block, const std::string& input) {
    const std::string start = block.scale1.empty() ? input : BatchNorm(block.scale1, input, block.in, kRelu);
    std::string value = Conv(block.conv1, start, PaddedConv(block.in, block.middle, 3, block.stride));
    value = BatchNorm(block.scale2, value, block.middle, kRelu);
    ConvLayer second = PaddedConv(block.middle, block.out, 3);
    second.dilation = block.dilation;
    second.pads.assign(4, block.dilation);
    value = Conv(block.conv2, value, second);
    const std::string other =
        block.expand.empty() ? input : Conv(block.expand, start, PaddedConv(block.in, block.out, 1, block.stride));
    return builder_.Node("Add", block.name, {value, other});
  }

  // A 1x1 convolution before a 3x3 one.
  std::string Narrow(const std::string& name, const std::string& input, int in, int middle, int out, int stride) {
    const std::string first = name + "_1_h", second = name + "_2_h";
    ConvLayer narrow = PaddedConv(in, middle, 1), wide = PaddedConv(middle, out, 3, stride);
    narrow.bias = wide.bias = true;
    const std::string value = Activate(builder_, kRelu, first, Conv(first, input, narrow));
    return Activate(builder_, kRelu, second, Conv(second, value, wide));
  }

  // Each pixel's channels to length 1, then one factor a channel (Liu et al. 2015, ParseNet).
  std::string Normalize(const std::string& name, const std::string& input, int channels) {
    const std::string axis = builder_.Constant(name + ".axis", Tensor::Ints({1}, {1}));
    const std::string least = builder_.Constant(name + ".least", Tensor::Filled({}, 1e-10f));
    const std::string square = builder_.Node("Mul", name + ".square", {input, input});
    const std::string sum = builder_.Node("ReduceSum", name + ".sum", {square, axis}, {{"keepdims", int64_t{1}}});
    const std::string clipped = builder_.Node("Clip", name + ".clip", {sum, least});
    const std::string length = builder_.Node("Sqrt", name + ".length", {clipped});
    const std::string unit = builder_.Node("Div", name + ".unit", {input, length});
    const std::string factors = builder_.Constant(name + ".mul", Tensor::Filled({channels, 1, 1}, 20.0f));
    return builder_.Node("Mul", name, {unit, factors});
  }

  // [batch, priors of all sources, values]
  std::string Head(const std::vector<Source>& sources, const std::string& kind, const std::string& output, int values) {
    const std::string shape = builder_.Constant("shape." + std::to_string(values), Tensor::Ints({3}, {0, -1, values}));
    std::vector<std::string> rows;
    for (const Source& source : sources) {
      const std::string name = source.head + kind;
      ConvLayer layer = PaddedConv(source.channels, source.priors * values, 3);
      layer.bias = true;
      const std::string moved = builder_.Node("Transpose", name + ".transpose", {Conv(name, source.value, layer)},
                                              {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
      rows.push_back(builder_.Node("Reshape", name + ".rows", {moved, shape}));
    }
    return builder_.Node("Concat", output, rows, {{"axis", int64_t{1}}});
  }

  void Heads(const std::vector<Source>& sources) {
    const std::vector<Dim> rows{Dim::Symbol("batch"), Dim::Symbol("anchors")};
    builder_.Output(Head(sources, "_mbox_loc", "loc", 4), {rows[0], rows[1], Dim::Fixed(4)});
    const std::string logits = Head(sources, "_mbox_conf", "conf_logits", 2);
    builder_.Output(builder_.Node("Softmax", "conf", {logits}, {{"axis", int64_t{-1}}}),
                    {rows[0], rows[1], Dim::Fixed(2)});
  }

  GraphBuilder builder_;
};

}  // namespace

Graph BuildRes10Ssd(const Res10SsdOptions& options) { return Writer(options).Write(); }

}  // namespace maskscope
