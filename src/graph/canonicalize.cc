#include "graph/canonicalize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/operator_schema.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace maskscope {
namespace {

using shape_rules::Fail;
using shape_rules::Refuse;

Tensor IntVector(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return Tensor::Ints({count}, std::move(values));
}

class Canonicalizer {
 public:
  Canonicalizer(Graph& graph, int opset) : graph_(graph), opset_(opset) {
    for (const ValueInfo& input : graph.inputs) names_.insert(input.name);
    for (const auto& [name, tensor] : graph.initializers) names_.insert(name);
    for (const Node& node : graph.nodes) {
      names_.insert(node.outputs.begin(), node.outputs.end());
      node_names_.insert(node.name);
    }
  }

  void Run() {
    LiftConstants();
    for (Node& node : graph_.nodes) Rewrite(node);
    if (opset_ < 13) RewriteSoftmax();
  }

 private:
  // An attribute taken out of a node.
  template <typename T>
  static T Take(Node& node, const char* key, T fallback) {
    const auto found = node.attributes.find(key);
    if (found == node.attributes.end()) return fallback;
    T value = std::get<T>(std::move(found->second));  // CheckAttributes has seen the type
    node.attributes.erase(found);
    return value;
  }

  static std::string Unused(std::unordered_set<std::string>& used, const std::string& wish) {
    std::string name = wish;
    for (int i = 2; !used.insert(name).second; ++i) name = wish + "_" + std::to_string(i);
    return name;
  }

  std::string AddConstant(const Node& node, const char* suffix, Tensor value) {
    const std::string name = Unused(names_, node.name + "." + suffix);
    graph_.initializers[name] = std::move(value);
    return name;
  }

  void SetInput(Node& node, size_t index, std::string value) {
    if (node.inputs.size() <= index) node.inputs.resize(index + 1);
    node.inputs[index] = std::move(value);
  }

  // A list that used to be an attribute and is now input `index`.
  void ListToInput(Node& node, const char* key, size_t index) {
    if (!node.has(key)) return;
    if (node.HasInput(index)) Fail(node, std::string("'") + key + "' is given both as attribute and as input");
    SetInput(node, index, AddConstant(node, key, IntVector(Take<std::vector<int64_t>>(node, key, {}))));
  }

  static Tensor ConstantValue(Node& node) {
    if (node.has("value")) return Take<Tensor>(node, "value", {});
    if (node.has("value_float")) return Tensor::Floats({}, {Take<float>(node, "value_float", 0)});
    if (node.has("value_int")) return Tensor::Ints({}, {Take<int64_t>(node, "value_int", 0)});
    if (node.has("value_ints")) return IntVector(Take<std::vector<int64_t>>(node, "value_ints", {}));
    if (!node.has("value_floats")) Fail(node, "it has no value");
    std::vector<float> values = Take<std::vector<float>>(node, "value_floats", {});
    const auto count = static_cast<int64_t>(values.size());
    return Tensor::Floats({count}, std::move(values));
  }

  void LiftConstants() {
    for (Node& node : graph_.nodes) {
      CheckAttributes(node);
      if (node.op != "Constant") continue;
      if (node.outputs.size() != 1 || node.outputs[0].empty()) Fail(node, "wanted one output");
      graph_.initializers[node.outputs[0]] = ConstantValue(node);
    }
    std::erase_if(graph_.nodes, [](const Node& node) { return node.op == "Constant"; });
  }

  void Rewrite(Node& node) {
    using Rewriter = void (Canonicalizer::*)(Node&);
    static const std::unordered_map<std::string, Rewriter> rewriters = {
        {"BatchNormalization", &Canonicalizer::BatchNormalization},
        {"Cast", &Canonicalizer::Cast},
        {"Clip", &Canonicalizer::Clip},
        {"Dropout", &Canonicalizer::Dropout},
        {"MaxPool", &Canonicalizer::MaxPool},
        {"Pad", &Canonicalizer::Pad},
        {"ReduceSum", &Canonicalizer::AxesToInput},
        {"Resize", &Canonicalizer::Resize},
        {"Slice", &Canonicalizer::Slice},
        {"Split", &Canonicalizer::Split},
        {"Squeeze", &Canonicalizer::AxesToInput},
        {"Unsqueeze", &Canonicalizer::AxesToInput},
        {"Upsample", &Canonicalizer::Upsample},
    };
    if (const auto found = rewriters.find(node.op); found != rewriters.end()) (this->*found->second)(node);
    // Trailing absent inputs and outputs say nothing.
    while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
    while (node.outputs.size() > 1 && node.outputs.back().empty()) node.outputs.pop_back();
  }

  void AxesToInput(Node& node) { ListToInput(node, "axes", 1); }
  void Split(Node& node) { ListToInput(node, "split", 1); }

  void Slice(Node& node) {
    ListToInput(node, "starts", 1);
    ListToInput(node, "ends", 2);
    ListToInput(node, "axes", 3);
  }

  void BatchNormalization(Node& node) {
    if (Take<int64_t>(node, "training_mode", 0) != 0)
      Refuse(node, "training_mode 1, wanted a model exported for inference");
    if (Take<int64_t>(node, "spatial", 1) != 1) Refuse(node, "spatial 0");
  }

  void MaxPool(Node& node) {
    node.attributes.erase("storage_order");
  }  // only orders the indices output, which is refused later

  void Cast(Node& node) {
    if (shape_rules::TypeOfNumber(node, node.Int("to", 0)) == DataType::kFloat32) node.attributes["to"] = int64_t{1};
  }

  void Clip(Node& node) {
    // The attributes' defaults are the largest floats, which bound nothing.
    constexpr float kMost = std::numeric_limits<float>::max();
    const float low = Take<float>(node, "min", -kMost), high = Take<float>(node, "max", kMost);
    if (std::isnan(low) || std::isnan(high)) Fail(node, "a bound is not a number");
    if (low > -kMost) SetInput(node, 1, AddConstant(node, "min", Tensor::Floats({}, {low})));
    if (high < kMost) SetInput(node, 2, AddConstant(node, "max", Tensor::Floats({}, {high})));
  }

  void Dropout(Node& node) {
    if (!node.has("ratio")) return;
    SetInput(node, 1, AddConstant(node, "ratio", Tensor::Floats({}, {Take<float>(node, "ratio", 0.5f)})));
  }

  void Pad(Node& node) {
    ListToInput(node, "pads", 1);
    if (!node.has("value")) return;
    const float value = Take<float>(node, "value", 0);
    if (value != 0) SetInput(node, 2, AddConstant(node, "value", Tensor::Floats({}, {value})));
  }

  // Scales or sizes of no values are an older way to say that they are not given.
  void DropEmpty(Node& node, size_t index) {
    const Tensor* tensor = node.HasInput(index) ? graph_.FindInitializer(node.inputs[index]) : nullptr;
    if (tensor != nullptr && ElementCount(tensor->shape) == 0) node.inputs[index].clear();
  }

  // Coordinates of Upsample and of opset 10's Resize.
  static void ImplyCoordinates(Node& node) {
    node.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
    node.attributes["nearest_mode"] = std::string("floor");
  }

  void Upsample(Node& node) {
    node.op = "Resize";
    if (node.has("scales")) {
      std::vector<float> scales = Take<std::vector<float>>(node, "scales", {});
      const auto count = static_cast<int64_t>(scales.size());
      SetInput(node, 1, AddConstant(node, "scales", Tensor::Floats({count}, std::move(scales))));
    }
    if (node.String("mode", "nearest") == "bilinear") node.attributes["mode"] = std::string("linear");
    ScalesOnly(node);
  }

  void ScalesOnly(Node& node) {
    if (node.inputs.size() != 2) Fail(node, std::to_string(node.inputs.size()) + " inputs, wanted values and scales");
    node.inputs = {node.inputs[0], "", node.inputs[1]};
    ImplyCoordinates(node);
  }

  void Resize(Node& node) {
    if (opset_ < 11) return ScalesOnly(node);
    const std::string mode = node.String("mode", "nearest");
    if (mode != "nearest" && mode != "linear") Refuse(node, "mode '" + mode + "', wanted nearest or linear");
    const std::string place = node.String("coordinate_transformation_mode", "half_pixel");
    if (place == "tf_crop_and_resize" || place == "tf_half_pixel_for_nn") {
      Refuse(node, "coordinate_transformation_mode '" + place + "'");
    }
    if (node.Int("exclude_outside", 0) != 0) Refuse(node, "exclude_outside 1");
    // These concern modes refused above: cropping and cubic interpolation.
    for (const char* key : {"exclude_outside", "cubic_coeff_a", "extrapolation_value"}) node.attributes.erase(key);
    if (node.inputs.size() > 1) node.inputs[1].clear();
    DropEmpty(node, 2);
    DropEmpty(node, 3);
  }

  bool SoftmaxIsOverLastAxis(const Node& node, const std::map<std::string, Shape>& shapes) const {
    const int64_t axis = node.Int("axis", 1);
    if (axis == -1) return true;
    const auto shape = node.inputs.empty() ? shapes.end() : shapes.find(node.inputs[0]);
    return shape != shapes.end() && axis == static_cast<int64_t>(shape->second.size()) - 1;
  }

  // Shapes for some size of the inputs; empty where none of the sizes tried goes through. Only the ranks are of use.
  std::map<std::string, Shape> SomeShapes() {
    for (const int64_t side : {64, 224, 300, 320, 416, 640, 32, 512}) {
      InputShapes inputs;
      for (const ValueInfo& info : graph_.inputs) {
        for (size_t i = 0; i < info.shape.size(); ++i) {
          const int64_t guess = i == 0 ? 1 : side;
          inputs[info.name].push_back(info.shape[i].value >= 0 ? info.shape[i].value : guess);
        }
      }
      try {
        return InferShapes(graph_, inputs).shapes;
      } catch (const Error&) {
        continue;  // a size this network cannot take
      }
    }
    return {};
  }

  void RewriteSoftmax() {
    const auto needs_rank = [](const Node& node) { return node.op == "Softmax" && node.Int("axis", 1) != -1; };
    std::map<std::string, Shape> shapes;
    if (std::ranges::any_of(graph_.nodes, needs_rank)) shapes = SomeShapes();
    std::vector<Node> nodes;
    for (Node& node : graph_.nodes) {
      if (node.op != "Softmax") {
        nodes.push_back(std::move(node));
      } else if (SoftmaxIsOverLastAxis(node, shapes)) {
        node.attributes["axis"] = int64_t{-1};
        nodes.push_back(std::move(node));
      } else {
        FlattenAround(std::move(node), nodes);
      }
    }
    graph_.nodes = std::move(nodes);
  }

  void FlattenAround(Node softmax, std::vector<Node>& nodes) {
    if (softmax.inputs.size() != 1 || softmax.outputs.size() != 1) Fail(softmax, "wanted one input and one output");
    const std::string input = softmax.inputs[0], output = softmax.outputs[0], name = softmax.name;
    const std::string flat = Unused(names_, name + ".flat"), done = Unused(names_, name + ".done");
    const std::string shape = Unused(names_, name + ".shape");
    nodes.push_back(
        {Unused(node_names_, name + ".flatten"), "Flatten", {input}, {flat}, {{"axis", softmax.Int("axis", 1)}}});
    softmax.inputs = {flat};
    softmax.outputs = {done};
    softmax.attributes["axis"] = int64_t{-1};
    nodes.push_back(std::move(softmax));
    nodes.push_back({Unused(node_names_, name + ".shape"), "Shape", {input}, {shape}, {}});
    nodes.push_back({Unused(node_names_, name + ".reshape"), "Reshape", {done, shape}, {output}, {}});
  }

  Graph& graph_;
  const int opset_;
  std::unordered_set<std::string> names_, node_names_;
};

}  // namespace

void Canonicalize(Graph& graph, int opset) { Canonicalizer(graph, opset).Run(); }

}  // namespace maskscope
