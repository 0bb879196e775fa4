#include "zoo/builder.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace maskscope {

BatchNormNames TorchBatchNormNames(const std::string& module) {
  return {module + ".weight", module + ".bias", module + ".running_mean", module + ".running_var"};
}

BatchNormNames FoldedBatchNormNames(const std::string& conv) {
  const std::string bn = conv + ".bn";
  return {bn + ".scale", bn + ".shift", bn + ".mean", bn + ".variance"};
}

GraphBuilder::GraphBuilder(std::string graph_name, uint64_t seed, bool draw_weights)
    : random_(seed), draw_weights_(draw_weights) {
  graph_.name = std::move(graph_name);
  graph_.inputs.push_back({"input",
                           DataType::kFloat32,
                           {Dim::Symbol("batch"), Dim::Fixed(3), Dim::Symbol("height"), Dim::Symbol("width")}});
}

std::string GraphBuilder::Conv(const std::string& name, const std::string& input, const ConvLayer& layer) {
  const double fan_out = static_cast<double>(layer.kernel) * layer.kernel * layer.out / layer.groups;
  graph_.initializers[name + ".weight"] =
      DrawNormal({layer.out, layer.in / layer.groups, layer.kernel, layer.kernel}, std::sqrt(2.0 / fan_out));
  std::vector<std::string> inputs{input, name + ".weight"};
  if (layer.bias) {
    graph_.initializers[name + ".bias"] = Tensor::Filled({layer.out}, 0.0f);
    inputs.push_back(name + ".bias");
  }
  return Node("Conv", name, inputs,
              {{"kernel_shape", std::vector<int64_t>{layer.kernel, layer.kernel}},
               {"strides", std::vector<int64_t>{layer.stride, layer.stride}},
               {"dilations", std::vector<int64_t>{layer.dilation, layer.dilation}},
               {"pads", layer.pads},
               {"group", int64_t{layer.groups}}});
}

std::string GraphBuilder::BatchNorm(const std::string& name, const std::string& input, int channels,
                                    const BatchNormNames& names, float epsilon) {
  graph_.initializers[names.scale] = Tensor::Filled({channels}, 1.0f);
  graph_.initializers[names.shift] = Tensor::Filled({channels}, 0.0f);
  graph_.initializers[names.mean] = Tensor::Filled({channels}, 0.0f);
  graph_.initializers[names.variance] = Tensor::Filled({channels}, 1.0f);
  return Node("BatchNormalization", name, {input, names.scale, names.shift, names.mean, names.variance},
              {{"epsilon", epsilon}});
}

std::string GraphBuilder::Node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                               std::map<std::string, Attribute> attributes) {
  graph_.nodes.push_back({name, op, inputs, {name}, std::move(attributes)});
  return name;
}

std::vector<std::string> GraphBuilder::Split(const std::string& name, const std::string& input,
                                             const std::vector<int64_t>& lengths, int64_t axis) {
  const auto parts = static_cast<int64_t>(lengths.size());
  graph_.initializers[name + ".lengths"] = Tensor::Ints({parts}, lengths);
  std::vector<std::string> outputs;
  for (int64_t i = 0; i < parts; ++i) outputs.push_back(name + "." + std::to_string(i));
  graph_.nodes.push_back({name, "Split", {input, name + ".lengths"}, outputs, {{"axis", axis}}});
  return outputs;
}

std::vector<std::string> GraphBuilder::Embed(const Graph& network, const std::string& prefix, const std::string& input,
                                             const std::vector<std::string>& values) {
  std::set<std::string> needed(values.begin(), values.end());
  for (auto node = network.nodes.rbegin(); node != network.nodes.rend(); ++node) {
    const bool is_read = std::ranges::any_of(node->outputs, [&](const std::string& o) { return needed.contains(o); });
    if (is_read) needed.insert(node->inputs.begin(), node->inputs.end());
  }
  const auto renamed = [&](const std::string& name) {
    if (name.empty()) return name;
    return name == network.inputs.at(0).name ? input : prefix + name;
  };
  for (const maskscope::Node& node : network.nodes) {
    if (std::ranges::none_of(node.outputs, [&](const std::string& o) { return needed.contains(o); })) continue;
    maskscope::Node& copy = graph_.nodes.emplace_back(node);
    copy.name = prefix + node.name;
    std::ranges::transform(node.inputs, copy.inputs.begin(), renamed);
    std::ranges::transform(node.outputs, copy.outputs.begin(), renamed);
  }
  for (const auto& [name, tensor] : network.initializers) {
    if (needed.contains(name)) graph_.initializers[renamed(name)] = tensor;
  }
  std::vector<std::string> names;
  for (const std::string& value : values) names.push_back(renamed(value));
  return names;
}

std::string GraphBuilder::Constant(const std::string& name, Tensor value) {
  graph_.initializers.emplace(name, std::move(value));
  return name;
}

Tensor GraphBuilder::DrawNormal(Shape shape, double standard_deviation) {
  if (!draw_weights_) return Tensor::Filled(std::move(shape), 0.0f);
  std::vector<float> values(static_cast<size_t>(ElementCount(shape)));
  for (float& value : values) value = static_cast<float>(standard_deviation * random_.Normal());
  return Tensor::Floats(std::move(shape), std::move(values));
}

void GraphBuilder::Output(const std::string& value, std::vector<Dim> shape) {
  graph_.outputs.push_back({value, DataType::kFloat32, std::move(shape)});
}

Graph GraphBuilder::Finish() {
  SortAndCheck(graph_, graph_.name);
  return std::move(graph_);
}

}  // namespace maskscope
