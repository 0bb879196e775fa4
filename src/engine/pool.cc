#include "engine/pool.h"

#include <algorithm>
#include <limits>

#include "engine/vectorize.h"

namespace maskscope {

namespace {

// Rows or columns of the input under one place of the window, and how many of the padded input it covers.
struct Reach {
  int64_t begin, end, step;
  int64_t padded;
};

Reach ReachOf(int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t after,
              int64_t size) {
  Reach reach{out * stride - before, 0, dilation, 0};
  const int64_t last = reach.begin + (kernel - 1) * dilation;
  for (int64_t k = 0; k < kernel; ++k) reach.padded += reach.begin + k * dilation < size + after;
  while (reach.begin < 0) reach.begin += dilation;
  reach.end = std::min(last + 1, size);
  return reach;
}

Reach RowsOf(const Window& w, int64_t y, int64_t height) {
  return ReachOf(y, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom, height);
}

Reach ColumnsOf(const Window& w, int64_t x, int64_t width) {
  return ReachOf(x, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right, width);
}

int64_t CountOf(const Reach& reach) {
  return reach.begin >= reach.end ? 0 : (reach.end - reach.begin - 1) / reach.step + 1;
}

template <int kLanes>
inline void MaxUnder(const float* src, const Reach& rows, const Reach& columns, int64_t width, float* out) {
  float best[kLanes];
  for (int l = 0; l < kLanes; ++l) best[l] = -std::numeric_limits<float>::infinity();
  for (int64_t y = rows.begin; y < rows.end; y += rows.step) {
    for (int64_t x = columns.begin; x < columns.end; x += columns.step) {
      const float* in = src + (y * width + x) * kLanes;
      for (int l = 0; l < kLanes; ++l) best[l] = in[l] > best[l] ? in[l] : best[l];
    }
  }
  for (int l = 0; l < kLanes; ++l) out[l] = best[l];
}

template <int kLanes>
inline void MeanUnder(const float* src, const Reach& rows, const Reach& columns, int64_t width, float share,
                      float* out) {
  float sum[kLanes] = {};
  for (int64_t y = rows.begin; y < rows.end; y += rows.step) {
    for (int64_t x = columns.begin; x < columns.end; x += columns.step) {
      const float* in = src + (y * width + x) * kLanes;
      for (int l = 0; l < kLanes; ++l) sum[l] += in[l];
    }
  }
  for (int l = 0; l < kLanes; ++l) out[l] = sum[l] * share;
}

MASKSCOPE_VECTORIZED void MaxUnder16(const float* src, const Reach& rows, const Reach& columns, int64_t width,
                                     float* out) {
  MaxUnder<16>(src, rows, columns, width, out);
}
MASKSCOPE_VECTORIZED void MaxUnder8(const float* src, const Reach& rows, const Reach& columns, int64_t width,
                                    float* out) {
  MaxUnder<8>(src, rows, columns, width, out);
}
MASKSCOPE_VECTORIZED void MeanUnder16(const float* src, const Reach& rows, const Reach& columns, int64_t width,
                                      float share, float* out) {
  MeanUnder<16>(src, rows, columns, width, share, out);
}
MASKSCOPE_VECTORIZED void MeanUnder8(const float* src, const Reach& rows, const Reach& columns, int64_t width,
                                     float share, float* out) {
  MeanUnder<8>(src, rows, columns, width, share, out);
}

// Calls pool(source block, rows, columns, where the result goes) for every output pixel of every block.
template <typename Pool>
void ForEachPixel(const Place& from, const float* src, const Place& to, float* dst, const Window& w, int threads,
                  Pool pool) {
  const int64_t blocks = BlocksOf(from.shape[1]);
#pragma omp parallel for collapse(3) num_threads(threads) if (threads > 1)
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      for (int64_t y = 0; y < w.out_h; ++y) {
        const float* in = src + n * from.batch_stride + block * from.block_stride;
        float* out = dst + n * to.batch_stride + block * to.block_stride + y * w.out_w * BlockSize();
        const Reach rows = RowsOf(w, y, from.shape[2]);
        for (int64_t x = 0; x < w.out_w; ++x) pool(in, rows, ColumnsOf(w, x, from.shape[3]), out + x * BlockSize());
      }
    }
  }
}

}  // namespace

void MaxPoolBlocked(const Place& from, const float* src, const Place& to, float* dst, const Window& window,
                    int threads) {
  const auto pool = BlockSize() == 16 ? MaxUnder16 : MaxUnder8;
  ForEachPixel(from, src, to, dst, window, threads,
               [&](const float* in, const Reach& rows, const Reach& columns, float* out) {
                 pool(in, rows, columns, from.shape[3], out);
               });
}

void AveragePoolBlocked(const Place& from, const float* src, const Place& to, float* dst, const Window& window,
                        int threads) {
  const auto pool = BlockSize() == 16 ? MeanUnder16 : MeanUnder8;
  ForEachPixel(from, src, to, dst, window, threads,
               [&](const float* in, const Reach& rows, const Reach& columns, float* out) {
                 const int64_t inside = CountOf(rows) * CountOf(columns);
                 const int64_t divisor = window.count_include_pad ? rows.padded * columns.padded : inside;
                 pool(in, rows, columns, from.shape[3], 1.0f / static_cast<float>(std::max<int64_t>(1, divisor)), out);
               });
}

void GlobalAverageBlocked(const Place& from, const float* src, float* dst, int threads) {
  const int64_t blocks = BlocksOf(from.shape[1]), channels = from.shape[1];
  const auto pool = BlockSize() == 16 ? MeanUnder16 : MeanUnder8;
  const Reach rows{0, from.shape[2], 1, 0}, columns{0, from.shape[3], 1, 0};
  const float share = 1.0f / static_cast<float>(from.shape[2] * from.shape[3]);
#pragma omp parallel for collapse(2) num_threads(threads) if (threads > 1 && ElementCount(from.shape) > 16384)
  for (int64_t n = 0; n < from.batch(); ++n) {
    for (int64_t block = 0; block < blocks; ++block) {
      float mean[16];
      pool(src + n * from.batch_stride + block * from.block_stride, rows, columns, from.shape[3], share, mean);
      const int64_t first = block * BlockSize();
      std::copy_n(mean, std::min(BlockSize(), channels - first), dst + n * channels + first);
    }
  }
}

}  // namespace maskscope
