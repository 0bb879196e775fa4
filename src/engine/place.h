#ifndef MASKSCOPE_ENGINE_PLACE_H_
#define MASKSCOPE_ENGINE_PLACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.h"

// Where and in which order a value of the graph lies in memory while a plan runs.
namespace maskscope {

// kPlain: row-major. kNhwc: [batch, height, width, channel]. kBlocked: oneDNN's nChw16c (nChw8c on CPUs without
// AVX-512): [batch, channel / B, height, width, channel % B]; the channels that fill up the last block hold finite
// values nobody reads in a way that matters. kNhwc and kBlocked are for values of rank 4.
enum class Format { kPlain, kNhwc, kBlocked };
enum class ElementType { kF32, kBf16 };

// B of kBlocked, which is the width of a vector register in floats. oneDNN decides: ONEDNN_MAX_CPU_ISA=AVX2 makes any
// CPU work like an older one.
int64_t BlockSize();
inline int64_t BlocksOf(int64_t channels) { return (channels + BlockSize() - 1) / BlockSize(); }

// All strides and offsets are in elements. The data of one batch entry is contiguous but for the channel blocks of
// kBlocked, so that a place can be a slice of a larger value (that is how Concat becomes no work).
struct Place {
  Shape shape;  // as the graph sees it: [batch, channels, height, width] whatever the format
  Format format = Format::kPlain;
  ElementType type = ElementType::kF32;
  int buffer = -1;
  int64_t offset = 0;
  int64_t batch_stride = 0;
  int64_t block_stride = 0;  // kBlocked only

  int64_t batch() const { return shape.empty() ? 1 : shape[0]; }
  // Elements the graph sees in one batch entry.
  int64_t entry_size() const;
  bool IsDense() const;
};

int64_t ElementBytes(ElementType type);
// Elements of storage a dense value takes (kBlocked: with the filled-up channels).
int64_t StorageElements(const Shape& shape, Format format);
// A dense place at the start of `buffer`.
Place DensePlace(const Shape& shape, Format format, ElementType type, int buffer);

// bf16 is the upper half of a float; rounds to nearest, ties to even.
uint16_t ToBf16(float value);
float FromBf16(uint16_t bits);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_PLACE_H_
