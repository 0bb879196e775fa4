#include "explain/cam.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"

namespace maskscope {
namespace {

struct MethodName {
  CamMethod method;
  std::string_view name;
};
constexpr MethodName kNames[] = {
    {CamMethod::kGradCam, "gradcam"},   {CamMethod::kGradCamPlusPlus, "gradcam++"}, {CamMethod::kHiResCam, "hirescam"},
    {CamMethod::kLayerCam, "layercam"}, {CamMethod::kScoreCam, "scorecam"},         {CamMethod::kEigenCam, "eigencam"},
};

// [1, channels, height, width] as channels of cells.
struct Maps {
  explicit Maps(const Tensor& tensor)
      : channels(static_cast<size_t>(tensor.shape.at(1))),
        cells(static_cast<size_t>(tensor.shape.at(2) * tensor.shape.at(3))),
        data(tensor.floats.data()) {}
  std::span<const float> operator[](size_t channel) const { return {data + channel * cells, cells}; }
  size_t channels, cells;
  const float* data;
};

using Sums = std::vector<double>;

void AddWeighted(std::span<const float> plane, double weight, Sums& sums) {
  for (size_t i = 0; i < plane.size(); ++i) sums[i] += weight * plane[i];
}

Sums GradCam(const Maps& activation, const Maps& gradient) {
  Sums sums(activation.cells, 0.0);
  for (size_t c = 0; c < activation.channels; ++c) {
    double mean = 0;
    for (const float g : gradient[c]) mean += g;
    AddWeighted(activation[c], mean / static_cast<double>(activation.cells), sums);
  }
  return sums;
}

// Equation 19 of the paper with the derivatives of exp(score): its factor is common to all and drops out of the map.
Sums GradCamPlusPlus(const Maps& activation, const Maps& gradient) {
  Sums sums(activation.cells, 0.0);
  for (size_t c = 0; c < activation.channels; ++c) {
    double total = 0, weight = 0;
    for (const float a : activation[c]) total += a;
    for (const float value : gradient[c]) {
      const double g = value, square = g * g, divisor = 2 * square + total * square * g;
      if (g > 0 && divisor != 0) weight += square / divisor * g;
    }
    AddWeighted(activation[c], weight, sums);
  }
  return sums;
}

template <typename Weight>
Sums PlaceByPlace(const Maps& activation, const Maps& gradient, Weight weight) {
  Sums sums(activation.cells, 0.0);
  for (size_t c = 0; c < activation.channels; ++c) {
    for (size_t i = 0; i < activation.cells; ++i) sums[i] += weight(gradient[c][i]) * activation[c][i];
  }
  return sums;
}

// Projection of each cell's channels on the first right singular vector of [cells, channels], not centred, as the paper
// has it; its sign is chosen so that the projections sum to 0 or more. Power iteration on the vector of channels.
Sums EigenCam(const Maps& activation) {
  constexpr int kMostRounds = 500;
  std::vector<double> direction(activation.channels, 1.0);
  Sums projection;
  for (int round = 0; round < kMostRounds; ++round) {
    projection.assign(activation.cells, 0.0);
    for (size_t c = 0; c < activation.channels; ++c) AddWeighted(activation[c], direction[c], projection);
    std::vector<double> next(activation.channels, 0.0);
    double length = 0;
    for (size_t c = 0; c < activation.channels; ++c) {
      for (size_t i = 0; i < activation.cells; ++i) next[c] += activation[c][i] * projection[i];
      length += next[c] * next[c];
    }
    if (length == 0) break;
    double change = 0;
    for (size_t c = 0; c < activation.channels; ++c) {
      next[c] /= std::sqrt(length);
      change += std::abs(next[c] - direction[c]);
    }
    direction = std::move(next);
    if (change < 1e-10) break;
  }
  double sum = 0;
  for (const double value : projection) sum += value;
  if (sum < 0) {
    for (double& value : projection) value = -value;
  }
  return projection;
}

CamMap Rectified(const Sums& sums, const Shape& shape) {
  CamMap map{static_cast<int>(shape[3]), static_cast<int>(shape[2]), {}};
  for (const double sum : sums) map.values.push_back(static_cast<float>(std::max(sum, 0.0)));
  return map;
}

double ScoreOf(const RunResult& run, const Score& score) {
  double sum = 0;
  for (const ScoreTerm& term : score) sum += double{term.weight} * run.Get(term.output).data[term.index];
  return sum;
}

// The picture seen through one channel: what the channel does not respond to becomes the mean colour.
std::vector<float> SeenThrough(const CamMap& mask, const float* input, const Shape& shape) {
  std::vector<float> seen(input, input + ElementCount(shape));
  const size_t area = mask.values.size();
  for (size_t i = 0; i < seen.size(); ++i) seen[i] *= mask.values[i % area];
  return seen;
}

// Algorithm 1 of the paper. Its baseline, the score of nothing, is the same for all channels and drops out of the
// softmax. A channel that is the same everywhere masks nothing and has no weight.
CamMap ScoreCam(const Probe& probe, const float* input, const Score& score, const Tensor& activation) {
  const Maps maps(activation);
  const Shape& in = probe.input_shape();
  std::vector<size_t> used;
  std::vector<double> scores;
  for (size_t c = 0; c < maps.channels; ++c) {
    const auto [low, high] = std::minmax_element(maps[c].begin(), maps[c].end());
    if (!(*high > *low)) continue;
    CamMap mask{static_cast<int>(activation.shape[3]), static_cast<int>(activation.shape[2]), {}};
    for (const float a : maps[c]) mask.values.push_back((a - *low) / (*high - *low));
    mask = ResizeCam(mask, static_cast<int>(in[3]), static_cast<int>(in[2]));
    const std::vector<float> seen = SeenThrough(mask, input, in);
    scores.push_back(ScoreOf(probe.Run(seen.data()), score));
    used.push_back(c);
  }
  Sums sums(maps.cells, 0.0);
  if (used.empty()) return Rectified(sums, activation.shape);
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (double& value : scores) total += value = std::exp(value - greatest);
  for (size_t i = 0; i < used.size(); ++i) AddWeighted(maps[used[i]], scores[i] / total, sums);
  return Rectified(sums, activation.shape);
}

}  // namespace

const std::vector<CamMethod>& CamMethods() {
  static const std::vector<CamMethod> methods = [] {
    std::vector<CamMethod> all;
    for (const MethodName& entry : kNames) all.push_back(entry.method);
    return all;
  }();
  return methods;
}

std::string_view CamMethodName(CamMethod method) {
  for (const MethodName& entry : kNames) {
    if (entry.method == method) return entry.name;
  }
  throw Error(ErrorKind::kInternal, "a CAM method without a name");
}

CamMethod ParseCamMethod(const std::string& text) {
  std::vector<std::string> names;
  std::string list;
  for (const MethodName& entry : kNames) {
    if (entry.name == text) return entry.method;
    names.emplace_back(entry.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = NearestWord(text, names);
  throw Error(ErrorKind::kUsage, "method: found '" + text + "', wanted one of " + list +
                                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

bool NeedsGradient(CamMethod method) { return method != CamMethod::kScoreCam && method != CamMethod::kEigenCam; }

bool CamMap::empty() const {
  return std::ranges::none_of(values, [](float value) { return value > 0; });
}

CamMap CamMap::Normalized() const {
  CamMap result = *this;
  if (values.empty()) return result;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const float low = *least, span = *greatest - *least;
  for (float& value : result.values) value = span > 0 ? (value - low) / span : 0;
  return result;
}

CamMap ComputeCam(CamMethod method, const Tensor& activation, const Tensor& gradient) {
  const bool fits = activation.shape.size() == 4 && activation.shape[0] == 1;
  if (!fits || (NeedsGradient(method) && gradient.shape != activation.shape)) {
    throw Error(ErrorKind::kInternal,
                "CAM of activations " + ToString(activation.shape) + " and derivatives " + ToString(gradient.shape));
  }
  const Maps a(activation);
  const Maps g(NeedsGradient(method) ? gradient : activation);
  switch (method) {
    case CamMethod::kGradCam:
      return Rectified(GradCam(a, g), activation.shape);
    case CamMethod::kGradCamPlusPlus:
      return Rectified(GradCamPlusPlus(a, g), activation.shape);
    case CamMethod::kHiResCam:
      return Rectified(PlaceByPlace(a, g, [](double value) { return value; }), activation.shape);
    case CamMethod::kLayerCam:
      return Rectified(PlaceByPlace(a, g, [](double value) { return std::max(value, 0.0); }), activation.shape);
    case CamMethod::kEigenCam:
      return Rectified(EigenCam(a), activation.shape);
    case CamMethod::kScoreCam:
      break;
  }
  throw Error(ErrorKind::kInternal, "Score-CAM needs the network");
}

CamMap ComputeCam(CamMethod method, const Probe& probe, const float* input, const Score& score, const Layer& layer) {
  if (!NeedsGradient(method)) {
    const Tensor activation = ToTensor(probe.Run(input, {layer.value}).Get(layer.value));
    if (method == CamMethod::kEigenCam) return ComputeCam(method, activation, {});
    return ScoreCam(probe, input, score, activation);
  }
  const Probe::Derivatives derived = probe.Differentiate(input, score, {layer.value});
  const Tensor activation = ToTensor(derived.run.Get(layer.value));
  const auto gradient = derived.gradients.find(layer.value);
  if (gradient == derived.gradients.end()) {
    // Nothing came back: either no path leads there, or all that do were closed (ReLU at 0).
    return {static_cast<int>(activation.shape[3]), static_cast<int>(activation.shape[2]),
            std::vector<float>(static_cast<size_t>(activation.shape[2] * activation.shape[3]), 0)};
  }
  return ComputeCam(method, activation, gradient->second);
}

CamMap ResizeCam(const CamMap& map, int width, int height) {
  CamMap result{width, height, std::vector<float>(static_cast<size_t>(width) * static_cast<size_t>(height))};
  const auto place = [](int at, int from, int to) {
    const float x = (static_cast<float>(at) + 0.5f) * static_cast<float>(from) / static_cast<float>(to) - 0.5f;
    return std::clamp(x, 0.0f, static_cast<float>(from - 1));
  };
  for (int y = 0; y < height; ++y) {
    const float fy = place(y, map.height, height);
    const int y0 = static_cast<int>(fy), y1 = std::min(y0 + 1, map.height - 1);
    for (int x = 0; x < width; ++x) {
      const float fx = place(x, map.width, width);
      const int x0 = static_cast<int>(fx), x1 = std::min(x0 + 1, map.width - 1);
      const auto at = [&](int row, int column) { return map.values[static_cast<size_t>(row * map.width + column)]; };
      const float ax = fx - static_cast<float>(x0), ay = fy - static_cast<float>(y0);
      const float top = at(y0, x0) + (at(y0, x1) - at(y0, x0)) * ax;
      const float bottom = at(y1, x0) + (at(y1, x1) - at(y1, x0)) * ax;
      result.values[static_cast<size_t>(y * width + x)] = top + (bottom - top) * ay;
    }
  }
  return result;
}

}  // namespace maskscope
