#include "weights/torch_tensor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace maskscope {
namespace {

using Kind = PickleDocument::Kind;
using Ref = PickleDocument::Ref;

constexpr size_t kMostAxes = 16;
constexpr int kMostWrappings = 8;  // of a tensor in Parameter, in a subclass of Tensor ...

struct NamedKind {
  const char* storage;
  const char* dtype;
  ElementKind kind;
};
constexpr std::array<NamedKind, 10> kKinds{{
    {"FloatStorage", "float32", ElementKind::kF32},
    {"HalfStorage", "float16", ElementKind::kF16},
    {"BFloat16Storage", "bfloat16", ElementKind::kBf16},
    {"DoubleStorage", "float64", ElementKind::kF64},
    {"LongStorage", "int64", ElementKind::kI64},
    {"IntStorage", "int32", ElementKind::kI32},
    {"ShortStorage", "int16", ElementKind::kI16},
    {"CharStorage", "int8", ElementKind::kI8},
    {"ByteStorage", "uint8", ElementKind::kU8},
    {"BoolStorage", "bool", ElementKind::kBool},
}};

std::string Quoted(const std::string& name) { return "'" + name + "'"; }

class Reader {
 public:
  Reader(const PickleDocument& document, const std::string& source, std::string what)
      : document_(document), source_(source), what_(std::move(what)) {}

  [[noreturn]] void Fail(const std::string& problem) const {
    throw Error(ErrorKind::kBadModel, Quoted(source_) + ": " + what_ + " " + problem);
  }
  [[noreturn]] void Refuse(const std::string& problem) const {
    throw Error(ErrorKind::kUnsupported, Quoted(source_) + ": " + what_ + " " + problem);
  }

  const std::vector<Ref>& Tuple(Ref ref, size_t least, const char* part) const {
    if (!document_.Is(ref, Kind::kTuple) || document_.at(ref).items.size() < least) {
      Fail(std::string("has a damaged ") + part);
    }
    return document_.at(ref).items;
  }

  int64_t Integer(Ref ref, const char* part) const {
    if (!document_.Is(ref, Kind::kInt)) Fail(std::string("has a damaged ") + part);
    const int64_t value = document_.at(ref).integer;
    if (value < 0 || value > kMostElements) Fail(std::string("has a ") + part + " of " + std::to_string(value));
    return value;
  }

  Shape Integers(Ref ref, const char* part) const {
    // torch.Size((2, 3))
    if (document_.GlobalName(ref) == "torch.Size") {
      const std::vector<Ref>& arguments = Tuple(document_.at(ref).arguments, 1, part);
      ref = arguments[0];
    }
    Shape numbers;
    for (const Ref item : Tuple(ref, 0, part)) numbers.push_back(Integer(item, part));
    if (numbers.size() > kMostAxes) Fail("has " + std::to_string(numbers.size()) + " axes");
    return numbers;
  }

  std::optional<TorchStorage> Storage(Ref id) const {
    const std::vector<Ref>& parts = Tuple(id, 1, "persistent id");
    if (!document_.Is(parts[0], Kind::kText) || document_.at(parts[0]).text != "storage") return std::nullopt;
    if (parts.size() < 5) Fail("has a damaged persistent id");
    TorchStorage storage;
    storage.type = document_.GlobalName(parts[1]);
    if (!document_.Is(parts[2], Kind::kText)) Fail("has a storage without a name");
    storage.key = std::string(document_.at(parts[2]).text);
    storage.elements = Integer(parts[4], "storage size");
    if (parts.size() > 5 && document_.Is(parts[5], Kind::kTuple)) {
      const std::vector<Ref>& view = Tuple(parts[5], 3, "view of a storage");
      storage.view_offset = Integer(view[1], "view of a storage");
    }
    for (const NamedKind& row : kKinds) {
      if (storage.type == std::string("torch.") + row.storage ||
          storage.type == std::string("torch.cuda.") + row.storage) {
        storage.kind = row.kind;
      }
    }
    const bool untyped = storage.type == "torch.storage.UntypedStorage" || storage.type == "torch.UntypedStorage";
    if (!storage.kind && !untyped) {
      Refuse("has elements of type '" + storage.type + "', which cannot be read; convert it to float32 first");
    }
    return storage;
  }

  ElementKind KindOfType(Ref dtype) const {
    const std::string name = document_.GlobalName(dtype);
    for (const NamedKind& row : kKinds) {
      if (name == std::string("torch.") + row.dtype) return row.kind;
    }
    Refuse("has elements of type '" + name + "', which cannot be read; convert it to float32 first");
  }

 private:
  const PickleDocument& document_;
  const std::string& source_;
  std::string what_;
};

// The call that rebuilds a tensor: function and arguments, with what is wrapped around it taken off.
struct Call {
  std::string function;
  Ref arguments = PickleDocument::kNothing;
};

std::optional<Call> FindCall(const PickleDocument& document, Ref ref, const Reader& reader) {
  for (int i = 0; i < kMostWrappings; ++i) {
    if (!document.Is(ref, Kind::kObject)) return std::nullopt;
    Call call{document.GlobalName(ref), document.at(ref).arguments};
    // A subclass of Tensor: (function, class, arguments, state).
    if (call.function == "torch._tensor._rebuild_from_type_v2") {
      const std::vector<Ref>& parts = reader.Tuple(call.arguments, 3, "rebuilding");
      call = {document.GlobalName(parts[0]), parts[2]};
    }
    const bool parameter = call.function == "torch._utils._rebuild_parameter" ||
                           call.function == "torch._utils._rebuild_parameter_with_state" ||
                           call.function == "torch.nn.parameter.Parameter";
    if (!parameter) return call;
    ref = reader.Tuple(call.arguments, 1, "parameter")[0];
  }
  return std::nullopt;
}

}  // namespace

std::optional<TorchStorage> ReadStorageId(const PickleDocument& document, Ref id, const std::string& source) {
  return Reader(document, source, "a tensor").Storage(id);
}

std::optional<TorchTensor> FindTensor(const TorchSource& source, Ref ref, const std::string& name) {
  const PickleDocument& document = source.document;
  const Reader reader(document, source.name, "tensor " + Quoted(name));
  const std::optional<Call> call = FindCall(document, ref, reader);
  if (!call) return std::nullopt;
  const bool typed = call->function == "torch._utils._rebuild_tensor_v3";  // names the element type itself
  if (!typed && call->function != "torch._utils._rebuild_tensor_v2" && call->function != "torch._utils._rebuild_tensor")
    return std::nullopt;
  const std::vector<Ref>& parts = reader.Tuple(call->arguments, typed ? 7 : 4, "rebuilding");
  if (!document.Is(parts[0], Kind::kPersistent)) reader.Fail("has no storage");
  const std::optional<TorchStorage> storage = reader.Storage(document.at(parts[0]).arguments);
  if (!storage) reader.Fail("has no storage");
  TorchTensor tensor;
  tensor.storage = *storage;
  if (!typed && !storage->kind) reader.Fail("does not say what its elements are");
  tensor.kind = typed ? reader.KindOfType(parts[6]) : *storage->kind;
  tensor.offset = reader.Integer(parts[1], "offset") + storage->view_offset;
  tensor.shape = reader.Integers(parts[2], "shape");
  tensor.strides = reader.Integers(parts[3], "stride");
  if (tensor.shape.size() != tensor.strides.size()) reader.Fail("has another number of strides than of axes");
  return tensor;
}

Tensor ReadTensor(const TorchSource& source, const TorchTensor& tensor, const std::string& name) {
  const Reader reader(source.document, source.name, "tensor " + Quoted(name));
  const std::span<const uint8_t> bytes = source.bytes(tensor.storage);
  const auto available = static_cast<int64_t>(bytes.size() / BytesOf(tensor.kind));
  const int64_t count = BoundedCount(tensor.shape);
  if (count < 0) reader.Fail("has a shape beyond all bounds");
  // Position of the last element: every part is held against what is there, so that nothing overflows.
  int64_t last = tensor.offset;
  for (size_t axis = 0; count > 0 && axis < tensor.shape.size(); ++axis) {
    const int64_t steps = tensor.shape[axis] - 1, stride = tensor.strides[axis];
    if (stride > 0 && steps > available / stride) last = kMostElements + available;
    if (last <= available) last += steps * stride;
  }
  if (count > 0 && last >= available) {
    reader.Fail("of shape " + ToString(tensor.shape) + " reaches beyond its storage of " + std::to_string(available) +
                " elements, so the file is cut off or damaged");
  }
  return GatherElements(tensor.kind, bytes, tensor.shape, tensor.strides, count > 0 ? tensor.offset : 0);
}

}  // namespace maskscope
