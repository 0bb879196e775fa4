#include "explain/feature_maps.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/error.h"
#include "image/contact_sheet.h"
#include "image/draw.h"

namespace maskscope {
namespace {

uint8_t ToByte(float share) { return static_cast<uint8_t>(std::lround(255 * std::clamp(share, 0.0f, 1.0f))); }

// Small pictures are shown with hard cells: what the network has, not what interpolation adds.
Image Enlarge(const Image& image, int side) {
  const int factor = std::max(1, side / std::max(image.width, image.height));
  Image large(image.width * factor, image.height * factor);
  for (int y = 0; y < large.height; ++y) {
    for (int x = 0; x < large.width; ++x) {
      std::copy_n(image.row(y / factor) + 3 * (x / factor), 3, large.row(y) + 3 * x);
    }
  }
  return large;
}

Image DrawPlane(std::span<const float> plane, int width, int height) {
  const auto [low, high] = std::minmax_element(plane.begin(), plane.end());
  Image image(width, height);
  for (size_t i = 0; i < plane.size(); ++i) {
    const uint8_t value = *high > *low ? ToByte((plane[i] - *low) / (*high - *low)) : 127;
    std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, value);
  }
  return image;
}

const Tensor& FirstFilters(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.op != "Conv") continue;
    const Tensor* weights = node.inputs.size() > 1 ? graph.FindInitializer(node.inputs[1]) : nullptr;
    if (weights != nullptr && weights->shape.size() == 4) return *weights;
  }
  throw Error(ErrorKind::kUnsupported, "the network has no convolution whose filters could be drawn");
}

}  // namespace

void GridOptions::Validate() const {
  Problems problems;
  problems.Require(most >= 1 && most <= 4096, "most", std::to_string(most), "1 to 4096");
  problems.Require(columns >= 1 && columns <= 64, "columns", std::to_string(columns), "1 to 64");
  problems.Require(tile >= 16 && tile <= 1024, "tile", std::to_string(tile), "16 to 1024");
  problems.ThrowIfAny(ErrorKind::kUsage, "grid options");
}

Image DrawFeatureMaps(const Tensor& activation, const GridOptions& options) {
  options.Validate();
  const auto height = static_cast<int>(activation.shape.at(2)), width = static_cast<int>(activation.shape.at(3));
  const size_t area = static_cast<size_t>(width) * static_cast<size_t>(height);
  const auto channels = std::min<int64_t>(activation.shape.at(1), options.most);
  std::vector<SheetTile> tiles;
  for (int64_t c = 0; c < channels; ++c) {
    const std::span<const float> plane(activation.floats.data() + static_cast<size_t>(c) * area, area);
    tiles.push_back({Enlarge(DrawPlane(plane, width, height), options.tile), {std::to_string(c)}});
  }
  return MakeContactSheet(tiles, options.columns, options.tile);
}

Image DrawFirstFilters(const Graph& graph, bool bgr, const GridOptions& options) {
  options.Validate();
  const Tensor& weights = FirstFilters(graph);
  const auto height = static_cast<int>(weights.shape[2]), width = static_cast<int>(weights.shape[3]);
  const size_t area = static_cast<size_t>(width) * static_cast<size_t>(height);
  const auto in = static_cast<size_t>(weights.shape[1]);
  const bool in_colour = in == 3;
  float largest = std::numeric_limits<float>::min();
  for (const float w : weights.floats) largest = std::max(largest, std::abs(w));
  std::vector<SheetTile> tiles;
  for (size_t o = 0; o < static_cast<size_t>(std::min<int64_t>(weights.shape[0], options.most)); ++o) {
    Image image(width, height);
    const float* filter = weights.floats.data() + o * in * area;
    for (size_t i = 0; i < area; ++i) {
      for (size_t channel = 0; channel < 3; ++channel) {
        float value = 0;
        if (in_colour) {
          value = filter[(bgr ? 2 - channel : channel) * area + i];
        } else {
          for (size_t c = 0; c < in; ++c) value += filter[c * area + i] / static_cast<float>(in);
        }
        image.pixels[3 * i + channel] = ToByte(0.5f + 0.5f * value / largest);
      }
    }
    tiles.push_back({Enlarge(image, options.tile), {std::to_string(o)}});
  }
  return MakeContactSheet(tiles, options.columns, options.tile);
}

ActivationCounter::ActivationCounter(const Probe& probe) : probe_(probe) {
  for (Layer& layer : ListLayers(probe.graph(), probe.inferred())) {
    ActivationStats stats;
    stats.least = std::numeric_limits<double>::infinity();
    stats.greatest = -stats.least;
    stats.channels = layer.shape.size() >= 2 ? layer.shape[1] : 1;
    is_alive_.emplace_back(static_cast<size_t>(stats.channels), false);
    stats.layer = std::move(layer);
    stats_.push_back(std::move(stats));
  }
}

void ActivationCounter::Add(const float* input) {
  std::vector<std::string> taps;
  for (const ActivationStats& stats : stats_) taps.push_back(stats.layer.value);
  const RunResult run = probe_.Run(input, taps);
  for (size_t l = 0; l < stats_.size(); ++l) {
    ActivationStats& stats = stats_[l];
    const TensorView& view = run.Get(stats.layer.value);
    const auto count = static_cast<size_t>(view.size()), channels = static_cast<size_t>(stats.channels);
    const size_t inner = std::max<size_t>(1, count / std::max<size_t>(1, channels));
    double zeros = 0;
    for (size_t i = 0; i < count; ++i) {
      const double value = view.data[i];
      stats.least = std::min(stats.least, value);
      stats.greatest = std::max(stats.greatest, value);
      stats.mean += value;
      stats.deviation += value * value;
      zeros += value == 0;
      if (value != 0) is_alive_[l][i / inner % channels] = true;
    }
    stats.zeros += zeros;
    stats.count += static_cast<int64_t>(count);
  }
}

std::vector<ActivationStats> ActivationCounter::Result() const {
  std::vector<ActivationStats> result = stats_;
  for (size_t l = 0; l < result.size(); ++l) {
    ActivationStats& stats = result[l];
    if (stats.count == 0) {
      stats.least = stats.mean = stats.deviation = stats.greatest = stats.zeros =
          std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    const auto count = static_cast<double>(stats.count);
    stats.mean /= count;
    stats.deviation = std::sqrt(std::max(0.0, stats.deviation / count - stats.mean * stats.mean));
    stats.zeros /= count;
    stats.dead = std::ranges::count(is_alive_[l], false);
  }
  return result;
}

namespace {

// The layer's number among the spatial ones, which is counted on; NaN for others.
double NumberOf(const Layer& layer, int64_t& number) {
  return layer.is_spatial() ? static_cast<double>(number++) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Table ActivationTable(const std::vector<ActivationStats>& stats) {
  Table table{"", {"layer", "node", "op", "shape", "min", "mean", "deviation", "max", "zeros", "dead_channels"}, {}};
  int64_t number = 0;
  for (const ActivationStats& one : stats) {
    const Layer& layer = one.layer;
    table.rows.push_back({NumberOf(layer, number), layer.node, layer.op, ToString(layer.shape), one.least, one.mean,
                          one.deviation, one.greatest, one.zeros, static_cast<double>(one.dead)});
  }
  return table;
}

Table LayerTable(const std::vector<Layer>& layers) {
  Table table{"", {"layer", "node", "op", "shape"}, {}};
  int64_t number = 0;
  for (const Layer& layer : layers) {
    table.rows.push_back({NumberOf(layer, number), layer.node, layer.op, ToString(layer.shape)});
  }
  return table;
}

}  // namespace maskscope
