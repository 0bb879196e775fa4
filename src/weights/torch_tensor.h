#ifndef MASKSCOPE_WEIGHTS_TORCH_TENSOR_H_
#define MASKSCOPE_WEIGHTS_TORCH_TENSOR_H_

#include <optional>

#include "weights/torch_state.h"

// One pickled tensor. Internal to weights.
namespace maskscope {

// A part of a storage, seen as a tensor.
struct TorchTensor {
  TorchStorage storage;
  ElementKind kind = ElementKind::kF32;
  int64_t offset = 0;  // elements
  Shape shape, strides;
};

// nullopt where the value is no tensor. Errors: kBadModel, kUnsupported, each naming `name`.
std::optional<TorchTensor> FindTensor(const TorchSource& source, PickleDocument::Ref ref, const std::string& name);
Tensor ReadTensor(const TorchSource& source, const TorchTensor& tensor, const std::string& name);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_TORCH_TENSOR_H_
