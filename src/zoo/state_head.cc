#include "zoo/state_head.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {

namespace {

constexpr int kLevels = 3;

class Grafter {
 public:
  Grafter(const StateHeadOptions& options, Graph& graph) : options_(options), graph_(graph), random_(options.seed) {}

  void Graft() {
    std::vector<std::string> levels;
    for (int i = 0; i < kLevels; ++i) levels.push_back(Level(i));
    const std::string logits = Add("Concat", "state_logits", levels, {{"axis", int64_t{1}}});
    const std::string states = Add("Softmax", "states", {logits}, {{"axis", int64_t{-1}}});
    JoinScores(states);
  }

 private:
  std::string Add(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                  std::map<std::string, Attribute> attributes = {}) {
    graph_.nodes.push_back(Node{name, op, inputs, {name}, std::move(attributes)});
    return name;
  }

  std::string Constant(const std::string& name, Tensor value) {
    graph_.initializers[name] = std::move(value);
    return name;
  }

  std::string Conv(const std::string& name, const std::string& input, int64_t in, int64_t out, int64_t kernel) {
    Tensor weight = Tensor::Filled({out, in, kernel, kernel}, 0);
    const double deviation = std::sqrt(2.0 / static_cast<double>(kernel * kernel * out));
    for (float& value : weight.floats) value = static_cast<float>(random_.Normal() * deviation);
    const int64_t pad = kernel / 2;
    return Add(
        "Conv", name,
        {input, Constant(name + ".weight", std::move(weight)), Constant(name + ".bias", Tensor::Filled({out}, 0))},
        {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
         {"strides", std::vector<int64_t>{1, 1}},
         {"dilations", std::vector<int64_t>{1, 1}},
         {"group", int64_t{1}},
         {"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
  }

  std::string BatchNorm(const std::string& name, const std::string& input, int64_t channels) {
    return Add("BatchNormalization", name,
               {input, Constant(name + ".weight", Tensor::Filled({channels}, 1)),
                Constant(name + ".bias", Tensor::Filled({channels}, 0)),
                Constant(name + ".running_mean", Tensor::Filled({channels}, 0)),
                Constant(name + ".running_var", Tensor::Filled({channels}, 1))},
               {{"epsilon", 1e-5f}});
  }

  const Node& Find(const std::string& name) const {
    const auto found =
        std::find_if(graph_.nodes.begin(), graph_.nodes.end(), [&](const Node& node) { return node.name == name; });
    if (found == graph_.nodes.end()) {
      throw Error{ErrorKind::kBadModel, "a state head needs a RetinaFace: there is no node '" + name + "'"};
    }
    return *found;
  }

  // The features that the face scores of this level are read from.
  std::string Level(int level) {
    const Node& scores = Find("ClassHead." + std::to_string(level) + ".conv1x1");
    const std::string features = scores.inputs.at(0);
    const Tensor& weight = graph_.initializers.at(scores.inputs.at(1));
    const int64_t channels = weight.shape.at(1), anchors = weight.shape.at(0) / 2;  // background and face of each
    const std::string name = "StateHead." + std::to_string(level);
    std::string value = Conv(name + ".conv3x3", features, channels, channels, 3);
    value = Add("Relu", name + ".relu", {BatchNorm(name + ".bn", value, channels)});
    value = Conv(name + ".conv1x1", value, channels, anchors * options_.states, 1);
    value = Add("Transpose", name + ".transpose", {value}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    const std::string shape = Constant("shape.states", Tensor::Ints({3}, {0, -1, options_.states}));
    return Add("Reshape", name + ".reshape", {value, shape});
  }

  // "scores" [batch, anchors, 2] is renamed; in its place: background, face times each state.
  void JoinScores(const std::string& states) {
    bool found = false;
    for (Node& node : graph_.nodes) {
      for (std::string& output : node.outputs) {
        if (output != "scores") continue;
        output = "face_scores";
        node.name = "face_scores";
        found = true;
      }
    }
    if (!found) throw Error{ErrorKind::kBadModel, "a state head needs a RetinaFace: there is no value 'scores'"};
    const auto part = [&](const std::string& name, int64_t first) {
      return Add(
          "Slice", name,
          {"face_scores", Constant(name + ".from", Tensor::Ints({1}, {first})),
           Constant(name + ".to", Tensor::Ints({1}, {first + 1})), Constant("scores.axis", Tensor::Ints({1}, {2}))});
    };
    const std::string background = part("background_score", 0), face = part("face_score", 1);
    const std::string joint = Add("Mul", "state_scores", {states, face});
    Add("Concat", "scores", {background, joint}, {{"axis", int64_t{2}}});
    for (ValueInfo& output : graph_.outputs) {
      if (output.name == "scores") output.shape.at(2) = Dim::Fixed(1 + options_.states);
    }
  }

  const StateHeadOptions& options_;
  Graph& graph_;
  Random random_;
};

}  // namespace

void AddStateHead(const StateHeadOptions& options, Graph& graph) { Grafter(options, graph).Graft(); }

}  // namespace maskscope
