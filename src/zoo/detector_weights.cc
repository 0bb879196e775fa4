#include "zoo/detector_weights.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"

namespace maskscope {

namespace {

// Takes a tensor out of the map, or nothing.
Tensor Take(NamedTensors& weights, const std::string& name) {
  const auto found = weights.find(name);
  if (found == weights.end()) return {};
  Tensor tensor = std::move(found->second);
  weights.erase(found);
  return tensor;
}

std::string WithoutSuffix(const std::string& name, const std::string& suffix) {
  return name.substr(0, name.size() - suffix.size());
}

// One layer of the res10 detector: normalisation and scale, or the scale of a convolution the normalisation is in.
struct Res10Layer {
  const char* bn;     // prefix of gamma, beta, mean, var; or nullptr
  const char* scale;  // prefix of mul, add: the graph's name
  const char* conv;   // whose bias is the folded BatchNorm; or nullptr
  const char* caffe;  // layer of the BatchNorm in Caffe
};
constexpr std::array<Res10Layer, 10> kRes10Layers{{
    {"data_bn", "data_scale", nullptr, "data_bn"},
    {"conv1_bn_h", "conv1_scale_h", nullptr, "conv1_bn_h"},
    {nullptr, "layer_64_1_scale2_h", "layer_64_1_conv1_h", "layer_64_1_bn2_h"},
    {"layer_128_1_bn1_h", "layer_128_1_scale1_h", nullptr, "layer_128_1_bn1_h"},
    {nullptr, "layer_128_1_scale2", "layer_128_1_conv1_h", "layer_128_1_bn2"},
    {"layer_256_1_bn1", "layer_256_1_scale1", nullptr, "layer_256_1_bn1"},
    {nullptr, "layer_256_1_scale2", "layer_256_1_conv1", "layer_256_1_bn2"},
    {"layer_512_1_bn1", "layer_512_1_scale1", nullptr, "layer_512_1_bn1"},
    {nullptr, "layer_512_1_scale2_h", "layer_512_1_conv1_h", "layer_512_1_bn2_h"},
    {"last_bn_h", "last_scale_h", nullptr, "last_bn_h"},
}};
constexpr float kRes10Epsilon = 1.001e-5f;

bool AllThere(const NamedTensors& weights, const std::vector<std::string>& names) {
  const auto channels = [&](const std::string& name) {
    const auto found = weights.find(name);
    return found == weights.end() || found->second.shape.size() != 1 ? -1 : found->second.shape[0];
  };
  return std::ranges::all_of(
      names, [&](const std::string& name) { return channels(name) >= 0 && channels(name) == channels(names[0]); });
}

void Join(const Res10Layer& layer, NamedTensors& weights) {
  const std::string scale = layer.scale;
  std::vector<std::string> parts{scale + ".mul", scale + ".add"};
  const std::string bn = layer.bn == nullptr ? "" : layer.bn;
  const std::string bias = layer.conv == nullptr ? "" : std::string(layer.conv) + ".bias";
  for (const char* part : {".gamma", ".beta", ".mean", ".var"}) {
    if (!bn.empty()) parts.push_back(bn + part);
  }
  if (!bias.empty()) parts.push_back(bias);
  if (!AllThere(weights, parts)) return;  // the missing and the extra ones will be listed
  Tensor factor = Take(weights, scale + ".mul"), shift = Take(weights, scale + ".add");
  Tensor mean, variance;
  if (bn.empty()) {
    mean = Take(weights, bias);
    for (float& value : mean.floats) value = -value;
    variance = Tensor::Filled(mean.shape, 1 - kRes10Epsilon);
  } else {
    const Tensor gamma = Take(weights, bn + ".gamma"), beta = Take(weights, bn + ".beta");
    for (size_t i = 0; i < factor.floats.size(); ++i) {
      shift.floats[i] += beta.floats[i] * factor.floats[i];
      factor.floats[i] *= gamma.floats[i];
    }
    mean = Take(weights, bn + ".mean");
    variance = Take(weights, bn + ".var");
  }
  weights[scale + ".weight"] = std::move(factor);
  weights[scale + ".bias"] = std::move(shift);
  weights[scale + ".running_mean"] = std::move(mean);
  weights[scale + ".running_var"] = std::move(variance);
}

// Caffe's BatchNorm keeps sums and the number they are sums of: mean, variance, count. `scale` is the layer after it.
void JoinCaffe(const Res10Layer& layer, NamedTensors& blobs) {
  const std::string bn = layer.caffe, scale = layer.scale;
  const auto count = blobs.find(bn + ".2");
  if (!AllThere(blobs, {scale + ".0", scale + ".1", bn + ".0", bn + ".1"}) || count == blobs.end() ||
      count->second.floats.size() != 1) {
    return;
  }
  const float sums = Take(blobs, bn + ".2").floats[0], share = sums == 0 ? 0 : 1 / sums;
  Tensor mean = Take(blobs, bn + ".0"), variance = Take(blobs, bn + ".1");
  for (float& value : mean.floats) value *= share;
  for (float& value : variance.floats) value *= share;
  blobs[scale + ".weight"] = Take(blobs, scale + ".0");
  blobs[scale + ".bias"] = Take(blobs, scale + ".1");
  blobs[scale + ".running_mean"] = std::move(mean);
  blobs[scale + ".running_var"] = std::move(variance);
}

}  // namespace

NamedTensors UnfoldBiases(NamedTensors weights, const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op != "BatchNormalization") continue;
    const bool any = std::any_of(node.inputs.begin() + 1, node.inputs.end(),
                                 [&](const std::string& name) { return weights.contains(name); });
    const Node* conv = graph.FindProducer(node.inputs[0]);
    if (any || conv == nullptr || conv->op != "Conv" || conv->HasInput(2)) continue;
    const std::string suffix = ".weight";
    if (!conv->inputs[1].ends_with(suffix)) continue;
    Tensor bias = Take(weights, WithoutSuffix(conv->inputs[1], suffix) + ".bias");
    if (!bias.is_float() || bias.shape.size() != 1) continue;
    const float epsilon = node.Float("epsilon", 1e-5f);
    weights[node.inputs[1]] = Tensor::Filled(bias.shape, 1.0f);
    weights[node.inputs[3]] = Tensor::Filled(bias.shape, 0.0f);
    weights[node.inputs[4]] = Tensor::Filled(bias.shape, 1.0f - epsilon);
    weights[node.inputs[2]] = std::move(bias);
  }
  return weights;
}

NamedTensors AlignChannels(NamedTensors weights, const Graph& graph) {
  for (auto& [name, tensor] : weights) {
    const Tensor* place = graph.FindInitializer(name);
    if (place == nullptr || tensor.shape.size() != 1) continue;
    if (place->shape == Shape{tensor.shape[0], 1, 1}) tensor.shape = place->shape;
  }
  return weights;
}

NamedTensors Within(NamedTensors weights, const std::string& prefix) {
  NamedTensors inner;
  for (auto& [name, tensor] : weights) {
    if (name.starts_with(prefix)) inner.emplace(name.substr(prefix.size()), tensor);
  }
  return inner.empty() ? weights : inner;
}

NamedTensors YoloV5Names(NamedTensors weights) {
  NamedTensors named;
  for (auto& [name, tensor] : weights) {
    const bool numbered = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) != 0;
    const std::string full = numbered ? "model." + name : name;
    if (full == "model.24.anchors" || full == "model.24.anchor_grid") continue;
    named.emplace(full, std::move(tensor));
  }
  return named;
}

std::array<std::array<float, 6>, 3> YoloV5Anchors(const NamedTensors& weights,
                                                  const std::array<std::array<float, 6>, 3>& fallback) {
  for (const char* name : {"model.24.anchors", "24.anchors"}) {
    const auto found = weights.find(name);
    if (found == weights.end()) continue;
    const Tensor& tensor = found->second;
    if (tensor.shape != Shape{3, 3, 2} || !tensor.is_float()) {
      throw Error{ErrorKind::kBadModel, std::string("tensor '") + name + "' is " + ToString(tensor.shape) +
                                            ", the network has three anchors at three strides: [3, 3, 2]"};
    }
    std::array<std::array<float, 6>, 3> anchors;
    for (size_t level = 0; level < 3; ++level) {
      for (size_t i = 0; i < 6; ++i) anchors[level][i] = tensor.floats[6 * level + i] * static_cast<float>(8 << level);
    }
    return anchors;
  }
  return fallback;
}

NamedTensors Res10SsdNames(NamedTensors weights) {
  for (const Res10Layer& layer : kRes10Layers) Join(layer, weights);
  return weights;
}

NamedTensors Res10CaffeNames(NamedTensors blobs) {
  for (const Res10Layer& layer : kRes10Layers) JoinCaffe(layer, blobs);
  NamedTensors named;
  for (auto& [name, tensor] : blobs) {
    std::string graph_name = name;
    if (name == "conv4_3_norm.0") {
      graph_name = "conv4_3_norm.mul";
    } else if (name.ends_with(".0")) {
      graph_name = WithoutSuffix(name, ".0") + ".weight";
    } else if (name.ends_with(".1")) {
      graph_name = WithoutSuffix(name, ".1") + ".bias";
    }
    named.emplace(graph_name, std::move(tensor));
  }
  return named;
}

}  // namespace maskscope
