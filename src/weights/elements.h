#ifndef MASKSCOPE_WEIGHTS_ELEMENTS_H_
#define MASKSCOPE_WEIGHTS_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "graph/graph.h"

// Numbers as they lie in files, turned into tensors. Internal to weights. Files are little-endian.
namespace maskscope {

enum class ElementKind { kF64, kF32, kF16, kBf16, kI64, kI32, kI16, kI8, kU16, kU8, kBool };

size_t BytesOf(ElementKind kind);

// The greatest number of elements a shape of a file may have, and its number; -1 where it has a negative side or more.
inline constexpr int64_t kMostElements = int64_t{1} << 40;
int64_t BoundedCount(const Shape& shape);

// Floating-point kinds become float32; 64-bit and other integers, booleans and bytes the integer types of a Tensor.
// `bytes` holds at least the shape's elements, densely.
Tensor ReadElements(ElementKind kind, std::span<const uint8_t> bytes, Shape shape);

// The same where neighbours along an axis lie `strides` elements apart, the first one at element `offset`. The caller
// has checked that all of them lie in `bytes`.
Tensor GatherElements(ElementKind kind, std::span<const uint8_t> bytes, Shape shape, const Shape& strides,
                      int64_t offset);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_ELEMENTS_H_
