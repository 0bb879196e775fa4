#include "zoo/detectors.h"
#include "zoo/layers.h"

namespace maskscope {

namespace {

class Writer {
 public:
  explicit Writer(const MtcnnOptions& options) : builder_(Name(options.network), options.seed, options.draw_weights) {}

  Graph Proposal() {
    std::string value = Stage(1, "input", 3, 10, 3, 2);
    value = Stage(2, value, 10, 16, 3, 0);
    value = Stage(3, value, 16, 32, 3, 0);
    const std::string logits = builder_.Conv("conv4_1", value, {.in = 32, .out = 2, .bias = true});
    const std::string scores = builder_.Node("Softmax", "scores", {logits}, {{"axis", int64_t{1}}});
    const std::string deltas = builder_.Conv("conv4_2", value, {.in = 32, .out = 4, .bias = true});
    const std::string boxes = builder_.Node("Identity", "boxes", {deltas});
    const Dim batch = Dim::Symbol("batch"), h = Dim::Symbol("cells_y"), w = Dim::Symbol("cells_x");
    builder_.Output(boxes, {batch, Dim::Fixed(4), h, w});
    builder_.Output(scores, {batch, Dim::Fixed(2), h, w});
    return builder_.Finish();
  }

  Graph Refinement() {
    std::string value = Stage(1, "input", 3, 28, 3, 3);
    value = Stage(2, value, 28, 48, 3, 3);
    value = Stage(3, value, 48, 64, 2, 0);
    value = Dense(4, value, 576, 128);
    Vector("scores", "dense5_1", value, 128, 2);
    Vector("boxes", "dense5_2", value, 128, 4);
    return Fixed(24);
  }

  Graph Output() {
    std::string value = Stage(1, "input", 3, 32, 3, 3);
    value = Stage(2, value, 32, 64, 3, 3);
    value = Stage(3, value, 64, 64, 3, 2);
    value = Stage(4, value, 64, 128, 2, 0);
    value = Dense(5, value, 1152, 256);
    Vector("scores", "dense6_1", value, 256, 2);
    Vector("boxes", "dense6_2", value, 256, 4);
    Vector("landmarks", "dense6_3", value, 256, 10);
    return Fixed(48);
  }

 private:
  static std::string Name(MtcnnNetwork network) {
    if (network == MtcnnNetwork::kProposal) return "mtcnn_pnet";
    return network == MtcnnNetwork::kRefinement ? "mtcnn_rnet" : "mtcnn_onet";
  }

  // Slopes [channels, 1, 1], or [channels] for vectors.
  std::string PRelu(int number, const std::string& input, Shape slopes) {
    const std::string name = "prelu" + std::to_string(number);
    return builder_.Node("PRelu", name,
                         {input, builder_.Constant(name + ".weight", Tensor::Filled(std::move(slopes), 0.25f))});
  }

  // Unpadded convolution, PReLU and, where `pool` is a window's side, a pool of stride 2 that keeps the last part of a
  // window.
  std::string Stage(int number, const std::string& input, int in, int out, int kernel, int pool) {
    const std::string name = "conv" + std::to_string(number);
    std::string value = builder_.Conv(name, input, {.in = in, .out = out, .kernel = kernel, .bias = true});
    value = PRelu(number, value, {out, 1, 1});
    if (pool == 0) return value;
    return builder_.Node("MaxPool", "pool" + std::to_string(number), {value},
                         {{"kernel_shape", std::vector<int64_t>{pool, pool}},
                          {"strides", std::vector<int64_t>{2, 2}},
                          {"ceil_mode", int64_t{1}}});
  }

  // The map is laid out column by column before it is flattened, as the Matlab original did.
  std::string Dense(int number, const std::string& input, int in, int out) {
    const std::string turned =
        builder_.Node("Transpose", "columns", {input}, {{"perm", std::vector<int64_t>{0, 3, 2, 1}}});
    const std::string flat = builder_.Node("Flatten", "flat", {turned}, {{"axis", int64_t{1}}});
    const std::string value = WriteLinear(builder_, "dense" + std::to_string(number), flat, in, out);
    return PRelu(number, value, {out});
  }

  // An output [batch, values]; scores go through a softmax.
  void Vector(const std::string& output, const std::string& module, const std::string& input, int in, int values) {
    const std::string logits = WriteLinear(builder_, module, input, in, values);
    const std::string value = output == "scores" ? builder_.Node("Softmax", output, {logits}, {{"axis", int64_t{-1}}})
                                                 : builder_.Node("Identity", output, {logits});
    builder_.Output(value, {Dim::Symbol("batch"), Dim::Fixed(values)});
  }

  Graph Fixed(int64_t side) {
    Graph graph = builder_.Finish();
    graph.inputs[0].shape[2] = graph.inputs[0].shape[3] = Dim::Fixed(side);
    return graph;
  }

  GraphBuilder builder_;
};

}  // namespace

Graph BuildMtcnn(const MtcnnOptions& options) {
  Writer writer(options);
  switch (options.network) {
    case MtcnnNetwork::kProposal:
      return writer.Proposal();
    case MtcnnNetwork::kRefinement:
      return writer.Refinement();
    case MtcnnNetwork::kOutput:
      break;
  }
  return writer.Output();
}

}  // namespace maskscope
