#include "engine/place.h"

#include <bit>
#include <cmath>

namespace maskscope {

int64_t Place::entry_size() const { return shape.empty() ? 1 : ElementCount({shape.begin() + 1, shape.end()}); }

bool Place::IsDense() const {
  const Place dense = DensePlace(shape, format, type, buffer);
  return (batch() == 1 || batch_stride == dense.batch_stride) &&
         (format != Format::kBlocked || block_stride == dense.block_stride);
}

int64_t ElementBytes(ElementType type) { return type == ElementType::kBf16 ? 2 : 4; }

int64_t StorageElements(const Shape& shape, Format format) {
  if (format != Format::kBlocked) return ElementCount(shape);
  return shape[0] * BlocksOf(shape[1]) * BlockSize() * shape[2] * shape[3];
}

Place DensePlace(const Shape& shape, Format format, ElementType type, int buffer) {
  Place place{shape, format, type, buffer, 0, 0, 0};
  place.batch_stride = place.entry_size();
  if (format == Format::kBlocked) {
    place.block_stride = BlockSize() * shape[2] * shape[3];
    place.batch_stride = place.block_stride * BlocksOf(shape[1]);
  }
  return place;
}

uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float FromBf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

}  // namespace maskscope
