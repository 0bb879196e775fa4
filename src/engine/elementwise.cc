#include "engine/elementwise.h"

#include <algorithm>
#include <cstring>

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

// One scale and shift a lane of the block, the same for every pixel.
template <int kLanes>
inline void ScaleShiftLanes(const float* x, const float* scale, const float* shift, float* y, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) y[i + l] = x[i + l] * scale[l] + shift[l];
  }
}
MASKSCOPE_VECTORIZED void ScaleShiftLanes16(const float* x, const float* scale, const float* shift, float* y,
                                            int64_t count) {
  ScaleShiftLanes<16>(x, scale, shift, y, count);
}
MASKSCOPE_VECTORIZED void ScaleShiftLanes8(const float* x, const float* scale, const float* shift, float* y,
                                           int64_t count) {
  ScaleShiftLanes<8>(x, scale, shift, y, count);
}
MASKSCOPE_VECTORIZED void ScaleShiftAll(const float* x, float scale, float shift, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] * scale + shift;
}

// Numbers of the channels of one block. 1 keeps those that fill it up finite whatever the operator.
struct Lanes {
  float values[16];
  Lanes(const ChannelOperand& numbers, int64_t n, int64_t block, int64_t channels) {
    std::fill_n(values, 16, 1.0f);
    const int64_t first = block * BlockSize();
    for (int64_t lane = 0; lane < std::min(BlockSize(), channels - first); ++lane) {
      values[lane] = numbers.values[n * numbers.batch_stride + (first + lane) * numbers.channel_stride];
    }
  }
};

void ScaleShiftBlocked(const ChannelOperand& scale, const ChannelOperand* shift,
                       const std::optional<Activation>& activation, const Place& from, const float* src,
                       const Place& to, float* dst, int threads) {
  const int64_t channels = from.shape[1];
  const auto apply = BlockSize() == 16 ? ScaleShiftLanes16 : ScaleShiftLanes8;
  ForEachChunk(RunsOf(from), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    const Lanes factors(scale, n, block, channels);
    float terms[16] = {};
    if (shift != nullptr) std::copy_n(Lanes(*shift, n, block, channels).values, 16, terms);
    float* out = dst + RunStart(to, n, block) + begin;
    apply(src + RunStart(from, n, block) + begin, factors.values, terms, out, count);
    if (activation) ApplyActivation(*activation, out, count);
  });
}

void ScaleShiftPlain(const ChannelOperand& scale, const ChannelOperand* shift,
                     const std::optional<Activation>& activation, const Place& from, const float* src, const Place& to,
                     float* dst, int threads) {
  const int64_t channels = from.shape.size() > 1 ? from.shape[1] : 1;
  const int64_t area = channels == 0 ? 0 : from.entry_size() / channels;
  ForEachChunk({from.batch(), channels, area}, threads, [&](int64_t n, int64_t c, int64_t begin, int64_t count) {
    const auto number = [n, c](const ChannelOperand& of) {
      return of.values[n * of.batch_stride + c * of.channel_stride];
    };
    float* out = dst + n * to.batch_stride + c * area + begin;
    ScaleShiftAll(src + n * from.batch_stride + c * area + begin, number(scale),
                  shift == nullptr ? 0.0f : number(*shift), out, count);
    if (activation) ApplyActivation(*activation, out, count);
  });
}

// The same without a shift is a product.
void ScaleChannels(const ChannelOperand& scale, const ChannelOperand* shift,
                   const std::optional<Activation>& activation, const Place& from, const float* src, const Place& to,
                   float* dst, int threads) {
  const auto apply = from.format == Format::kBlocked ? ScaleShiftBlocked : ScaleShiftPlain;
  apply(scale, shift, activation, from, src, to, dst, threads);
}

void ChannelBlocked(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                    const Place& to, float* dst, int threads) {
  const int64_t channels = a.shape[1];
  ForEachChunk(RunsOf(a), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    float repeated[kChunk];
    Repeat(Lanes(right, n, block, channels).values, BlockSize(), repeated, count);
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

void BinaryPlace(BinaryOp op, const std::optional<Activation>& activation, const Place& a, const float* left,
                 const Place& b, const float* right, const Place& to, float* dst, int threads) {
  ForEachChunk(RunsOf(a), threads, [&](int64_t n, int64_t block, int64_t begin, int64_t count) {
    float* out = dst + RunStart(to, n, block) + begin;
    Combine(op, left + RunStart(a, n, block) + begin, right + RunStart(b, n, block) + begin, out, count);
    if (activation) ApplyActivation(*activation, out, count);
  });
}

void ChannelPlace(BinaryOp op, bool swapped, const Place& a, const float* left, const ChannelOperand& right,
                  const Place& to, float* dst, int threads) {
  if (op == BinaryOp::kMul) return ScaleChannels(right, nullptr, std::nullopt, a, left, to, dst, threads);
  const auto apply = a.format == Format::kBlocked ? ChannelBlocked : ChannelPlain;
  apply(op, swapped, a, left, right, to, dst, threads);
}

void ScaleShiftPlace(const ScaleShift& numbers, const std::optional<Activation>& activation, const Place& from,
                     const float* src, const Place& to, float* dst, int threads) {
  const ChannelOperand shift{numbers.shift};
  ScaleChannels({numbers.scale}, &shift, activation, from, src, to, dst, threads);
}

}  // namespace maskscope
