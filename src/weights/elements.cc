#include "weights/elements.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

static_assert(std::endian::native == std::endian::little, "weights are little-endian and are read as they lie");

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu, fraction = half & 0x3ffu;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

float BfloatToFloat(uint16_t value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

DataType TypeOf(ElementKind kind) {
  switch (kind) {
    case ElementKind::kF64:
    case ElementKind::kF32:
    case ElementKind::kF16:
    case ElementKind::kBf16:
      return DataType::kFloat32;
    case ElementKind::kI64:
      return DataType::kInt64;
    case ElementKind::kU8:
      return DataType::kUint8;
    case ElementKind::kBool:
      return DataType::kBool;
    default:
      return DataType::kInt32;
  }
}

// Visits the byte positions of all elements in row-major order.
template <typename Visit>
void ForEach(const Shape& shape, const Shape& strides, int64_t offset, const Visit& visit) {
  const int64_t count = ElementCount(shape);
  if (count == 0) return;
  Shape index(shape.size(), 0);
  int64_t at = offset;
  for (int64_t i = 0; i < count; ++i) {
    visit(i, at);
    for (size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

bool IsDense(const Shape& shape, const Shape& strides) {
  int64_t expected = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

// `convert` reads one element. Dense tensors take a plain loop, which matters for files of hundreds of megabytes.
template <typename Value, typename Convert>
void Fill(std::vector<Value>& values, std::span<const uint8_t> bytes, size_t size, const Shape& shape,
          const Shape& strides, int64_t offset, const Convert& convert) {
  values.resize(static_cast<size_t>(ElementCount(shape)));
  if (IsDense(shape, strides)) {
    const uint8_t* at = bytes.data() + static_cast<size_t>(offset) * size;
    for (size_t i = 0; i < values.size(); ++i) values[i] = convert(at + i * size);
    return;
  }
  ForEach(shape, strides, offset, [&](int64_t i, int64_t at) {
    values[static_cast<size_t>(i)] = convert(bytes.data() + static_cast<size_t>(at) * size);
  });
}

}  // namespace

size_t BytesOf(ElementKind kind) {
  switch (kind) {
    case ElementKind::kF64:
    case ElementKind::kI64:
      return 8;
    case ElementKind::kF32:
    case ElementKind::kI32:
      return 4;
    case ElementKind::kF16:
    case ElementKind::kBf16:
    case ElementKind::kI16:
    case ElementKind::kU16:
      return 2;
    default:
      return 1;
  }
}

int64_t BoundedCount(const Shape& shape) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t side : shape) {
    if (side < 0) return -1;
    empty = empty || side == 0;
    if (side != 0 && count > kMostElements / side) return -1;
    count *= side == 0 ? 1 : side;
  }
  return empty ? 0 : count;
}

Tensor ReadElements(ElementKind kind, std::span<const uint8_t> bytes, Shape shape) {
  Shape strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return GatherElements(kind, bytes, std::move(shape), strides, 0);
}

Tensor GatherElements(ElementKind kind, std::span<const uint8_t> bytes, Shape shape, const Shape& strides,
                      int64_t offset) {
  Tensor tensor;
  tensor.type = TypeOf(kind);
  tensor.shape = std::move(shape);
  const auto fill = [&](auto& values, const auto& convert) {
    Fill(values, bytes, BytesOf(kind), tensor.shape, strides, offset, convert);
  };
  switch (kind) {
    case ElementKind::kF64:
      fill(tensor.floats, [](const uint8_t* at) { return static_cast<float>(Load<double>(at)); });
      break;
    case ElementKind::kF32:
      fill(tensor.floats, [](const uint8_t* at) { return Load<float>(at); });
      break;
    case ElementKind::kF16:
      fill(tensor.floats, [](const uint8_t* at) { return HalfToFloat(Load<uint16_t>(at)); });
      break;
    case ElementKind::kBf16:
      fill(tensor.floats, [](const uint8_t* at) { return BfloatToFloat(Load<uint16_t>(at)); });
      break;
    case ElementKind::kI64:
      fill(tensor.ints, [](const uint8_t* at) { return Load<int64_t>(at); });
      break;
    case ElementKind::kI32:
      fill(tensor.ints, [](const uint8_t* at) { return Load<int32_t>(at); });
      break;
    case ElementKind::kI16:
      fill(tensor.ints, [](const uint8_t* at) { return Load<int16_t>(at); });
      break;
    case ElementKind::kI8:
      fill(tensor.ints, [](const uint8_t* at) { return Load<int8_t>(at); });
      break;
    case ElementKind::kU16:
      fill(tensor.ints, [](const uint8_t* at) { return Load<uint16_t>(at); });
      break;
    case ElementKind::kU8:
    case ElementKind::kBool:
      fill(tensor.ints, [](const uint8_t* at) { return Load<uint8_t>(at); });
      break;
  }
  return tensor;
}

}  // namespace maskscope
