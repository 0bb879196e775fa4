#include "explain/layers.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "explain/gradient_ops.h"

namespace maskscope {
namespace {

bool IsPlaceByPlace(const std::string& op) {
  // ReLU and its like, and sums and products: a value depends on those at its own place alone.
  static const std::set<std::string> squashing = {"Softmax", "Cast"};
  return ElementwiseGradients().contains(op) || squashing.contains(op);
}

// Whether one value of the output is made of several places of the input's map.
bool Widens(const Node& node, const InferredShapes& inferred) {
  if (node.op == "Conv") {
    const Shape& weights = inferred.shapes.at(node.inputs[1]);
    return weights.size() == 4 && weights[2] * weights[3] > 1;
  }
  if (IsPlaceByPlace(node.op) || IsMoving(node.op)) return false;
  return node.op != "Resize";
}

// Which values the score is made of, seen from its end: through moves and place-by-place operators by the numbers of
// the values it reads, so that of a Concat over a detector's levels only the box's own is followed; beyond them, all.
class ScorePaths {
 public:
  ScorePaths(const Graph& graph, const InferredShapes& inferred, const Score& score)
      : graph_(graph), inferred_(inferred) {
    std::set<std::string> data;
    for (const ValueInfo& input : graph.inputs) data.insert(input.name);
    for (const Node& node : graph.nodes) {
      const bool depends = std::ranges::any_of(node.inputs, [&](const std::string& in) { return data.contains(in); });
      if (depends) data.insert(node.outputs.begin(), node.outputs.end());
    }
    data_ = std::move(data);
    for (const ScoreTerm& term : score) {
      Tensor& mask = marks_.try_emplace(term.output, Tensor::Filled(inferred.shapes.at(term.output), 0)).first->second;
      mask.floats[static_cast<size_t>(term.index)] = 1;
    }
  }

  // Calls visit(value, several cells?) for every value that all paths go through, from the score backwards, until it
  // returns false.
  template <typename Visit>
  void ForEachGate(Visit visit) {
    std::map<std::string, bool> open;  // value -> several of its cells count
    for (const auto& [value, mask] : marks_) open[value] = SeveralCells(mask);
    for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend() && !open.empty(); ++node) {
      std::vector<std::string> made;
      for (const std::string& output : node->outputs) {
        if (open.contains(output)) made.push_back(output);
      }
      if (made.empty()) continue;
      if (open.size() == 1 && !visit(*node, made[0], open.begin()->second)) return;
      Follow(*node, made, open);
    }
  }

 private:
  static bool SeveralCells(const Tensor& mask) {
    if (mask.shape.size() != 4) return false;
    const auto area = static_cast<size_t>(mask.shape[2] * mask.shape[3]);
    std::set<size_t> cells;
    for (size_t i = 0; i < mask.floats.size(); ++i) {
      if (mask.floats[i] != 0) cells.insert(i % std::max<size_t>(area, 1));
    }
    return cells.size() > 1;
  }

  void Follow(const Node& node, const std::vector<std::string>& made, std::map<std::string, bool>& open) {
    bool several = false;
    for (const std::string& output : made) several = open.extract(output).mapped() || several;
    const std::vector<Tensor> masks = TraceMarks(node);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const std::string& input = node.inputs[i];
      if (input.empty() || !data_.contains(input)) continue;
      bool cells = several || Widens(node, inferred_);
      if (!masks.empty()) {
        if (masks[i].floats.empty() || std::ranges::all_of(masks[i].floats, [](float m) { return m == 0; })) continue;
        cells = SeveralCells(masks[i]);
        Tensor& known = marks_.try_emplace(input, Tensor::Filled(masks[i].shape, 0)).first->second;
        for (size_t k = 0; k < known.floats.size(); ++k) known.floats[k] += masks[i].floats[k];
      }
      if (masks.empty()) whole_.insert(input);
      open[input] = open[input] || cells;
    }
  }

  // The marks of a node's inputs where its own are known and it only moves values or works place by place.
  std::vector<Tensor> TraceMarks(const Node& node) {
    if (!IsMoving(node.op) && !IsPlaceByPlace(node.op)) return {};
    GradientCall call{node, {}, {}, {}, nullptr, {}, {}};
    for (const std::string& output : node.outputs) {
      if (whole_.contains(output)) return {};
      const auto found = marks_.find(output);
      call.output_gradients.push_back(found == marks_.end() ? nullptr : &found->second);
      call.output_shapes.push_back(output.empty() ? Shape{} : inferred_.shapes.at(output));
    }
    if (std::ranges::all_of(call.output_gradients, [](const Tensor* mask) { return mask == nullptr; })) return {};
    for (const std::string& input : node.inputs) {
      call.input_shapes.push_back(input.empty() ? Shape{} : inferred_.shapes.at(input));
      call.inputs.push_back(input.empty() ? nullptr : graph_.FindInitializer(input));
      call.wanted.push_back(data_.contains(input));
    }
    if (IsMoving(node.op)) return FindGradientRule(node).kernel(call);
    std::vector<Tensor> masks(node.inputs.size());
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (call.wanted[i]) masks[i] = SumTo(call.Gradient(), call.input_shapes[i]);
    }
    return masks;
  }

  const Graph& graph_;
  const InferredShapes& inferred_;
  std::set<std::string> data_;           // values that depend on the input
  std::map<std::string, Tensor> marks_;  // 0 where the score does not look
  std::set<std::string> whole_;          // values of which anything may count
};

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "'" : ", '") + word + "'";
  return text;
}

// Names that contain the word, or begin as it does, or are a slip away; at most five.
std::vector<std::string> NearNames(const std::string& word, const std::vector<Layer>& layers) {
  std::vector<std::string> names, near;
  for (const Layer& layer : layers) names.push_back(layer.node);
  const auto add = [&](const std::string& name) {
    if (near.size() < 5 && !name.empty() && std::ranges::find(near, name) == near.end()) near.push_back(name);
  };
  add(NearestWord(word, names));
  for (const std::string& name : names) {
    if (name.find(word) != std::string::npos || word.find(name) != std::string::npos) add(name);
  }
  for (size_t length = word.size(); near.empty() && length-- > 2;) {
    for (const std::string& name : names) {
      if (name.starts_with(word.substr(0, length))) add(name);
    }
  }
  return near;
}

[[noreturn]] void ThrowNoSpatialLayer() {
  throw Error(ErrorKind::kUnsupported,
              "the network has no spatial layer ([batch, channels, height, width] of more than one cell) to explain it "
              "by");
}

std::optional<int64_t> ParseIndex(const std::string& text) {
  int64_t index = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (code != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return index;
}

}  // namespace

std::vector<Layer> ListLayers(const Graph& graph, const InferredShapes& inferred) {
  std::vector<Layer> layers;
  for (const Node& node : graph.nodes) {
    for (const std::string& output : node.outputs) {
      const auto type = inferred.types.find(output);
      if (output.empty() || type == inferred.types.end() || type->second != DataType::kFloat32) continue;
      layers.push_back({node.name, node.op, output, inferred.shapes.at(output)});
    }
  }
  return layers;
}

std::vector<Layer> ListSpatialLayers(const Graph& graph, const InferredShapes& inferred) {
  std::vector<Layer> layers = ListLayers(graph, inferred);
  std::erase_if(layers, [](const Layer& layer) { return !layer.is_spatial(); });
  return layers;
}

Layer FindLayer(const Graph& graph, const InferredShapes& inferred, const std::string& name) {
  const std::vector<Layer> layers = ListSpatialLayers(graph, inferred);
  if (layers.empty()) ThrowNoSpatialLayer();
  for (const Layer& layer : layers) {
    if (layer.node == name || layer.value == name) return layer;
  }
  const auto count = static_cast<int64_t>(layers.size());
  if (const std::optional<int64_t> index = ParseIndex(name)) {
    if (*index >= -count && *index < count) return layers[static_cast<size_t>(*index < 0 ? *index + count : *index)];
    throw Error(ErrorKind::kUsage, "layer " + name + ": the network has " + std::to_string(count) +
                                       " spatial layers, numbered 0 to " + std::to_string(count - 1) +
                                       " (or -1, the last, and so on)");
  }
  const std::vector<std::string> near = NearNames(name, layers);
  throw Error(ErrorKind::kUsage, "there is no spatial layer '" + name + "'" +
                                     (near.empty() ? "" : "; near are " + Join(near)) +
                                     " (maskscope explain features MODEL lists all " + std::to_string(count) + ")");
}

Layer ChooseLayer(const Graph& graph, const InferredShapes& inferred, const Score& score) {
  std::optional<Layer> coarse, chosen;
  ScorePaths(graph, inferred, score).ForEachGate([&](const Node& node, const std::string& value, bool several) {
    const Layer layer{node.name, node.op, value, inferred.shapes.at(value)};
    if (!layer.is_spatial() || !several) return true;
    if (!coarse) coarse = layer;
    if (std::min(layer.shape[2], layer.shape[3]) < kLeastMapSide) return true;
    chosen = layer;
    return false;
  });
  if (chosen) return *chosen;
  if (coarse) return *coarse;
  ThrowNoSpatialLayer();
}

}  // namespace maskscope
