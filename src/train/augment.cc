#include "train/augment.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace maskscope {

namespace {

constexpr double kDegree = std::numbers::pi / 180;

// ITU-T T.81, tables K.1 and K.2.
constexpr std::array<float, 64> kLuminanceTable = {
    16, 11,  10,  16, 24, 40, 51, 61, 12,  12,  14,  19,  26, 58, 60, 55,  14,  13,  16,  24, 40, 57,
    69, 56,  14,  17, 22, 29, 51, 87, 80,  62,  18,  22,  37, 56, 68, 109, 103, 77,  24,  35, 55, 64,
    81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,  112, 100, 103, 99};
constexpr std::array<float, 64> kChrominanceTable = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
                                                     24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
                                                     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                                     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

at::Tensor FromArray(const float* values, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::copy(values, values + tensor.numel(), tensor.data_ptr<float>());
  return tensor;
}

// Orthonormal DCT-II of length 8: rows are frequencies.
const at::Tensor& DctMatrix() {
  static const at::Tensor* const matrix = [] {
    std::array<float, 64> values;
    for (int k = 0; k < 8; ++k) {
      for (int n = 0; n < 8; ++n) {
        const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / 8);
        values[static_cast<size_t>(k * 8 + n)] =
            static_cast<float>(scale * std::cos(std::numbers::pi * (2 * n + 1) * k / 16));
      }
    }
    return new at::Tensor(FromArray(values.data(), {8, 8}));
  }();
  return *matrix;
}

at::Tensor QuantisationTable(const std::array<float, 64>& base, int quality) {
  const double scale = quality < 50 ? 5000.0 / quality : 200.0 - 2.0 * quality;
  std::array<float, 64> table;
  for (size_t i = 0; i < 64; ++i) {
    table[i] = static_cast<float>(std::clamp(std::floor((base[i] * scale + 50) / 100), 1.0, 255.0));
  }
  return FromArray(table.data(), {8, 8});
}

// One plane [height, width] in 0..255, through transform, rounding and back.
at::Tensor QuantisePlane(const at::Tensor& plane, const at::Tensor& table) {
  const int64_t rows = plane.size(0) / 8, columns = plane.size(1) / 8;
  const at::Tensor dct = DctMatrix().to(plane.device());
  const at::Tensor blocks = (plane - 128).view({rows, 8, columns, 8}).permute({0, 2, 1, 3});
  const at::Tensor levels = at::round(at::matmul(at::matmul(dct, blocks), dct.t()) / table) * table;
  const at::Tensor back = at::matmul(at::matmul(dct.t(), levels), dct);
  return back.permute({0, 2, 1, 3}).reshape({rows * 8, columns * 8}) + 128;
}

at::Tensor MultiplyColours(const at::Tensor& picture, const std::vector<float>& matrix) {
  const at::Tensor m = FromArray(matrix.data(), {3, 3}).to(picture.device());
  return at::matmul(m, picture.reshape({3, -1})).reshape(picture.sizes());
}

}  // namespace

at::Tensor JpegArtefacts(const at::Tensor& picture, int quality) {
  static const std::vector<float> to_ycc{0.299f, 0.587f, 0.114f,     -0.168736f, -0.331264f,
                                         0.5f,   0.5f,   -0.418688f, -0.081312f};
  static const std::vector<float> to_rgb{1, 0, 1.402f, 1, -0.344136f, -0.714136f, 1, 1.772f, 0};
  const at::Tensor ycc = MultiplyColours(picture * 255, to_ycc);
  const at::Tensor luminance = QuantisePlane(ycc[0], QuantisationTable(kLuminanceTable, quality).to(picture.device()));
  at::Tensor chroma = ycc.slice(0, 1, 3) + 128;
  const bool halved = picture.size(1) % 16 == 0 && picture.size(2) % 16 == 0;
  if (halved) chroma = at::avg_pool2d(chroma.unsqueeze(0), {2, 2})[0];
  const at::Tensor table = QuantisationTable(kChrominanceTable, quality).to(picture.device());
  chroma = at::stack({QuantisePlane(chroma[0], table), QuantisePlane(chroma[1], table)});
  if (halved) chroma = at::upsample_bilinear2d(chroma.unsqueeze(0), {picture.size(1), picture.size(2)}, false)[0];
  return MultiplyColours(at::cat({luminance.unsqueeze(0), chroma - 128}), to_rgb).div_(255).clamp_(0, 1);
}

at::Tensor Blur(const at::Tensor& picture, double along, double across, double angle) {
  constexpr int kRadius = 4, kSide = 2 * kRadius + 1;
  std::array<float, kSide * kSide> kernel;
  const double c = std::cos(angle), s = std::sin(angle);
  double sum = 0;
  for (int y = -kRadius; y <= kRadius; ++y) {
    for (int x = -kRadius; x <= kRadius; ++x) {
      const double u = (c * x + s * y) / std::max(along, 0.1), v = (c * y - s * x) / std::max(across, 0.1);
      const double value = std::exp(-0.5 * (u * u + v * v));
      kernel[static_cast<size_t>((y + kRadius) * kSide + x + kRadius)] = static_cast<float>(value);
      sum += value;
    }
  }
  const at::Tensor weights = (FromArray(kernel.data(), {1, 1, kSide, kSide}) / sum).to(picture.device());
  const at::Tensor padded = at::replication_pad2d(picture.unsqueeze(1), {kRadius, kRadius, kRadius, kRadius});
  return at::conv2d(padded, weights).squeeze(1);
}

at::Tensor LowerResolution(const at::Tensor& picture, int64_t side) {
  const at::Tensor small = at::adaptive_avg_pool2d(picture.unsqueeze(0), {side, side});
  return at::upsample_bilinear2d(small, {picture.size(1), picture.size(2)}, false)[0];
}

std::vector<float> ColourMatrix(double hue, double saturation, const double gain[3]) {
  // RGB -> YIQ (NTSC, 1953), rotate and scale the IQ plane, back.
  constexpr double to[3][3] = {
      {0.299, 0.587, 0.114}, {0.595716, -0.274453, -0.321263}, {0.211456, -0.522591, 0.311135}};
  constexpr double back[3][3] = {{1, 0.956296, 0.621024}, {1, -0.272122, -0.647381}, {1, -1.106989, 1.704615}};
  const double c = saturation * std::cos(hue), s = saturation * std::sin(hue);
  std::vector<float> matrix(9);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const double turned_i = c * to[1][j] - s * to[2][j], turned_q = s * to[1][j] + c * to[2][j];
      const double value = back[i][0] * to[0][j] + back[i][1] * turned_i + back[i][2] * turned_q;
      matrix[static_cast<size_t>(i * 3 + j)] = static_cast<float>(gain[i] * value);
    }
  }
  return matrix;
}

at::Tensor SampleCrops(const at::Tensor& canvases, double extent, int64_t size, const std::vector<CropJitter>& jitter,
                       const AugmentOptions& options, std::vector<Random>& random) {
  const int64_t batch = canvases.size(0);
  at::Tensor theta = at::empty({batch, 2, 3}, at::kFloat);
  float* t = theta.data_ptr<float>();
  for (int64_t i = 0; i < batch; ++i, t += 6) {
    Random& r = random[static_cast<size_t>(i)];
    const CropJitter& range = jitter[static_cast<size_t>(i)];
    const double scale = std::exp(r.Uniform(std::log(range.smallest), std::log(range.largest))) / extent;
    const double aspect = std::exp(r.Uniform(-options.aspect, options.aspect) / 2);
    const double angle = r.Uniform(-options.rotation, options.rotation) * kDegree * r.Uniform();
    const double mirror = r.Chance(0.5) ? -1 : 1;
    const double sx = scale * aspect, sy = scale / aspect;
    t[0] = static_cast<float>(mirror * sx * std::cos(angle));
    t[1] = static_cast<float>(-sy * std::sin(angle));
    t[2] = static_cast<float>(2 * r.Uniform(-options.shift, options.shift) / extent);
    t[3] = static_cast<float>(mirror * sx * std::sin(angle));
    t[4] = static_cast<float>(sy * std::cos(angle));
    t[5] = static_cast<float>(2 * r.Uniform(-options.shift, options.shift) / extent);
  }
  const at::Tensor grid = at::affine_grid_generator(theta.to(canvases.device()), {batch, 3, size, size}, false);
  // Modes: bilinear, outside repeats the border.
  return at::grid_sampler(canvases.to(at::kFloat).div_(255), grid, 0, 1, false);
}

namespace {

// The picture as a distant, cheap camera would have delivered it: few pixels, compressed, enlarged again.
at::Tensor CameraLoss(at::Tensor picture, const AugmentOptions& options, Random& random) {
  const int64_t size = picture.size(1);
  if (random.Chance(options.blur)) {
    const double along = random.Uniform(0.4, 2.2);
    picture = Blur(picture, along, random.Chance(0.5) ? along : random.Uniform(0.3, along),
                   random.Uniform(0, std::numbers::pi));
  }
  const bool jpeg = random.Chance(options.jpeg);
  const int quality = random.Int(25, 92);
  if (!random.Chance(options.low_resolution)) return jpeg ? JpegArtefacts(picture, quality) : picture;
  const double side = std::exp(random.Uniform(std::log(options.least_side), std::log(static_cast<double>(size))));
  int64_t pixels = std::clamp<int64_t>(std::llround(side), 4, size);
  if (!jpeg) return LowerResolution(picture, pixels);
  pixels = (pixels + 7) / 8 * 8;
  const at::Tensor small = at::adaptive_avg_pool2d(picture.unsqueeze(0), {pixels, pixels})[0];
  // Few pixels and strong quantisation together leave nothing to see.
  const at::Tensor coded = JpegArtefacts(small, std::max(quality, pixels < 48 ? 60 : 25));
  return at::upsample_bilinear2d(coded.unsqueeze(0), {size, size}, false)[0];
}

at::Tensor ChangeColours(const at::Tensor& picture, const AugmentOptions& options, Random& random) {
  const double strength = options.colour;
  double gain[3];
  for (double& g : gain) g = std::exp(strength * random.Uniform(-0.12, 0.12));
  const double saturation = random.Chance(options.grey) ? 0 : 1 + strength * random.Uniform(-0.45, 0.45);
  const double hue = strength * random.Uniform(-10, 10) * kDegree;
  at::Tensor result = MultiplyColours(picture, ColourMatrix(hue, saturation, gain));
  const double contrast = std::exp(strength * random.Uniform(-0.35, 0.35));
  const double brightness = strength * random.Uniform(-0.16, 0.16);
  const double middle = result.mean().item<double>();
  result = (result - middle).mul_(contrast).add_(middle + brightness).clamp_(0, 1);
  if (random.Chance(0.3 * strength)) result = result.pow(std::exp(strength * random.Uniform(-0.45, 0.45)));
  return result;
}

void PaintRectangle(at::Tensor& picture, Random& random) {
  const int64_t size = picture.size(1);
  const auto side = [&] { return static_cast<int64_t>(random.Uniform(0.08, 0.33) * static_cast<double>(size)); };
  const int64_t height = side(), width = side();
  const auto y = static_cast<int64_t>(random.Below(static_cast<uint64_t>(size - height + 1)));
  const auto x = static_cast<int64_t>(random.Below(static_cast<uint64_t>(size - width + 1)));
  at::Tensor patch = picture.slice(1, y, y + height).slice(2, x, x + width);
  for (int64_t c = 0; c < 3; ++c) patch[c].fill_(random.Uniform());
}

}  // namespace

at::Tensor DegradeAndColour(const at::Tensor& pictures, const AugmentOptions& options, std::vector<Random>& random) {
  std::vector<at::Tensor> results;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    Random& r = random[static_cast<size_t>(i)];
    at::Tensor picture = ChangeColours(CameraLoss(pictures[i], options, r), options, r);
    if (r.Chance(options.noise)) {
      // A generator of its own: the library's global one would give each picture what the threads' order leaves.
      const at::Generator generator = at::detail::createCPUGenerator(r.Next());
      const at::Tensor noise = at::randn(picture.sizes(), generator, at::TensorOptions(at::kFloat));
      picture = picture.add(noise.to(picture.device()), r.Uniform(0.005, 0.06)).clamp_(0, 1);
    }
    if (r.Chance(options.cutout)) PaintRectangle(picture, r);
    results.push_back(picture);
  }
  return at::stack(results);
}

}  // namespace maskscope
