#include "engine/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/vectorize.h"

namespace maskscope {

namespace {

// Values worked on at a time: they stay in the first cache between copy and function.
constexpr int64_t kChunk = 4096;
constexpr int64_t kParallelFrom = 32768;

// A place as equal contiguous runs: one a batch entry, or one a channel block.
struct Runs {
  int64_t batch, blocks, length;
};

Runs RunsOf(const Place& place) {
  if (place.format == Format::kBlocked) {
    return {place.batch(), BlocksOf(place.shape[1]), place.shape[2] * place.shape[3] * BlockSize()};
  }
  return {place.batch(), 1, place.entry_size()};
}

int64_t RunStart(const Place& place, int64_t n, int64_t block) {
  return n * place.batch_stride + block * place.block_stride;
}

// Calls work(n, block, begin, count) for every chunk of every run.
template <typename Do>
void ForEachChunk(const Runs& runs, int threads, Do work) {
  const int64_t chunks = (runs.length + kChunk - 1) / kChunk;
  const bool parallel = threads > 1 && runs.batch * runs.blocks * runs.length >= kParallelFrom;
#pragma omp parallel for collapse(3) num_threads(threads) if (parallel)
  for (int64_t n = 0; n < runs.batch; ++n) {
    for (int64_t block = 0; block < runs.blocks; ++block) {
      for (int64_t chunk = 0; chunk < chunks; ++chunk) {
        work(n, block, chunk * kChunk, std::min(kChunk, runs.length - chunk * kChunk));
      }
    }
  }
}

MASKSCOPE_VECTORIZED void Combine(BinaryOp op, const float* a, const float* b, float* y, int64_t count) {
  switch (op) {
    case BinaryOp::kAdd:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
      return;
    case BinaryOp::kSub:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] - b[i];
      return;
    case BinaryOp::kMul:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] * b[i];
      return;
    case BinaryOp::kDiv:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] / b[i];
      return;
    case BinaryOp::kPRelu:
      for (int64_t i = 0; i < count; ++i) y[i] = a[i] < 0 ? a[i] * b[i] : a[i];
      return;
  }
}

// A right side that repeats every block's lanes, as long as a chunk.
void Repeat(const float* lanes, int64_t period, float* out, int64_t count) {
  for (int64_t i = 0; i < count; i += period) std::copy_n(lanes, std::min(period, count - i), out + i);
}

void CombineSwapped(BinaryOp op, bool swapped, const float* a, const float* b, float* y, int64_t count) {
  swapped ? Combine(op, b, a, y, count) : Combine(op, a, b, y, count);
}

void ChannelBlocked(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                    const Place& to, float* dst, int threads) {
  const int64_t channels = a.shape[1];
  ForEachChunk(RunsOf(a), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    // 1 keeps the channels that fill up the block finite whatever the operator.
    float lanes[16], repeated[kChunk];
    std::fill_n(lanes, 16, 1.0f);
    const int64_t first = block * BlockSize();
    for (int64_t lane = 0; lane < std::min(BlockSize(), channels - first); ++lane) {
      lanes[lane] = right.values[n * right.batch_stride + (first + lane) * right.channel_stride];
    }
    Repeat(lanes, BlockSize(), repeated, count);
    CombineSwapped(op, swapped, left + RunStart(a, n, block) + begin, repeated, dst + RunStart(to, n, block) + begin,
                   count);
  });
}

void ChannelPlain(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                  const Place& to, float* dst, int threads) {
  const int64_t channels = a.shape.size() > 1 ? a.shape[1] : 1;
  const int64_t area = channels == 0 ? 0 : a.entry_size() / channels;
  ForEachChunk({a.batch(), channels, area}, threads, [&](int64_t n, int64_t c, int64_t begin, int64_t count) {
    float repeated[kChunk];
    std::fill_n(repeated, count, right.values[n * right.batch_stride + c * right.channel_stride]);
    CombineSwapped(op, swapped, left + n * a.batch_stride + c * area + begin, repeated,
                   dst + n * to.batch_stride + c * area + begin, count);
  });
}

void SoftmaxLine(const float* src, float* dst, int64_t length) {
  float largest = -std::numeric_limits<float>::infinity(), sum = 0;
  for (int64_t i = 0; i < length; ++i) largest = std::max(largest, src[i]);
  for (int64_t i = 0; i < length; ++i) sum += dst[i] = std::exp(src[i] - largest);
  for (int64_t i = 0; i < length; ++i) dst[i] /= sum;
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

}  // namespace

void ActivatePlace(const Activation& activation, const Place& from, const float* src, const Place& to, float* dst,
                   int threads) {
  ForEachChunk(RunsOf(from), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    const float* in = src + RunStart(from, n, block) + begin;
    float* out = dst + RunStart(to, n, block) + begin;
    if (in != out) std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
    ApplyActivation(activation, out, count);
  });
}

void BinaryPlace(BinaryOp op, const Place& a, const float* left, const Place& b, const float* right, const Place& to,
                 float* dst, int threads) {
  ForEachChunk(RunsOf(a), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    Combine(op, left + RunStart(a, n, block) + begin, right + RunStart(b, n, block) + begin,
            dst + RunStart(to, n, block) + begin, count);
  });
}

void ChannelPlace(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                  const Place& to, float* dst, int threads) {
  const auto apply = a.format == Format::kBlocked ? ChannelBlocked : ChannelPlain;
  apply(op, swapped, a, left, right, to, dst, threads);
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

}  // namespace maskscope
