#include "zoo/weights.h"

#include <functional>
#include <set>
#include <string>

#include "base/error.h"

namespace maskscope {

namespace {

// Tensors that are no weights: shapes, axes and the bounds of activations.
bool IsWeight(const std::string& name, const Tensor& tensor) {
  return tensor.is_float() && !name.starts_with("relu6.") && name != "dropout.ratio";
}

// Collects everything that does not fit, so that one message tells all of it.
class Fitter {
 public:
  Fitter(Graph& graph, const char* what) : graph_(graph), what_(what) {}

  // Puts `tensor` (named `source` in the file) into the initializer `name`.
  void Put(const std::string& source, const std::string& name, const Tensor& tensor) {
    const auto place = graph_.initializers.find(name);
    if (place == graph_.initializers.end()) {
      problems_.Add("extra tensor '" + source + "' " + ToString(tensor.shape));
      return;
    }
    put_.insert(name);
    if (!tensor.is_float() || tensor.shape != place->second.shape) {
      problems_.Add("tensor '" + source + "' is " + std::string(DataTypeName(tensor.type)) + " " +
                    ToString(tensor.shape) + ", the network has float32 " + ToString(place->second.shape));
      return;
    }
    place->second = tensor;
  }

  void RequireAll(const std::function<bool(const std::string&)>& required) {
    for (const auto& [name, tensor] : graph_.initializers) {
      if (IsWeight(name, tensor) && required(name) && !put_.contains(name)) {
        problems_.Add("missing tensor '" + name + "' " + ToString(tensor.shape));
      }
    }
  }

  void Finish() { problems_.ThrowIfAny(ErrorKind::kBadModel, what_); }

 private:
  Graph& graph_;
  const char* what_;
  std::set<std::string> put_;
  Problems problems_;
};

bool IsBody(const std::string& name) { return name.starts_with("body."); }

}  // namespace

void LoadRetinaFace(const std::map<std::string, Tensor>& weights, Graph& graph) {
  // The ImageNet body was published without the detector around it, its names without "body.".
  const bool body_only = weights.contains("stage1.0.0.weight");
  Graph filled = graph;
  Fitter fitter(filled, "RetinaFace weights do not fit");
  const bool landmarks = graph.initializers.contains("LandmarkHead.0.conv1x1.weight");
  for (const auto& [name, tensor] : weights) {
    if (!landmarks && name.starts_with("LandmarkHead.")) continue;
    fitter.Put(name, body_only ? "body." + name : name, tensor);
  }
  fitter.RequireAll([&](const std::string& name) { return !body_only || IsBody(name); });
  fitter.Finish();
  graph = std::move(filled);
}

void LoadMobileNetV2(const std::map<std::string, Tensor>& weights, Graph& graph) {
  Graph filled = graph;
  Fitter fitter(filled, "MobileNetV2 weights do not fit");
  for (const auto& [name, tensor] : weights) {
    const bool is_bias = name.ends_with(".bias");
    fitter.Put(name, is_bias ? name.substr(0, name.size() - 5) + ".bn.shift" : name, tensor);
  }
  fitter.RequireAll([](const std::string& name) {
    return !name.starts_with("classifier.") && (name.ends_with(".weight") || name.ends_with(".bn.shift"));
  });
  fitter.Finish();
  for (const Node& node : filled.nodes) {
    if (node.op != "BatchNormalization") continue;
    const float epsilon = node.Float("epsilon", 1e-5f);
    for (float& value : filled.initializers.at(node.inputs[1]).floats) value = 1.0f;
    for (float& value : filled.initializers.at(node.inputs[3]).floats) value = 0.0f;
    for (float& value : filled.initializers.at(node.inputs[4]).floats) value = 1.0f - epsilon;
  }
  graph = std::move(filled);
}

}  // namespace maskscope
