#include "analyze/normalize.h"

#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace maskscope {
namespace {

void NormalizePixels(const uint8_t* rgb, int begin, int end, const ChannelRule rules[3], float* const planes[3]) {
  for (int x = begin; x < end; ++x) {
    for (int c = 0; c < 3; ++c) planes[c][x] = rules[c](static_cast<float>(rgb[3 * x + rules[c].source]));
  }
}

#if defined(__x86_64__)

// Where byte `source` of pixel i (0..15) lies among three 16-byte parts of 48 interleaved bytes; 0x80 makes pshufb
// write 0 where it lies in another part.
struct Gather {
  alignas(16) uint8_t mask[3][3][16];  // [source][part][pixel]
  Gather() : mask() {
    for (int source = 0; source < 3; ++source) {
      for (int part = 0; part < 3; ++part) {
        for (int i = 0; i < 16; ++i) {
          const int at = 3 * i + source - 16 * part;
          mask[source][part][i] = static_cast<uint8_t>(at >= 0 && at < 16 ? at : 0x80);
        }
      }
    }
  }
};
const Gather kGather;

__attribute__((target("avx2"))) void NormalizeAvx2(const uint8_t* rgb, int blocks, const ChannelRule rules[3],
                                                   float* const planes[3]) {
  const auto load = [](const void* at) __attribute__((target("avx2"), always_inline)) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
  };
  for (int block = 0; block < blocks; ++block) {
    const uint8_t* const from = rgb + std::ptrdiff_t{48} * block;
    const __m128i a = load(from), b = load(from + 16), c = load(from + 32);
    for (int channel = 0; channel < 3; ++channel) {
      const auto& mask = kGather.mask[rules[channel].source];
      const __m128i bytes =
          _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(a, load(mask[0])), _mm_shuffle_epi8(b, load(mask[1]))),
                       _mm_shuffle_epi8(c, load(mask[2])));
      const __m256 mean = _mm256_set1_ps(rules[channel].mean), scale = _mm256_set1_ps(rules[channel].inverse_std);
      const __m256 low = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
      const __m256 high = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
      float* const to = planes[channel] + std::ptrdiff_t{16} * block;
      _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_sub_ps(low, mean), scale));
      _mm256_storeu_ps(to + 8, _mm256_mul_ps(_mm256_sub_ps(high, mean), scale));
    }
  }
}

#endif

}  // namespace

ChannelRule ChannelRuleOf(const Preprocessing& rule, int channel) {
  return {rule.channels == ChannelOrder::kRgb ? channel : 2 - channel, rule.mean[static_cast<size_t>(channel)],
          1.0f / rule.std[static_cast<size_t>(channel)]};
}

void NormalizeRow(const uint8_t* rgb, int width, const ChannelRule rules[3], float* const planes[3]) {
  int done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    NormalizeAvx2(rgb, width / 16, rules, planes);
    done = width / 16 * 16;
  }
#endif
  NormalizePixels(rgb, done, width, rules, planes);
}

}  // namespace maskscope
