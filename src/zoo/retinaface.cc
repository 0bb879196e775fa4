#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "graph/shape_inference.h"
#include "zoo/builder.h"
#include "zoo/zoo.h"

namespace maskscope {

namespace {

constexpr int kAnchorsPerCell = 2;

struct DepthwiseBlock {
  const char* name;
  int in, out, stride;  // channels at width 1
};
// MobileNetV1 (Howard et al. 2017), cut in three where the stride reaches 8, 16 and 32.
constexpr std::array<DepthwiseBlock, 13> kBody{{
    {"body.stage1.1", 32, 64, 1},
    {"body.stage1.2", 64, 128, 2},
    {"body.stage1.3", 128, 128, 1},
    {"body.stage1.4", 128, 256, 2},
    {"body.stage1.5", 256, 256, 1},
    {"body.stage2.0", 256, 512, 2},
    {"body.stage2.1", 512, 512, 1},
    {"body.stage2.2", 512, 512, 1},
    {"body.stage2.3", 512, 512, 1},
    {"body.stage2.4", 512, 512, 1},
    {"body.stage2.5", 512, 512, 1},
    {"body.stage3.0", 512, 1024, 2},
    {"body.stage3.1", 1024, 1024, 1},
}};

// A feature map and how many channels it has.
struct Feature {
  std::string value;
  int channels;
};

class Writer {
 public:
  explicit Writer(const RetinaFaceOptions& options)
      : options_(options), builder_("retinaface", options.seed, options.draw_weights) {}

  Graph Write() {
    const std::array<Feature, 3> maps = Body();
    const std::array<Feature, 3> pyramid = Pyramid(maps);
    std::array<std::string, 3> features;
    for (size_t i = 0; i < 3; ++i) features[i] = Ssh("ssh" + std::to_string(i + 1), pyramid[i]);
    Output(Heads("BboxHead", "boxes", features, 4), 4);
    const std::string logits = Heads("ClassHead", "score_logits", features, 2);
    Output(builder_.Node("Softmax", "scores", {logits}, {{"axis", int64_t{-1}}}), 2);
    if (options_.landmarks) Output(Heads("LandmarkHead", "landmarks", features, 10), 10);
    return builder_.Finish();
  }

 private:
  int Wide(int channels) const { return static_cast<int>(std::lround(static_cast<double>(channels) * options_.width)); }

  std::string Activation(const std::string& name, const std::string& input) {
    if (options_.leaky_slope == 0.0f) return builder_.Node("Relu", name, {input});
    return builder_.Node("LeakyRelu", name, {input}, {{"alpha", options_.leaky_slope}});
  }

  // Convolution `name`.`index` and BatchNorm `name`.`index + 1`, as the modules of the published weights are numbered.
  std::string ConvBatchNorm(const std::string& name, int index, const std::string& input, const ConvLayer& layer) {
    const std::string conv = builder_.Conv(name + "." + std::to_string(index), input, layer);
    const std::string bn = name + "." + std::to_string(index + 1);
    return builder_.BatchNorm(bn, conv, layer.out, TorchBatchNormNames(bn));
  }

  static ConvLayer Conv3x3(int in, int out, int stride = 1, int groups = 1) {
    return {.in = in, .out = out, .kernel = 3, .stride = stride, .groups = groups, .pads = {1, 1, 1, 1}};
  }

  // Feature maps of strides 8, 16, 32.
  std::array<Feature, 3> Body() {
    switch (options_.body) {
      case RetinaFaceBody::kMobileNetV1:
        return MobileNetV1Body();
      case RetinaFaceBody::kMobileNetV2: {
        MobileNetV2Options body{.width = options_.width, .seed = options_.seed, .draw_weights = options_.draw_weights};
        body.layout = MobileNetV2Layout::kTorchvision;
        return Embedded(BuildMobileNetV2(body), {"features.6.add", "features.13.add", "features.16.add"});
      }
      case RetinaFaceBody::kResNet50:
        break;
    }
    const ResNetOptions body{.depth = 50, .seed = options_.seed, .draw_weights = options_.draw_weights};
    return Embedded(BuildResNet(body), {"layer2.3.relu", "layer3.5.relu", "layer4.2.relu"});
  }

  // Values of a classifier as feature maps.
  std::array<Feature, 3> Embedded(const Graph& network, const std::vector<std::string>& values) {
    const InferredShapes inferred = InferShapes(network, {{network.inputs.at(0).name, {1, 3, 64, 64}}});
    const std::vector<std::string> names = builder_.Embed(network, "body.", "input", values);
    std::array<Feature, 3> maps;
    for (size_t i = 0; i < maps.size(); ++i) {
      maps[i] = {names[i], static_cast<int>(inferred.shapes.at(values[i]).at(1))};
    }
    return maps;
  }

  std::array<Feature, 3> MobileNetV1Body() {
    std::string value = ConvBatchNorm("body.stage1.0", 0, "input", Conv3x3(3, Wide(32), 2));
    value = Activation("body.stage1.0.relu", value);
    std::array<Feature, 3> maps;
    for (size_t i = 0; i < kBody.size(); ++i) {
      const DepthwiseBlock& block = kBody[i];
      const std::string name = block.name;
      const int in = Wide(block.in), out = Wide(block.out);
      value = ConvBatchNorm(name, 0, value, Conv3x3(in, in, block.stride, in));
      value = Activation(name + ".relu1", value);
      value = ConvBatchNorm(name, 3, value, {.in = in, .out = out});
      value = Activation(name + ".relu2", value);
      if (i == 4) maps[0] = {value, out};
      if (i == 10) maps[1] = {value, out};
      if (i == 12) maps[2] = {value, out};
    }
    return maps;
  }

  // Lin et al. 2017; the coarser map is enlarged to the finer one's size, whatever that is, so odd sizes work.
  std::array<Feature, 3> Pyramid(const std::array<Feature, 3>& maps) {
    const int neck = options_.neck_channels;
    std::array<std::string, 3> lateral;
    for (size_t i = 0; i < 3; ++i) {
      const std::string name = "fpn.output" + std::to_string(i + 1);
      const std::string normed = ConvBatchNorm(name, 0, maps[i].value, {.in = maps[i].channels, .out = neck});
      lateral[i] = Activation(name + ".relu", normed);
    }
    const std::string merged2 = Merge("fpn.merge2", lateral[1], lateral[2]);
    const std::string merged1 = Merge("fpn.merge1", lateral[0], merged2);
    return {Feature{merged1, neck}, Feature{merged2, neck}, Feature{lateral[2], neck}};
  }

  std::string Merge(const std::string& name, const std::string& fine, const std::string& coarse) {
    const std::string sum = builder_.Node("Add", name + ".add", {fine, Enlarge(name + ".up", coarse, fine)});
    const int neck = options_.neck_channels;
    return Activation(name + ".relu", ConvBatchNorm(name, 0, sum, Conv3x3(neck, neck)));
  }

  // Nearest neighbour to the height and width of `like`.
  std::string Enlarge(const std::string& name, const std::string& value, const std::string& like) {
    const auto number = [&](int64_t n) {
      return builder_.Constant("axis." + std::to_string(n), Tensor::Ints({1}, {n}));
    };
    const std::string own = builder_.Node("Shape", name + ".own_shape", {value});
    const std::string wanted = builder_.Node("Shape", name + ".wanted_shape", {like});
    const std::string front = builder_.Node("Slice", name + ".front", {own, number(0), number(2), number(0)});
    const std::string back = builder_.Node("Slice", name + ".back", {wanted, number(2), number(4), number(0)});
    const std::string sizes = builder_.Node("Concat", name + ".sizes", {front, back}, {{"axis", int64_t{0}}});
    return builder_.Node("Resize", name, {value, "", "", sizes},
                         {{"mode", std::string("nearest")},
                          {"coordinate_transformation_mode", std::string("asymmetric")},
                          {"nearest_mode", std::string("floor")}});
  }

  // Context module of SSH (Najibi et al. 2017): the 5x5 and 7x7 branches are chains of 3x3.
  std::string Ssh(const std::string& name, const Feature& input) {
    const int half = input.channels / 2, quarter = input.channels / 4;
    const std::string a = ConvBatchNorm(name + ".conv3X3", 0, input.value, Conv3x3(input.channels, half));
    std::string t = ConvBatchNorm(name + ".conv5X5_1", 0, input.value, Conv3x3(input.channels, quarter));
    t = Activation(name + ".conv5X5_1.relu", t);
    const std::string b = ConvBatchNorm(name + ".conv5X5_2", 0, t, Conv3x3(quarter, quarter));
    std::string u = ConvBatchNorm(name + ".conv7X7_2", 0, t, Conv3x3(quarter, quarter));
    u = Activation(name + ".conv7X7_2.relu", u);
    const std::string c = ConvBatchNorm(name + ".conv7x7_3", 0, u, Conv3x3(quarter, quarter));
    const std::string joined = builder_.Node("Concat", name + ".concat", {a, b, c}, {{"axis", int64_t{1}}});
    return Activation(name, joined);
  }

  // [batch, anchors of all levels, values].
  std::string Heads(const std::string& head, const std::string& output, const std::array<std::string, 3>& features,
                    int values) {
    const std::string shape = builder_.Constant("shape." + std::to_string(values), Tensor::Ints({3}, {0, -1, values}));
    std::vector<std::string> levels;
    for (size_t i = 0; i < features.size(); ++i) {
      const std::string name = head + "." + std::to_string(i);
      const std::string conv =
          builder_.Conv(name + ".conv1x1", features[i],
                        {.in = options_.neck_channels, .out = kAnchorsPerCell * values, .bias = true});
      const std::string moved =
          builder_.Node("Transpose", name + ".transpose", {conv}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
      levels.push_back(builder_.Node("Reshape", name + ".reshape", {moved, shape}));
    }
    return builder_.Node("Concat", output, levels, {{"axis", int64_t{1}}});
  }

  void Output(const std::string& value, int values) {
    builder_.Output(value, {Dim::Symbol("batch"), Dim::Symbol("anchors"), Dim::Fixed(values)});
  }

  const RetinaFaceOptions& options_;
  GraphBuilder builder_;
};

}  // namespace

void RetinaFaceOptions::Validate() const {
  Problems problems;
  problems.Require(width >= 0.05f && width <= 4.0f, "width", std::to_string(width), "0.05 to 4");
  problems.Require(neck_channels >= 8 && neck_channels <= 1024 && neck_channels % 4 == 0, "neck_channels",
                   std::to_string(neck_channels), "a multiple of 4, 8 to 1024");
  problems.Require(leaky_slope >= 0.0f && leaky_slope < 1.0f, "leaky_slope", std::to_string(leaky_slope),
                   "0 or more and below 1");
  problems.ThrowIfAny(ErrorKind::kUsage, "RetinaFace options");
}

Graph BuildRetinaFace(const RetinaFaceOptions& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
