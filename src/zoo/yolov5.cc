#include <algorithm>
#include <cmath>

#include "zoo/detectors.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

constexpr float kEpsilon = 1e-3f;  // of every BatchNorm
constexpr int kAnchorsPerCell = 3;
constexpr std::array<int, 3> kStrides{8, 16, 32};

// A feature map and how many channels it has.
struct Feature {
  std::string value;
  int channels = 0;
};

class Writer {
 public:
  explicit Writer(const YoloV5Options& options)
      : options_(options), builder_("yolov5", options.seed, options.draw_weights) {}

  Graph Write() {
    const std::array<Feature, 3> maps = Backbone();
    const std::array<Feature, 3> pyramid = Pyramid(maps);
    const bool decoded = options_.decoded_height > 0;
    std::vector<std::string> levels;
    for (size_t i = 0; i < pyramid.size(); ++i) {
      const std::string head = Head(i, pyramid[i]);
      levels.push_back(decoded ? Decoded(i, head) : Raw(head));
    }
    builder_.Output(builder_.Node("Concat", "predictions", levels, {{"axis", int64_t{1}}}),
                    {Dim::Symbol("batch"), Dim::Symbol("anchors"), Dim::Fixed(Values())});
    Graph graph = builder_.Finish();
    if (decoded) {
      graph.inputs[0].shape[2] = Dim::Fixed(options_.decoded_height);
      graph.inputs[0].shape[3] = Dim::Fixed(options_.decoded_width);
    }
    return graph;
  }

 private:
  int Wide(int channels) const {
    return static_cast<int>(std::ceil(static_cast<double>(channels) * options_.width / 8)) * 8;
  }
  int Deep(int repeats) const {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(repeats) * options_.depth)));
  }
  int Values() const { return 5 + options_.classes; }

  static std::string Module(int number) { return "model." + std::to_string(number); }

  Feature Conv(const std::string& module, const Feature& input, int out, int kernel, int stride) {
    ConvLayer layer = PaddedConv(input.channels, out, kernel, stride);
    if (kernel == 6) layer.pads = {2, 2, 2, 2};
    return {WriteConvUnit(builder_, input.value,
                          {module + ".conv", module + ".bn", layer, ActivationKind::kSilu, kEpsilon}),
            out};
  }

  std::string Join(const std::string& name, const std::vector<std::string>& values) {
    return builder_.Node("Concat", name, values, {{"axis", int64_t{1}}});
  }

  // Cross-stage partial block with three convolutions (Wang et al. 2020, as in the published code).
  Feature C3(int number, const Feature& input, int out, int repeats, bool shortcut) {
    const std::string module = Module(number);
    const int hidden = out / 2;
    Feature value = Conv(module + ".cv1", input, hidden, 1, 1);
    for (int i = 0; i < repeats; ++i) {
      const std::string bottleneck = module + ".m." + std::to_string(i);
      const Feature inner = Conv(bottleneck + ".cv2", Conv(bottleneck + ".cv1", value, hidden, 1, 1), hidden, 3, 1);
      value = shortcut ? Feature{builder_.Node("Add", bottleneck + ".add", {value.value, inner.value}), hidden} : inner;
    }
    const Feature other = Conv(module + ".cv2", input, hidden, 1, 1);
    return Conv(module + ".cv3", {Join(module + ".concat", {value.value, other.value}), 2 * hidden}, out, 1, 1);
  }

  // Spatial pyramid pooling by three 5x5 pools in a row.
  Feature Sppf(int number, const Feature& input, int out) {
    const std::string module = Module(number);
    const Feature narrow = Conv(module + ".cv1", input, input.channels / 2, 1, 1);
    std::vector<std::string> values{narrow.value};
    for (int i = 1; i <= 3; ++i) {
      values.push_back(builder_.Node("MaxPool", module + ".pool" + std::to_string(i), {values.back()},
                                     {{"kernel_shape", std::vector<int64_t>{5, 5}},
                                      {"strides", std::vector<int64_t>{1, 1}},
                                      {"pads", std::vector<int64_t>{2, 2, 2, 2}}}));
    }
    return Conv(module + ".cv2", {Join(module + ".concat", values), 4 * narrow.channels}, out, 1, 1);
  }

  // Maps of strides 8, 16 and 32.
  std::array<Feature, 3> Backbone() {
    Feature value = Conv(Module(0), {"input", 3}, Wide(64), 6, 2);
    value = C3(2, Conv(Module(1), value, Wide(128), 3, 2), Wide(128), Deep(3), true);
    const Feature eighth = C3(4, Conv(Module(3), value, Wide(256), 3, 2), Wide(256), Deep(6), true);
    const Feature sixteenth = C3(6, Conv(Module(5), eighth, Wide(512), 3, 2), Wide(512), Deep(9), true);
    value = C3(8, Conv(Module(7), sixteenth, Wide(1024), 3, 2), Wide(1024), Deep(3), true);
    return {eighth, sixteenth, Sppf(9, value, Wide(1024))};
  }

  Feature Enlarge(int number, const Feature& input) {
    const std::string scales = builder_.Constant("twice", Tensor::Floats({4}, {1, 1, 2, 2}));
    return {builder_.Node("Resize", Module(number), {input.value, "", scales},
                          {{"mode", std::string("nearest")},
                           {"coordinate_transformation_mode", std::string("asymmetric")},
                           {"nearest_mode", std::string("floor")}}),
            input.channels};
  }

  Feature Joined(int number, const Feature& a, const Feature& b) {
    return {Join(Module(number), {a.value, b.value}), a.channels + b.channels};
  }

  // Down and up again (Liu et al. 2018, path aggregation).
  std::array<Feature, 3> Pyramid(const std::array<Feature, 3>& maps) {
    const Feature p32 = Conv(Module(10), maps[2], Wide(512), 1, 1);
    const Feature n16 = C3(13, Joined(12, Enlarge(11, p32), maps[1]), Wide(512), Deep(3), false);
    const Feature p16 = Conv(Module(14), n16, Wide(256), 1, 1);
    const Feature n8 = C3(17, Joined(16, Enlarge(15, p16), maps[0]), Wide(256), Deep(3), false);
    const Feature down8 = Conv(Module(18), n8, Wide(256), 3, 2);
    const Feature out16 = C3(20, Joined(19, down8, p16), Wide(512), Deep(3), false);
    const Feature down16 = Conv(Module(21), out16, Wide(512), 3, 2);
    return {n8, out16, C3(23, Joined(22, down16, p32), Wide(1024), Deep(3), false)};
  }

  // [batch, 3 * (5 + classes), height, width]
  std::string Head(size_t level, const Feature& input) {
    return builder_.Conv("model.24.m." + std::to_string(level), input.value,
                         {.in = input.channels, .out = kAnchorsPerCell * Values(), .bias = true});
  }

  std::string Raw(const std::string& head) {
    const std::string shape = builder_.Constant("rows", Tensor::Ints({3}, {0, -1, Values()}));
    const std::string moved =
        builder_.Node("Transpose", head + ".transpose", {head}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    return builder_.Node("Reshape", head + ".rows", {moved, shape});
  }

  // What is fixed by the place of an anchor is a node rather than an initializer: training must not move it.
  std::string Fixed(const std::string& name, int64_t anchors, std::vector<float> values) {
    return builder_.Node("Constant", name, {}, {{"value", Tensor::Floats({1, anchors, 2}, std::move(values))}});
  }

  std::string Decoded(size_t level, const std::string& head) {
    const int64_t rows = options_.decoded_height / kStrides[level], columns = options_.decoded_width / kStrides[level];
    const auto stride = static_cast<float>(kStrides[level]);
    std::vector<float> corners, sides;  // of the boxes where all y are 0; 4 * sides of the anchors
    for (size_t anchor = 0; anchor < kAnchorsPerCell; ++anchor) {
      for (int64_t i = 0; i < rows * columns; ++i) {
        corners.push_back((static_cast<float>(i % columns) - 0.5f) * stride);
        corners.push_back((static_cast<float>(i / columns) - 0.5f) * stride);
        sides.push_back(4 * options_.anchors[level][2 * anchor]);
        sides.push_back(4 * options_.anchors[level][2 * anchor + 1]);
      }
    }
    const int64_t count = kAnchorsPerCell * rows * columns;
    const std::string cells =
        builder_.Constant(head + ".cells", Tensor::Ints({4}, {0, kAnchorsPerCell, Values(), rows * columns}));
    const std::string shape = builder_.Constant("rows", Tensor::Ints({3}, {0, -1, Values()}));
    std::string value = builder_.Node("Reshape", head + ".by_anchor", {head, cells});
    value = builder_.Node("Transpose", head + ".transpose", {value}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    value = builder_.Node("Reshape", head + ".rows", {value, shape});
    value = builder_.Node("Sigmoid", head + ".sigmoid", {value});
    const std::vector<std::string> parts = builder_.Split(head + ".parts", value, {2, 2, Values() - 4}, 2);
    const std::string twice = builder_.Constant(head + ".step", Tensor::Filled({}, 2 * stride));
    std::string centre = builder_.Node("Mul", head + ".offset", {parts[0], twice});
    centre = builder_.Node("Add", head + ".centre", {centre, Fixed(head + ".corners", count, std::move(corners))});
    std::string size = builder_.Node("Mul", head + ".square", {parts[1], parts[1]});
    size = builder_.Node("Mul", head + ".size", {size, Fixed(head + ".sides", count, std::move(sides))});
    return builder_.Node("Concat", head + ".decoded", {centre, size, parts[2]}, {{"axis", int64_t{2}}});
  }

  const YoloV5Options& options_;
  GraphBuilder builder_;
};

}  // namespace

void YoloV5Options::Validate() const {
  Problems problems;
  problems.Require(depth >= 0.1f && depth <= 4.0f, "depth", std::to_string(depth), "0.1 to 4");
  problems.Require(width >= 0.1f && width <= 4.0f, "width", std::to_string(width), "0.1 to 4");
  problems.Require(classes >= 1 && classes <= 10000, "classes", std::to_string(classes), "1 to 10000");
  for (const auto& level : anchors) {
    problems.Require(std::ranges::all_of(level, [](float side) { return side > 0 && side <= 1e5f; }), "anchors",
                     "a side that is not", "above 0, at most 100000 pixels");
  }
  const auto check_side = [&](int side, const char* field) {
    problems.Require(side >= 0 && side <= 8192 && side % 32 == 0, field, std::to_string(side),
                     "a multiple of 32, 0 to 8192");
  };
  check_side(decoded_height, "decoded_height");
  check_side(decoded_width, "decoded_width");
  problems.Require((decoded_height == 0) == (decoded_width == 0), "decoded_width", std::to_string(decoded_width),
                   "both sides or none");
  problems.ThrowIfAny(ErrorKind::kUsage, "YOLOv5 options");
}

Graph BuildYoloV5(const YoloV5Options& options) {
  options.Validate();
  return Writer(options).Write();
}

}  // namespace maskscope
