#include "engine/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/activation.h"
#include "engine/vectorize.h"

namespace maskscope {

namespace {

void SoftmaxLine(const float* src, float* dst, int64_t length) {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
  for (int64_t i = 0; i < length; ++i) largest = std::max(largest, src[i]);
  for (int64_t i = 0; i < length; ++i) sum += dst[i] = std::exp(src[i] - largest);
  for (int64_t i = 0; i < length; ++i) dst[i] /= sum;
}

MASKSCOPE_VECTORIZED void Difference(const float* a, const float* b, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = a[i] - b[i];
}

MASKSCOPE_VECTORIZED void SecondMinusFirst(const float* pairs, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = pairs[2 * i + 1] - pairs[2 * i];
}

MASKSCOPE_VECTORIZED void WithComplement(const float* second, float* pairs, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    pairs[2 * i] = 1 - second[i];
    pairs[2 * i + 1] = second[i];
  }
}

// Of two classes: the softmax is the sigmoid of their difference, which vectorises.
void SoftmaxPairs(const float* src, float* dst, int64_t pairs) {
  constexpr int64_t kPairs = 512;
  float second[kPairs];
  for (int64_t done = 0; done < pairs; done += kPairs) {
    const int64_t count = std::min(kPairs, pairs - done);
    SecondMinusFirst(src + done * 2, second, count);
    ApplyActivation({Activation::Kind::kSigmoid, 0, 0}, second, count);
    WithComplement(second, dst + done * 2, count);
  }
}

// The same of two rows of `count` values.
void SoftmaxHalves(const float* src, float* dst, int64_t count) {
  Difference(src + count, src, dst + count, count);
  ApplyActivation({Activation::Kind::kSigmoid, 0, 0}, dst + count, count);
  for (int64_t i = 0; i < count; ++i) dst[i] = 1 - dst[count + i];
}

// Over the rows of [length, inner].
void SoftmaxColumns(const SoftmaxShape& shape, const float* src, float* dst) {
  std::vector<float> largest(src, src + shape.inner), sum(static_cast<size_t>(shape.inner), 0.0f);
  for (int64_t k = 1; k < shape.length; ++k) {
    for (size_t i = 0; i < largest.size(); ++i) {
      largest[i] = std::max(largest[i], src[k * shape.inner + static_cast<int64_t>(i)]);
    }
  }
  for (int64_t k = 0; k < shape.length; ++k) {
    const float* row = src + k * shape.inner;
    float* out = dst + k * shape.inner;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += out[i] = std::exp(row[i] - largest[i]);
  }
  for (int64_t k = 0; k < shape.length; ++k) {
    float* out = dst + k * shape.inner;
    for (size_t i = 0; i < sum.size(); ++i) out[i] /= sum[i];
  }
}

void SoftmaxLines(const float* src, float* dst, int64_t lines, int64_t length, int threads) {
  const int64_t part = 1024, parts = (lines + part - 1) / part;
#pragma omp parallel for num_threads(threads) if (threads > 1 && parts > 2)
  for (int64_t p = 0; p < parts; ++p) {
    const int64_t first = p * part, count = std::min(part, lines - first);
    if (length == 2) {
      SoftmaxPairs(src + first * 2, dst + first * 2, count);
      continue;
    }
    for (int64_t i = first; i < first + count; ++i) SoftmaxLine(src + i * length, dst + i * length, length);
  }
}

}  // namespace

void Softmax(const SoftmaxShape& shape, const float* src, float* dst, int threads) {
  if (shape.inner == 1) return SoftmaxLines(src, dst, shape.outer, shape.length, threads);
  const int64_t entry = shape.length * shape.inner;
#pragma omp parallel for num_threads(threads) if (threads > 1 && shape.outer > 1 && shape.outer * entry > 32768)
  for (int64_t o = 0; o < shape.outer; ++o) {
    if (shape.length == 2) {
      SoftmaxHalves(src + o * entry, dst + o * entry, shape.inner);
    } else {
      SoftmaxColumns(shape, src + o * entry, dst + o * entry);
    }
  }
}

}  // namespace maskscope
