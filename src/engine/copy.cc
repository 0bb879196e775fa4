#include "engine/copy.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace maskscope {

namespace {

inline float Load(const float* p) { return *p; }
inline float Load(const uint16_t* p) { return FromBf16(*p); }
inline void Store(float value, float* p) { *p = value; }
inline void Store(float value, uint16_t* p) { *p = ToBf16(value); }

template <typename From, typename To>
void ConvertRun(const From* src, To* dst, int64_t count) {
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(dst, src, static_cast<size_t>(count) * sizeof(From));
  } else {
    for (int64_t i = 0; i < count; ++i) Store(Load(src + i), dst + i);
  }
}

// Distances between the channels of one block and between neighbouring pixels.
struct Steps {
  int64_t lane;
  int64_t pixel;
};

Steps StepsOf(const Place& place) {
  switch (place.format) {
    case Format::kPlain:
      return {place.shape[2] * place.shape[3], 1};
    case Format::kNhwc:
      return {1, place.shape[1]};
    case Format::kBlocked:
      break;
  }
  return {1, BlockSize()};
}

int64_t BlockStart(const Place& place, int64_t n, int64_t block) {
  const int64_t channel = block * BlockSize();
  int64_t within = channel;
  if (place.format == Format::kPlain) within = channel * place.shape[2] * place.shape[3];
  if (place.format == Format::kBlocked) within = block * place.block_stride;
  return n * place.batch_stride + within;
}

// Neighbouring floats on both sides, four at a time: one vector register each.
void CopyGroups(const float* in, float* out, int64_t lanes) {
  int64_t lane = 0;
  for (; lane + 4 <= lanes; lane += 4) std::memcpy(out + lane, in + lane, 4 * sizeof(float));
  for (; lane < lanes; ++lane) out[lane] = in[lane];
}

template <typename From, typename To>
void CopyPixels(const From* src, Steps from, To* dst, Steps to, int64_t lanes, int64_t fill, int64_t pixels) {
  for (int64_t p = 0; p < pixels; ++p) {
    const From* in = src + p * from.pixel;
    To* out = dst + p * to.pixel;
    if constexpr (std::is_same_v<From, float> && std::is_same_v<To, float>) {
      if (from.lane == 1 && to.lane == 1) {
        CopyGroups(in, out, lanes);
        for (int64_t lane = lanes; lane < fill; ++lane) out[lane] = 0;
        continue;
      }
    }
    for (int64_t lane = 0; lane < lanes; ++lane) Store(Load(in + lane * from.lane), out + lane * to.lane);
    for (int64_t lane = lanes; lane < fill; ++lane) Store(0.0f, out + lane);
  }
}

// Pixels of one strip: the strided side then stays in the first cache while the lanes are walked.
constexpr int64_t kStrip = 256;

template <typename From, typename To>
void CopyRank4(const Place& from, const From* src, const Place& to, To* dst, int threads) {
  const int64_t blocks = BlocksOf(from.shape[1]), pixels = from.shape[2] * from.shape[3];
  const int64_t strips = (pixels + kStrip - 1) / kStrip;
  const Steps from_steps = StepsOf(from), to_steps = StepsOf(to);
  const int64_t fill = to.format == Format::kBlocked ? BlockSize() : 0;
#pragma omp parallel for collapse(3) num_threads(threads) if (threads > 1 && blocks * pixels > 4096)
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t strip = 0; strip < strips; ++strip) {
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t lanes = std::min(BlockSize(), from.shape[1] - block * BlockSize());
        const int64_t first = strip * kStrip, count = std::min(kStrip, pixels - first);
        CopyPixels(src + BlockStart(from, n, block) + first * from_steps.pixel, from_steps,
                   dst + BlockStart(to, n, block) + first * to_steps.pixel, to_steps, lanes, fill, count);
      }
    }
  }
}

template <typename From, typename To>
void CopyTyped(const Place& from, const From* src, const Place& to, To* dst, int threads) {
  if (from.format == to.format && from.format != Format::kBlocked) {
    for (int64_t n = 0; n < from.batch(); ++n) {
      ConvertRun(src + n * from.batch_stride, dst + n * to.batch_stride, from.entry_size());
    }
    return;
  }
  if (from.format == to.format) {
    const int64_t run = from.shape[2] * from.shape[3] * BlockSize();
    for (int64_t n = 0; n < from.batch(); ++n) {
      for (int64_t block = 0; block < BlocksOf(from.shape[1]); ++block) {
        ConvertRun(src + BlockStart(from, n, block), dst + BlockStart(to, n, block), run);
      }
    }
    return;
  }
  CopyRank4(from, src, to, dst, threads);
}

}  // namespace

void ScatterChannels(const Place& blocked, const float* src, int64_t first, const Place& nhwc, float* dst,
                     int threads) {
  struct Run {
    int64_t from, to, count;
  };
  const int64_t channels = nhwc.shape[1], pixels = nhwc.shape[2] * nhwc.shape[3], lanes = BlockSize();
  std::vector<Run> runs;
  for (int64_t done = 0; done < channels; done += runs.back().count) {
    const int64_t channel = first + done, count = std::min(channels - done, lanes - channel % lanes);
    runs.push_back({channel / lanes * blocked.block_stride + channel % lanes, done, count});
  }
#pragma omp parallel for collapse(2) num_threads(threads) if (threads > 1 && channels * pixels > 4096)
  for (int64_t n = 0; n < nhwc.batch(); ++n) {
    for (int64_t p = 0; p < pixels; ++p) {
      const float* in = src + n * blocked.batch_stride + p * lanes;
      float* out = dst + n * nhwc.batch_stride + p * channels;
      for (const Run& run : runs) CopyGroups(in + run.from, out + run.to, run.count);
    }
  }
}

void CopyPlace(const Place& from, const void* src, const Place& to, void* dst, int threads) {
  const bool from_f32 = from.type == ElementType::kF32, to_f32 = to.type == ElementType::kF32;
  const auto* f32 = static_cast<const float*>(src);
  const auto* bf16 = static_cast<const uint16_t*>(src);
  if (from_f32 && to_f32) return CopyTyped(from, f32, to, static_cast<float*>(dst), threads);
  if (from_f32) return CopyTyped(from, f32, to, static_cast<uint16_t*>(dst), threads);
  if (to_f32) return CopyTyped(from, bf16, to, static_cast<float*>(dst), threads);
  CopyTyped(from, bf16, to, static_cast<uint16_t*>(dst), threads);
}

}  // namespace maskscope
