#include "engine/pixel_ops.h"

#include <algorithm>
#include <limits>

#include "engine/vectorize.h"

namespace maskscope {

namespace {

constexpr int64_t kParallelFrom = 32768;  // values

bool Large(const Place& place) { return ElementCount(place.shape) >= kParallelFrom; }

// Calls work(n, block, row) for every row of every block.
template <typename Work>
void ForEachRow(const Place& from, int64_t rows, int threads, const Work& work) {
  const int64_t blocks = BlocksOf(from.shape[1]);
#pragma omp parallel for collapse(3) num_threads(threads) if (threads > 1 && Large(from))
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      for (int64_t row = 0; row < rows; ++row) work(n, block, row);
    }
  }
}

int64_t BlockStart(const Place& place, int64_t n, int64_t block) {
  return n * place.batch_stride + block * place.block_stride;
}

template <int kLanes>
inline void PReluRow(const float* src, const float* slopes, float* dst, int64_t pixels) {
  for (int64_t p = 0; p < pixels; ++p) {
    for (int l = 0; l < kLanes; ++l) {
      const float x = src[p * kLanes + l];
      dst[p * kLanes + l] = x < 0 ? x * slopes[l] : x;
    }
  }
}
MASKSCOPE_VECTORIZED void PReluRow16(const float* src, const float* slopes, float* dst, int64_t pixels) {
  PReluRow<16>(src, slopes, dst, pixels);
}
MASKSCOPE_VECTORIZED void PReluRow8(const float* src, const float* slopes, float* dst, int64_t pixels) {
  PReluRow<8>(src, slopes, dst, pixels);
}

// Raises `best` [pixels of the output] to what one row and column of the window sees, `step` input pixels apart.
template <int kLanes>
inline void RaiseRow(const float* src, const float* slopes, float* best, int64_t pixels, int64_t step) {
  for (int64_t p = 0; p < pixels; ++p) {
    for (int l = 0; l < kLanes; ++l) {
      const float x = src[p * step * kLanes + l], y = x < 0 ? x * slopes[l] : x;
      best[p * kLanes + l] = y > best[p * kLanes + l] ? y : best[p * kLanes + l];
    }
  }
}
MASKSCOPE_VECTORIZED void RaiseRow16(const float* src, const float* slopes, float* best, int64_t pixels, int64_t step) {
  RaiseRow<16>(src, slopes, best, pixels, step);
}
MASKSCOPE_VECTORIZED void RaiseRow8(const float* src, const float* slopes, float* best, int64_t pixels, int64_t step) {
  RaiseRow<8>(src, slopes, best, pixels, step);
}

// Output places [begin, end) whose input place, `offset` after stride * place, lies in [0, size).
struct Span {
  int64_t begin, end;
};
Span Inside(int64_t places, int64_t stride, int64_t offset, int64_t size) {
  const int64_t begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t end = offset >= size ? 0 : (size - 1 - offset) / stride + 1;
  return {std::min(begin, places), std::clamp<int64_t>(end, std::min(begin, places), places)};
}

MASKSCOPE_VECTORIZED void AddLanes(const float* src, int64_t lanes, int64_t stride, float* sums, int64_t pixels) {
  for (int64_t p = 0; p < pixels; ++p) {
    float sum = sums[p];
    for (int64_t l = 0; l < lanes; ++l) sum += src[p * stride + l];
    sums[p] = sum;
  }
}

template <int kLanes, typename Op>
inline void WithPixels(const float* left, const float* pixels, float* dst, int64_t count, bool swapped, Op op) {
  for (int64_t p = 0; p < count; ++p) {
    const float value = pixels[p];
    for (int l = 0; l < kLanes; ++l) {
      const float x = left[p * kLanes + l];
      dst[p * kLanes + l] = swapped ? op(value, x) : op(x, value);
    }
  }
}

template <int kLanes>
inline void CombineRow(BinaryOp op, bool swapped, const float* left, const float* pixels, float* dst, int64_t count) {
  switch (op) {
    case BinaryOp::kAdd:
      return WithPixels<kLanes>(left, pixels, dst, count, swapped, [](float a, float b) { return a + b; });
    case BinaryOp::kSub:
      return WithPixels<kLanes>(left, pixels, dst, count, swapped, [](float a, float b) { return a - b; });
    case BinaryOp::kMul:
      return WithPixels<kLanes>(left, pixels, dst, count, swapped, [](float a, float b) { return a * b; });
    case BinaryOp::kDiv:
      return WithPixels<kLanes>(left, pixels, dst, count, swapped, [](float a, float b) { return a / b; });
    case BinaryOp::kPRelu:
      return WithPixels<kLanes>(left, pixels, dst, count, swapped, [](float a, float b) { return a < 0 ? a * b : a; });
  }
}
MASKSCOPE_VECTORIZED void CombineRow16(BinaryOp op, bool swapped, const float* left, const float* pixels, float* dst,
                                       int64_t count) {
  CombineRow<16>(op, swapped, left, pixels, dst, count);
}
MASKSCOPE_VECTORIZED void CombineRow8(BinaryOp op, bool swapped, const float* left, const float* pixels, float* dst,
                                      int64_t count) {
  CombineRow<8>(op, swapped, left, pixels, dst, count);
}

}  // namespace

void PReluBlocked(const Place& from, const float* src, const float* slopes, const Place& to, float* dst, int threads) {
  const auto apply = BlockSize() == 16 ? PReluRow16 : PReluRow8;
  const int64_t width = from.shape[3], row_values = width * BlockSize();
  ForEachRow(from, from.shape[2], threads, [&](int64_t n, int64_t block, int64_t row) {
    apply(src + BlockStart(from, n, block) + row * row_values, slopes + block * BlockSize(),
          dst + BlockStart(to, n, block) + row * row_values, width);
  });
}

void PReluMaxPoolBlocked(const Place& from, const float* src, const float* slopes, const Place& to, float* dst,
                         const Window& w, int threads) {
  const auto raise = BlockSize() == 16 ? RaiseRow16 : RaiseRow8;
  const int64_t lanes = BlockSize(), height = from.shape[2], width = from.shape[3];
  ForEachRow(from, w.out_h, threads, [&](int64_t n, int64_t block, int64_t y) {
    const float* in = src + BlockStart(from, n, block);
    float* out = dst + BlockStart(to, n, block) + y * w.out_w * lanes;
    std::fill_n(out, w.out_w * lanes, -std::numeric_limits<float>::infinity());
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      const int64_t row = y * w.stride_h - w.pad_top + ky * w.dilation_h;
      if (row < 0 || row >= height) continue;
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t offset = kx * w.dilation_w - w.pad_left;
        const Span span = Inside(w.out_w, w.stride_w, offset, width);
        if (span.begin >= span.end) continue;
        raise(in + (row * width + span.begin * w.stride_w + offset) * lanes, slopes + block * lanes,
              out + span.begin * lanes, span.end - span.begin, w.stride_w);
      }
    }
  });
}

void SumChannelsBlocked(const Place& from, const float* src, float share, float* dst, int threads) {
  const int64_t height = from.shape[2], width = from.shape[3], channels = from.shape[1], lanes = BlockSize();
#pragma omp parallel for collapse(2) num_threads(threads) if (threads > 1 && Large(from))
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t y = 0; y < height; ++y) {
      float* sums = dst + (n * height + y) * width;
      std::fill_n(sums, width, 0.0f);
      for (int64_t block = 0; block < BlocksOf(channels); ++block) {
        AddLanes(src + BlockStart(from, n, block) + y * width * lanes, std::min(lanes, channels - block * lanes), lanes,
                 sums, width);
      }
      for (int64_t x = 0; x < width; ++x) sums[x] *= share;
    }
  }
}

void PixelBlocked(BinaryOp op, bool swapped, const Place& from, const float* left, const PixelOperand& right,
                  const Place& to, float* dst, int threads) {
  const auto combine = BlockSize() == 16 ? CombineRow16 : CombineRow8;
  const int64_t width = from.shape[3], lanes = BlockSize();
  ForEachRow(from, from.shape[2], threads, [&](int64_t n, int64_t block, int64_t row) {
    float* out = dst + BlockStart(to, n, block) + row * width * lanes;
    combine(op, swapped, left + BlockStart(from, n, block) + row * width * lanes,
            right.values + n * right.batch_stride + row * width, out, width);
    // A quotient of nothing by nothing must not stay in the channels nobody reads.
    const int64_t used = from.shape[1] - block * lanes;
    for (int64_t x = 0; used < lanes && x < width; ++x) std::fill(out + x * lanes + used, out + (x + 1) * lanes, 0.0f);
  });
}

void PermutePlain(const float* src, const Shape& in, const std::vector<int64_t>& perm, float* dst, int threads) {
  const size_t rank = in.size();
  Shape strides(rank, 1), out(rank), steps(rank);
  for (size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * in[axis];
  for (size_t axis = 0; axis < rank; ++axis) {
    out[axis] = in[static_cast<size_t>(perm[axis])];
    steps[axis] = strides[static_cast<size_t>(perm[axis])];
  }
  const int64_t count = ElementCount(in), inner = out.back(), step = steps.back();
  if (count == 0) return;
  const int64_t lines = count / inner;
#pragma omp parallel for num_threads(threads) if (threads > 1 && count >= kParallelFrom)
  for (int64_t line = 0; line < lines; ++line) {
    int64_t rest = line, at = 0;
    for (size_t axis = rank - 1; axis-- > 0;) {
      at += rest % out[axis] * steps[axis];
      rest /= out[axis];
    }
    float* to = dst + line * inner;
    for (int64_t i = 0; i < inner; ++i) to[i] = src[at + i * step];
  }
}

}  // namespace maskscope
