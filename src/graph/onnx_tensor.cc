#include "graph/onnx_tensor.h"

#include <bit>
#include <cstring>

#include "base/error.h"

namespace maskscope {
namespace {

using onnx::TensorProto;

float FromHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu, mantissa = half & 0x3ffu;
  if (exponent == 0) {  // zero and subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (mantissa << 13));
}

float FromBfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

Shape CheckedShape(const TensorProto& proto, const OnnxLimits& limits, const std::string& what) {
  Shape shape(proto.dims().begin(), proto.dims().end());
  int64_t count = 1;
  for (const int64_t side : shape) {
    if (side < 0) throw Error{ErrorKind::kBadModel, what + " has the shape " + ToString(shape)};
    if (side == 0) continue;
    if (side > limits.max_tensor_elements / count) {
      throw Error{ErrorKind::kTooLarge, what + " has the shape " + ToString(shape) + ", wanted at most " +
                                            std::to_string(limits.max_tensor_elements) + " values"};
    }
    count *= side;
  }
  return shape;
}

void RequireCount(int64_t found, int64_t wanted, const Shape& shape, const char* unit, const std::string& what) {
  if (found == wanted) return;
  throw Error{ErrorKind::kBadModel, what + " of shape " + ToString(shape) + " holds " + std::to_string(found) + " " +
                                        unit + ", wanted " + std::to_string(wanted)};
}

// Values either stand as bytes in raw_data or in the typed field that `typed` is.
template <typename Stored, typename Field, typename Out, typename Convert>
void ReadValues(const TensorProto& proto, const Field& typed, const Tensor& shape_of, std::vector<Out>& out,
                Convert convert, const std::string& what) {
  const int64_t count = ElementCount(shape_of.shape);
  if (!proto.has_raw_data()) {
    RequireCount(typed.size(), count, shape_of.shape, "values", what);
    out.reserve(static_cast<size_t>(count));
    for (const auto value : typed) out.push_back(convert(static_cast<Stored>(value)));
    return;
  }
  const std::string& raw = proto.raw_data();
  RequireCount(static_cast<int64_t>(raw.size()), count * static_cast<int64_t>(sizeof(Stored)), shape_of.shape, "bytes",
               what);
  out.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    Stored value;
    std::memcpy(&value, raw.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(value);
  }
}

}  // namespace

DataType TypeFromOnnx(int32_t onnx_type, const std::string& what) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::DOUBLE:
      return DataType::kFloat32;
    case TensorProto::INT64:
      return DataType::kInt64;
    case TensorProto::INT32:
      return DataType::kInt32;
    case TensorProto::BOOL:
      return DataType::kBool;
    case TensorProto::UINT8:
      return DataType::kUint8;
    default:
      break;
  }
  if (!onnx::TensorProto_DataType_IsValid(onnx_type) || onnx_type == TensorProto::UNDEFINED) {
    throw Error{ErrorKind::kBadModel,
                what + " has the data type number " + std::to_string(onnx_type) + ", which ONNX does not have"};
  }
  throw Error{ErrorKind::kUnsupported,
              what + " is of type " + onnx::TensorProto_DataType_Name(static_cast<TensorProto::DataType>(onnx_type)) +
                  ", wanted one of float, half, bfloat16, double, int64, int32, uint8, bool"};
}

Tensor ReadTensor(const TensorProto& proto, const OnnxLimits& limits, const std::string& what) {
  if (proto.data_location() == TensorProto::EXTERNAL || proto.external_data_size() > 0) {
    throw Error{ErrorKind::kUnsupported, what + " keeps its data in another file, wanted a model in one file"};
  }
  if (proto.has_segment()) throw Error{ErrorKind::kUnsupported, what + " is a segment of a tensor, wanted a whole one"};
  Tensor tensor;
  tensor.type = TypeFromOnnx(proto.data_type(), what);
  tensor.shape = CheckedShape(proto, limits, what);
  const auto as_float = [](auto value) { return static_cast<float>(value); };
  const auto as_int = [](auto value) { return static_cast<int64_t>(value); };
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      ReadValues<float>(proto, proto.float_data(), tensor, tensor.floats, as_float, what);
      break;
    case TensorProto::DOUBLE:
      ReadValues<double>(proto, proto.double_data(), tensor, tensor.floats, as_float, what);
      break;
    case TensorProto::FLOAT16:
      ReadValues<uint16_t>(proto, proto.int32_data(), tensor, tensor.floats, FromHalf, what);
      break;
    case TensorProto::BFLOAT16:
      ReadValues<uint16_t>(proto, proto.int32_data(), tensor, tensor.floats, FromBfloat16, what);
      break;
    case TensorProto::INT64:
      ReadValues<int64_t>(proto, proto.int64_data(), tensor, tensor.ints, as_int, what);
      break;
    case TensorProto::INT32:
      ReadValues<int32_t>(proto, proto.int32_data(), tensor, tensor.ints, as_int, what);
      break;
    case TensorProto::BOOL:
      ReadValues<uint8_t>(
          proto, proto.int32_data(), tensor, tensor.ints, [](uint8_t v) { return int64_t{v != 0}; }, what);
      break;
    default:
      ReadValues<uint8_t>(proto, proto.int32_data(), tensor, tensor.ints, as_int, what);
      break;
  }
  return tensor;
}

}  // namespace maskscope
