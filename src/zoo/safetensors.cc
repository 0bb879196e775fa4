#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

constexpr int64_t kMaxFileBytes = int64_t{2} << 30;
constexpr uint64_t kMaxHeaderBytes = uint64_t{100} << 20;  // the format's own limit
constexpr size_t kMaxRank = 16;

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian and are read as they lie");

struct Field {
  const char* name;
  size_t bytes;
  DataType type;
};
constexpr Field kFields[] = {
    {"F32", 4, DataType::kFloat32}, {"F16", 2, DataType::kFloat32}, {"BF16", 2, DataType::kFloat32},
    {"F64", 8, DataType::kFloat32}, {"I64", 8, DataType::kInt64},   {"I32", 4, DataType::kInt32},
    {"I16", 2, DataType::kInt32},   {"I8", 1, DataType::kInt32},    {"U16", 2, DataType::kInt32},
    {"U8", 1, DataType::kUint8},    {"BOOL", 1, DataType::kBool},
};

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

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : name_(path.string()), bytes_(ReadFileBytes(path, kMaxFileBytes)) {}

  std::map<std::string, Tensor> Read() {
    const nlohmann::json header = Header();
    std::map<std::string, Tensor> tensors;
    for (const auto& [key, entry] : header.items()) {
      if (key != "__metadata__") tensors.emplace(key, ReadTensor(key, entry));
    }
    CheckCover();
    return tensors;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error{ErrorKind::kBadModel, "'" + name_ + "' is not a usable safetensors file: " + what};
  }

  nlohmann::json Header() {
    if (bytes_.size() < 8) Fail("it has " + std::to_string(bytes_.size()) + " bytes, at least 8 are needed");
    const uint64_t length = Load<uint64_t>(bytes_.data());
    if (length > kMaxHeaderBytes || length > bytes_.size() - 8) {
      Fail("its header claims " + std::to_string(length) + " bytes of the file's " + std::to_string(bytes_.size()));
    }
    data_ = std::span<const uint8_t>(bytes_).subspan(8 + static_cast<size_t>(length));
    std::set<std::string> seen;
    const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
      if (depth > 4) Fail("its header is nested too deeply");
      if (event == nlohmann::json::parse_event_t::key && depth == 1 && !seen.insert(value.get<std::string>()).second) {
        Fail("tensor '" + value.get<std::string>() + "' stands in it twice");
      }
      return true;
    };
    nlohmann::json header = nlohmann::json::parse(bytes_.begin() + 8, bytes_.begin() + 8 + static_cast<long>(length),
                                                  check, /*allow_exceptions=*/false);
    if (!header.is_object()) Fail("its header is not a JSON object");
    return header;
  }

  static const Field* FindField(const std::string& name) {
    for (const Field& field : kFields) {
      if (name == field.name) return &field;
    }
    return nullptr;
  }

  const Field& FieldOf(const std::string& tensor, const nlohmann::json& entry) const {
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) {
      Fail("tensor '" + tensor + "' has no dtype");
    }
    const std::string dtype = entry["dtype"].get<std::string>();
    const Field* field = FindField(dtype);
    if (field == nullptr) {
      throw Error{ErrorKind::kUnsupported, "'" + name_ + "': tensor '" + tensor + "' has dtype '" + dtype +
                                               "'; F64, F32, F16, BF16, I64, I32, I16, I8, U16, U8 and BOOL are read"};
    }
    return *field;
  }

  // Numbers of a JSON list; anything but integers from 0 is an error.
  std::vector<uint64_t> Numbers(const std::string& tensor, const nlohmann::json& entry, const char* key) const {
    if (!entry.contains(key) || !entry[key].is_array()) Fail("tensor '" + tensor + "' has no list '" + key + "'");
    std::vector<uint64_t> numbers;
    for (const nlohmann::json& number : entry[key]) {
      if (!number.is_number_unsigned()) Fail("tensor '" + tensor + "': '" + key + "' holds " + number.dump());
      numbers.push_back(number.get<uint64_t>());
    }
    return numbers;
  }

  Tensor ReadTensor(const std::string& tensor, const nlohmann::json& entry) {
    const Field& field = FieldOf(tensor, entry);
    const std::vector<uint64_t> dimensions = Numbers(tensor, entry, "shape");
    const std::vector<uint64_t> offsets = Numbers(tensor, entry, "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_.size()) {
      Fail("tensor '" + tensor + "' lies outside the file's " + std::to_string(data_.size()) + " bytes of data");
    }
    if (dimensions.size() > kMaxRank)
      Fail("tensor '" + tensor + "' has " + std::to_string(dimensions.size()) + " axes");
    const uint64_t bytes = offsets[1] - offsets[0];
    uint64_t count = 1;
    Shape shape;
    for (const uint64_t dimension : dimensions) {
      if (dimension > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) ||
          (dimension != 0 && count > std::numeric_limits<uint64_t>::max() / 8 / dimension)) {
        Fail("tensor '" + tensor + "' has a shape beyond all bounds");
      }
      count *= dimension;
      shape.push_back(static_cast<int64_t>(dimension));
    }
    if (count * field.bytes != bytes) {
      Fail("tensor '" + tensor + "' of shape " + ToString(shape) + " needs " + std::to_string(count * field.bytes) +
           " bytes and has " + std::to_string(bytes));
    }
    ranges_.emplace_back(offsets[0], offsets[1]);
    return Convert(field, std::move(shape), data_.data() + offsets[0], static_cast<size_t>(count));
  }

  static Tensor Convert(const Field& field, Shape shape, const uint8_t* bytes, size_t count) {
    Tensor tensor;
    tensor.type = field.type;
    tensor.shape = std::move(shape);
    if (tensor.is_float()) {
      tensor.floats.resize(count);
    } else {
      tensor.ints.resize(count);
    }
    const std::string_view name = field.name;
    for (size_t i = 0; i < count; ++i) {
      const uint8_t* at = bytes + i * field.bytes;
      if (name == "F32")
        tensor.floats[i] = Load<float>(at);
      else if (name == "F16")
        tensor.floats[i] = HalfToFloat(Load<uint16_t>(at));
      else if (name == "BF16")
        tensor.floats[i] = BfloatToFloat(Load<uint16_t>(at));
      else if (name == "F64")
        tensor.floats[i] = static_cast<float>(Load<double>(at));
      else if (name == "I64")
        tensor.ints[i] = Load<int64_t>(at);
      else if (name == "I32")
        tensor.ints[i] = Load<int32_t>(at);
      else if (name == "I16")
        tensor.ints[i] = Load<int16_t>(at);
      else if (name == "I8")
        tensor.ints[i] = Load<int8_t>(at);
      else if (name == "U16")
        tensor.ints[i] = Load<uint16_t>(at);
      else
        tensor.ints[i] = Load<uint8_t>(at);
    }
    return tensor;
  }

  // The format allows neither overlaps nor gaps: an overlap would let a small file ask for much memory.
  void CheckCover() {
    std::sort(ranges_.begin(), ranges_.end());
    uint64_t end = 0;
    for (const auto& [first, last] : ranges_) {
      if (first != end) Fail("its tensors overlap or leave gaps at byte " + std::to_string(std::min(first, end)));
      end = last;
    }
    if (end != data_.size()) Fail(std::to_string(data_.size() - end) + " bytes at its end belong to no tensor");
  }

  std::string name_;
  std::vector<uint8_t> bytes_;
  std::span<const uint8_t> data_;
  std::vector<std::pair<uint64_t, uint64_t>> ranges_;
};

}  // namespace

std::map<std::string, Tensor> ReadSafetensors(const std::filesystem::path& path) { return Reader(path).Read(); }

}  // namespace maskscope
