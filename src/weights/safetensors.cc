#include "weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "weights/elements.h"

namespace maskscope {

namespace {

constexpr int64_t kMaxFileBytes = int64_t{2} << 30;
constexpr uint64_t kMaxHeaderBytes = uint64_t{100} << 20;  // the format's own limit
constexpr size_t kMaxRank = 16;

struct Field {
  const char* name;
  ElementKind kind;
};
constexpr Field kFields[] = {
    {"F32", ElementKind::kF32}, {"F16", ElementKind::kF16}, {"BF16", ElementKind::kBf16}, {"F64", ElementKind::kF64},
    {"I64", ElementKind::kI64}, {"I32", ElementKind::kI32}, {"I16", ElementKind::kI16},   {"I8", ElementKind::kI8},
    {"U16", ElementKind::kU16}, {"U8", ElementKind::kU8},   {"BOOL", ElementKind::kBool},
};

uint64_t LoadLength(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

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
    const uint64_t length = LoadLength(bytes_.data());
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
    Shape shape;
    for (const uint64_t dimension : dimensions) {
      if (dimension > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        Fail("tensor '" + tensor + "' has a shape beyond all bounds");
      }
      shape.push_back(static_cast<int64_t>(dimension));
    }
    const int64_t count = BoundedCount(shape);
    if (count < 0) Fail("tensor '" + tensor + "' has a shape beyond all bounds");
    const uint64_t needed = static_cast<uint64_t>(count) * BytesOf(field.kind);
    if (needed != bytes) {
      Fail("tensor '" + tensor + "' of shape " + ToString(shape) + " needs " + std::to_string(needed) +
           " bytes and has " + std::to_string(bytes));
    }
    ranges_.emplace_back(offsets[0], offsets[1]);
    return ReadElements(field.kind, data_.subspan(offsets[0], bytes), std::move(shape));
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
