#include "weights/caffemodel.h"

#include <cstring>
#include <optional>

#include "base/error.h"
#include "weights/elements.h"

namespace maskscope {
namespace {

using Bytes = std::span<const uint8_t>;

// Protocol buffers' wire types (developers.google.com/protocol-buffers/docs/encoding).
enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

// One field of a message.
struct Field {
  uint64_t number = 0, type = 0;
  uint64_t value = 0;  // kVarint
  Bytes bytes;         // the other types
};

// Walks over the fields of a message.
class Message {
 public:
  Message(Bytes bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  std::optional<Field> Next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const uint64_t key = Varint();
    Field field{key >> 3, key & 7, 0, {}};
    switch (field.type) {
      case kVarint:
        field.value = Varint();
        break;
      case kFixed64:
        field.bytes = Take(8);
        break;
      case kLength:
        field.bytes = Take(Varint());
        break;
      case kFixed32:
        field.bytes = Take(4);
        break;
      default:
        Fail();
    }
    return field;
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Take(1)[0];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail();
  }
  bool AtEnd() const { return at_ == bytes_.size(); }

 private:
  Bytes Take(uint64_t count) {
    if (count > bytes_.size() - at_) Fail();
    const Bytes taken = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return taken;
  }
  [[noreturn]] void Fail() const {
    throw Error(ErrorKind::kBadModel, "'" + source_ + "' is no caffemodel, or one that is cut off or damaged");
  }

  Bytes bytes_;
  const std::string& source_;
  size_t at_ = 0;
};

void AddFloats(const Field& field, std::vector<float>& values) {
  const size_t count = field.bytes.size() / sizeof(float), before = values.size();
  values.resize(before + count);
  if (count > 0) std::memcpy(values.data() + before, field.bytes.data(), count * sizeof(float));
}

// BlobShape { repeated int64 dim = 1 [packed] }
Shape ReadShape(Bytes bytes, const std::string& source) {
  Shape shape;
  Message message(bytes, source);
  while (const auto field = message.Next()) {
    if (field->number != 1) continue;
    if (field->type == kVarint) shape.push_back(static_cast<int64_t>(field->value));
    if (field->type != kLength) continue;
    Message packed(field->bytes, source);
    while (!packed.AtEnd()) shape.push_back(static_cast<int64_t>(packed.Varint()));
  }
  return shape;
}

// BlobProto { num, channels, height, width = 1..4; repeated float data = 5 [packed]; BlobShape shape = 7 }
Tensor ReadBlob(Bytes bytes, const std::string& name, const std::string& source) {
  Shape shape, sides(4, 1);
  bool old = false, has_shape = false;
  std::vector<float> values;
  Message message(bytes, source);
  while (const auto field = message.Next()) {
    if (field->number >= 1 && field->number <= 4 && field->type == kVarint) {
      sides[static_cast<size_t>(field->number - 1)] = static_cast<int64_t>(field->value);
      old = true;
    }
    if (field->number == 5 && (field->type == kLength || field->type == kFixed32)) AddFloats(*field, values);
    if (field->number == 7 && field->type == kLength) {
      shape = ReadShape(field->bytes, source);
      has_shape = true;
    }
  }
  if (!has_shape && old) shape = sides;
  if (shape.size() > 16 || BoundedCount(shape) != static_cast<int64_t>(values.size())) {
    throw Error(ErrorKind::kBadModel, "'" + source + "': blob '" + name + "' of shape " + ToString(shape) + " has " +
                                          std::to_string(values.size()) + " values");
  }
  return Tensor::Floats(std::move(shape), std::move(values));
}

// LayerParameter { name = 1; blobs = 7 }, V1LayerParameter { name = 4; blobs = 6 }
void ReadLayer(Bytes bytes, uint64_t name_field, uint64_t blobs_field, const std::string& source,
               std::map<std::string, Tensor>& tensors) {
  std::string name;
  std::vector<Bytes> blobs;
  Message message(bytes, source);
  while (const auto field = message.Next()) {
    if (field->type != kLength) continue;
    if (field->number == name_field) name.assign(field->bytes.begin(), field->bytes.end());
    if (field->number == blobs_field) blobs.push_back(field->bytes);
  }
  for (size_t i = 0; i < blobs.size(); ++i) {
    const std::string blob = name + "." + std::to_string(i);
    if (!tensors.emplace(blob, ReadBlob(blobs[i], blob, source)).second) {
      throw Error(ErrorKind::kBadModel, "'" + source + "' has two layers named '" + name + "'");
    }
  }
}

}  // namespace

std::map<std::string, Tensor> ParseCaffemodel(Bytes bytes, const std::string& source) {
  std::map<std::string, Tensor> tensors;
  Message message(bytes, source);
  while (const auto field = message.Next()) {
    if (field->type != kLength) continue;
    if (field->number == 100) ReadLayer(field->bytes, 1, 7, source, tensors);
    if (field->number == 2) ReadLayer(field->bytes, 4, 6, source, tensors);
  }
  if (tensors.empty()) throw Error(ErrorKind::kBadModel, "'" + source + "' is a caffemodel without weights");
  return tensors;
}

}  // namespace maskscope
