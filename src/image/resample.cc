#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/simd.h"

namespace maskscope {
namespace {

// The three colours of a pixel and one value more, which is thrown away: loads of four floats are a single instruction.
using Pixel4 = float __attribute__((vector_size(16)));

void AddTap(AxisTaps& taps, int output, int source, double weight) {
  if (taps.count[output] == 0) taps.first[output] = source;
  taps.weight[size_t(output) * taps.stride + (source - taps.first[output])] += static_cast<float>(weight);
  taps.count[output] = source - taps.first[output] + 1;
}

void AddAreaTaps(AxisTaps& taps, int output, double from, double step, int source_size) {
  const double a = std::clamp(from, 0.0, double(source_size)), b = std::clamp(from + step, 0.0, double(source_size));
  const int last = std::min(static_cast<int>(std::ceil(b)), source_size);
  for (int i = static_cast<int>(a); i < last; ++i) {
    const double overlap = std::min(b, i + 1.0) - std::max(a, double(i));
    if (overlap > 0) AddTap(taps, output, i, overlap / step);
  }
  taps.missing[output] = static_cast<float>(1 - (b - a) / step);
}

void AddLinearTaps(AxisTaps& taps, int output, double centre, int source_size) {
  if (centre < 0 || centre > source_size) {
    taps.missing[output] = 1;
    return;
  }
  const double position = std::clamp(centre - 0.5, 0.0, double(source_size - 1));
  const int i = static_cast<int>(position);
  const double share = position - i;
  AddTap(taps, output, i, 1 - share);
  if (share > 0) AddTap(taps, output, i + 1, share);
}

// row[i] = start + sum over k of weight[k] * rows[k * pitch + i]
MASKSCOPE_CLONES void BlendRows(const uint8_t* rows, size_t pitch, const float* weight, int count, float start,
                                size_t size, float* row) {
  if (count == 1) {
    const float w = weight[0];
    for (size_t i = 0; i < size; ++i) row[i] = start + w * rows[i];
    return;
  }
  const float w0 = count > 0 ? weight[0] : 0, w1 = count > 0 ? weight[1] : 0;
  const uint8_t* second = count > 0 ? rows + pitch : rows;
  for (size_t i = 0; i < size; ++i) row[i] = start + w0 * rows[i] + w1 * second[i];
  for (int k = 2; k < count; ++k) {
    const float w = weight[k];
    const uint8_t* from = rows + size_t(k) * pitch;
    for (size_t i = 0; i < size; ++i) row[i] += w * from[i];
  }
}

// Pixels of `row` (which begins at source pixel taps.low) -> three floats an output pixel.
MASKSCOPE_CLONES void BlendColumns(const float* row, const int* first, const int* count, const float* weight,
                                   const float* missing, int low, int stride, int outputs, float fill, float* result) {
  for (int x = 0; x < outputs; ++x) {
    const float rest = fill * missing[x];
    Pixel4 sum = {rest, rest, rest, 0};
    const float* from = row + 3 * (first[x] - low);
    const float* w = weight + size_t(x) * stride;
    for (int k = 0; k < count[x]; ++k) {
      Pixel4 pixel;
      std::memcpy(&pixel, from + 3 * k, sizeof(pixel));
      sum += w[k] * pixel;
    }
    std::memcpy(result + 3 * size_t(x), &sum, sizeof(sum));
  }
}

MASKSCOPE_CLONES void RoundToBytes(const float* values, size_t size, uint8_t* bytes) {
  for (size_t i = 0; i < size; ++i) {
    const int rounded = static_cast<int>(values[i] + 0.5f);
    bytes[i] = static_cast<uint8_t>(rounded > 255 ? 255 : rounded);
  }
}

}  // namespace

AxisTaps MakeAxisTaps(double begin, double end, int source_size, int output_size) {
  const double step = (end - begin) / output_size;
  AxisTaps taps;
  taps.stride = step >= 1 ? static_cast<int>(std::min(std::ceil(step) + 1, source_size + 1.0)) : 2;
  taps.first.assign(output_size, 0);
  taps.count.assign(output_size, 0);
  taps.missing.assign(output_size, 0);
  taps.weight.assign(size_t(output_size) * taps.stride, 0);
  taps.low = source_size;
  for (int i = 0; i < output_size; ++i) {
    if (step >= 1) {
      AddAreaTaps(taps, i, begin + i * step, step, source_size);
    } else {
      AddLinearTaps(taps, i, begin + (i + 0.5) * step, source_size);
    }
    if (taps.count[i] == 0) continue;
    taps.low = std::min(taps.low, taps.first[i]);
    taps.high = std::max(taps.high, taps.first[i] + taps.count[i]);
  }
  if (taps.high == 0) taps.low = 0;
  for (int i = 0; i < output_size; ++i) taps.first[i] = std::max(taps.first[i], taps.low);
  return taps;
}

Image Resample(const Image& source, const AxisTaps& x_taps, const AxisTaps& y_taps, uint8_t fill) {
  const int width = static_cast<int>(x_taps.first.size()), height = static_cast<int>(y_taps.first.size());
  Image result(width, height);
  const size_t row_size = size_t(x_taps.high - x_taps.low) * 3;
  // One float more than the pixels need, for the loads and stores of four.
  std::vector<float> row(row_size + 4), blended(size_t(width) * 3 + 4);
  for (int y = 0; y < height; ++y) {
    const uint8_t* rows = source.row(y_taps.first[y]) + size_t(x_taps.low) * 3;
    BlendRows(rows, size_t(source.width) * 3, &y_taps.weight[size_t(y) * y_taps.stride], y_taps.count[y],
              fill * y_taps.missing[y], row_size, row.data());
    BlendColumns(row.data(), x_taps.first.data(), x_taps.count.data(), x_taps.weight.data(), x_taps.missing.data(),
                 x_taps.low, x_taps.stride, width, fill, blended.data());
    RoundToBytes(blended.data(), size_t(width) * 3, result.row(y));
  }
  return result;
}

}  // namespace maskscope
