#include "zoo/weights.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "base/error.h"
#include "graph/cost.h"

namespace maskscope {

namespace {

// What a file of weights must hold: everything learned and the statistics of BatchNormalization, but no shapes, axes
// and bounds of activations.
std::set<std::string> WeightNames(const Graph& graph) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor* tensor = graph.FindInitializer(node.inputs[i]);
      if (tensor == nullptr) continue;
      const bool statistic = node.op == "BatchNormalization" && i >= 3;
      if (statistic || IsLearned(node, i, *tensor)) names.insert(node.inputs[i]);
    }
  }
  return names;
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
    for (const std::string& name : WeightNames(graph_)) {
      if (!required(name) || put_.contains(name)) continue;
      problems_.Add("missing tensor '" + name + "' " + ToString(graph_.initializers.at(name).shape));
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

namespace {

// Makes every BatchNormalization add its shift and nothing else.
void NeutraliseBatchNorm(Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op != "BatchNormalization") continue;
    const float epsilon = node.Float("epsilon", 1e-5f);
    for (float& value : graph.initializers.at(node.inputs[1]).floats) value = 1.0f;
    for (float& value : graph.initializers.at(node.inputs[3]).floats) value = 0.0f;
    for (float& value : graph.initializers.at(node.inputs[4]).floats) value = 1.0f - epsilon;
  }
}

bool IsClassifier(const std::string& name) { return name.starts_with("classifier."); }

// The classifier is loaded where it is for as many classes as the graph, and may be absent.
void LoadFolded(const std::map<std::string, Tensor>& weights, const char* what, Graph& graph) {
  const auto given = weights.find("classifier.weight");
  const Tensor* own = graph.FindInitializer("classifier.weight");
  const bool same_classes = given != weights.end() && own != nullptr && given->second.shape == own->shape;
  Graph filled = graph;
  Fitter fitter(filled, what);
  for (const auto& [name, tensor] : weights) {
    if (IsClassifier(name)) {
      if (same_classes) fitter.Put(name, name, tensor);
      continue;
    }
    const bool is_bias = name.ends_with(".bias");
    fitter.Put(name, is_bias ? name.substr(0, name.size() - 5) + ".bn.shift" : name, tensor);
  }
  fitter.RequireAll([](const std::string& name) {
    return !IsClassifier(name) && (name.ends_with(".weight") || name.ends_with(".bn.shift"));
  });
  fitter.Finish();
  NeutraliseBatchNorm(filled);
  graph = std::move(filled);
}

}  // namespace

void LoadMobileNetV2(const std::map<std::string, Tensor>& weights, Graph& graph) {
  LoadFolded(weights, "MobileNetV2 weights do not fit", graph);
}

void LoadMobileNetV1(const std::map<std::string, Tensor>& weights, Graph& graph) {
  LoadFolded(weights, "MobileNetV1 weights do not fit", graph);
}

void LoadByName(const std::map<std::string, Tensor>& weights, Graph& graph, const std::vector<std::string>& keep) {
  const auto kept = [&keep](const std::string& name) {
    return std::ranges::any_of(keep, [&](const std::string& module) { return name.starts_with(module + "."); });
  };
  Graph filled = graph;
  Fitter fitter(filled, "the weights do not fit");
  for (const auto& [name, tensor] : weights) {
    if (!name.ends_with(".num_batches_tracked") && !kept(name)) fitter.Put(name, name, tensor);
  }
  fitter.RequireAll([&kept](const std::string& name) { return !kept(name); });
  fitter.Finish();
  graph = std::move(filled);
}

}  // namespace maskscope
