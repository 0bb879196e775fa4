#ifndef MASKSCOPE_ENGINE_KERNELS_TEST_REFERENCE_H_
#define MASKSCOPE_ENGINE_KERNELS_TEST_REFERENCE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"

// For the tests of the kernels: plain NCHW tensors, the plain convolution they are compared with, and random shapes.
namespace maskscope::kernels::test {

struct Plain {
  int batch = 1, channels = 1, height = 1, width = 1;
  std::vector<float> data;
  Plain() = default;
  Plain(int n, int c, int h, int w)
      : batch(n), channels(c), height(h), width(w), data(static_cast<size_t>(n) * c * h * w, 0.f) {}
  float& at(int n, int c, int y, int x) {
    return data[((static_cast<size_t>(n) * channels + c) * height + y) * width + x];
  }
  float at(int n, int c, int y, int x) const { return const_cast<Plain*>(this)->at(n, c, y, x); }
};

class Dice {
 public:
  explicit Dice(unsigned seed) : generator_(seed) {}
  int Int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }
  template <typename T>
  T Pick(std::initializer_list<T> options) {
    return options.begin()[Int(0, static_cast<int>(options.size()) - 1)];
  }
  std::vector<float> Floats(int64_t n) {
    std::vector<float> values(static_cast<size_t>(n));
    std::normal_distribution<float> normal;
    for (float& v : values) v = normal(generator_);
    return values;
  }
  // Scaled so that a sum of `terms` of them keeps the size of what goes in.
  std::vector<float> Weights(int64_t n, int terms) {
    std::vector<float> values = Floats(n);
    for (float& v : values) v /= std::sqrt(static_cast<float>(terms));
    return values;
  }
  Plain Tensor(int n, int c, int h, int w) {
    Plain tensor(n, c, h, w);
    tensor.data = Floats(static_cast<int64_t>(tensor.data.size()));
    return tensor;
  }
  Activation AnyActivation() {
    return Pick<Activation>({Activation::None(), Activation::Relu(), Activation::Relu6(), Activation::Leaky(0.1f),
                             Activation::Clip(-0.5f, 0.7f), Activation::Swish(), Activation::HardSwish()});
  }

 private:
  std::mt19937 generator_;
};

// To bf16, to nearest, ties to even; not for NaN.
inline float Rounded(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
}
inline std::vector<float> Rounded(std::vector<float> values) {
  for (float& v : values) v = Rounded(v);
  return values;
}
inline Plain Rounded(Plain x) {
  x.data = Rounded(std::move(x.data));
  return x;
}
// What a 1x1 convolution multiplies.
template <typename Values>
Values AsMultiplied(const Values& values, Products products) {
  return products == Products::kBf16 ? Rounded(values) : values;
}

inline double Apply(const Activation& a, double x) {
  if (a.kind == Activation::Kind::kClip) return std::min<double>(a.high, std::max<double>(a.low, x));
  if (a.kind == Activation::Kind::kLeaky) return x < 0 ? x * a.slope : x;
  if (a.kind == Activation::Kind::kSwish) return x / (1 + std::exp(-x));
  if (a.kind == Activation::Kind::kHardSwish) return x * std::min(1.0, std::max(0.0, x / 6 + 0.5));
  return x;
}

// Convolution with weights [out][in / groups][kernel][kernel].
struct ConvShape {
  int out_channels, kernel, stride, pad_top, pad_left, out_height, out_width, groups;
};
inline Plain ReferenceConv(const Plain& x, const std::vector<float>& weights, const std::vector<float>& bias,
                           const ConvShape& s, const Activation& activation) {
  Plain y(x.batch, s.out_channels, s.out_height, s.out_width);
  const int in_group = x.channels / s.groups, out_group = s.out_channels / s.groups;
  for (int n = 0; n < x.batch; ++n)
    for (int o = 0; o < s.out_channels; ++o)
      for (int oy = 0; oy < s.out_height; ++oy)
        for (int ox = 0; ox < s.out_width; ++ox) {
          double sum = bias.empty() ? 0 : bias[o];
          for (int i = 0; i < in_group; ++i)
            for (int ky = 0; ky < s.kernel; ++ky)
              for (int kx = 0; kx < s.kernel; ++kx) {
                const int iy = oy * s.stride - s.pad_top + ky, ix = ox * s.stride - s.pad_left + kx;
                if (iy < 0 || iy >= x.height || ix < 0 || ix >= x.width) continue;
                sum += double{weights[((static_cast<size_t>(o) * in_group + i) * s.kernel + ky) * s.kernel + kx]} *
                       x.at(n, o / out_group * in_group + i, iy, ix);
              }
          y.at(n, o, oy, ox) = static_cast<float>(Apply(activation, sum));
        }
  return y;
}

// A blocked copy; the padding channels hold garbage, as they may. `side_by_side` is the other batch layout.
class Blocked {
 public:
  Blocked(const Plain& x, bool side_by_side) : shape_(x.batch, x.channels, x.height, x.width) {
    const int64_t image = int64_t{16} * x.height * x.width;
    const int blocks = BlocksOf(x.channels);
    block_stride_ = side_by_side ? image * x.batch : image;
    batch_stride_ = side_by_side ? image : image * blocks;
    data_.assign(static_cast<size_t>(image * blocks * x.batch + kGuard), kMark);
    for (int n = 0; n < x.batch; ++n)
      for (int c = 0; c < blocks * 16; ++c)
        for (int p = 0; p < x.height * x.width; ++p)
          data_[Index(n, c, p)] = c < x.channels ? x.at(n, c, p / x.width, p % x.width) : 1e3f;
  }
  Blocked(int n, int c, int h, int w, bool side_by_side) : Blocked(Plain(n, c, h, w), side_by_side) {
    std::fill(data_.begin(), data_.end(), kMark);
  }
  BlockedIn In() const { return {data_.data(), block_stride_, batch_stride_}; }
  BlockedOut Out() { return {data_.data(), block_stride_, batch_stride_}; }

  Plain ToPlain() const {
    Plain y = shape_;
    for (int n = 0; n < y.batch; ++n)
      for (int c = 0; c < y.channels; ++c)
        for (int p = 0; p < y.height * y.width; ++p) y.at(n, c, p / y.width, p % y.width) = data_[Index(n, c, p)];
    return y;
  }
  bool GuardIsWhole() const {
    return std::all_of(data_.end() - kGuard, data_.end(), [](float v) { return v == kMark; });
  }

 private:
  static constexpr int kGuard = 64;
  static constexpr float kMark = 12345.f;
  size_t Index(int n, int c, int p) const {
    return static_cast<size_t>(n * batch_stride_ + c / 16 * block_stride_ + int64_t{16} * p + c % 16);
  }
  Plain shape_;
  int64_t block_stride_ = 0, batch_stride_ = 0;
  AlignedFloats data_;
};

// "" when equal to `tolerance` times the largest expected value, else where they first differ.
inline std::string Difference(const Plain& got, const Plain& want, double tolerance = 1e-5) {
  double largest = 1;
  for (float v : want.data) largest = std::max<double>(largest, std::abs(v));
  for (int n = 0; n < want.batch; ++n)
    for (int c = 0; c < want.channels; ++c)
      for (int y = 0; y < want.height; ++y)
        for (int x = 0; x < want.width; ++x) {
          const float g = got.at(n, c, y, x), w = want.at(n, c, y, x);
          if (!(std::abs(double{g} - w) <= tolerance * largest)) {
            std::ostringstream out;
            out << "image " << n << " channel " << c << " y " << y << " x " << x << ": found " << g << ", wanted " << w;
            return out.str();
          }
        }
  return "";
}

// Workspace of the size asked for, between marks.
class Workspace {
 public:
  explicit Workspace(int64_t floats) : size_(floats), data_(static_cast<size_t>(floats) + 64, kMark) {}
  float* data() { return data_.data(); }
  bool GuardIsWhole() const {
    return std::all_of(data_.begin() + size_, data_.end(), [](float v) { return v == kMark; });
  }

 private:
  static constexpr float kMark = 54321.f;
  int64_t size_;
  AlignedFloats data_;
};

#define MASKSCOPE_SKIP_WITHOUT_KERNELS() \
  if (!KernelsSupported()) GTEST_SKIP() << "SKIPPED: this CPU has no AVX-512, the kernels cannot run here"

#define MASKSCOPE_SKIP_WITHOUT_BF16() \
  if (!Bf16Supported()) GTEST_SKIP() << "SKIPPED: this CPU has no AVX512-BF16, those kernels cannot run here"

}  // namespace maskscope::kernels::test

#endif  // MASKSCOPE_ENGINE_KERNELS_TEST_REFERENCE_H_
