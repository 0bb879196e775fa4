#ifndef MASKSCOPE_WEIGHTS_TORCH_STATE_H_
#define MASKSCOPE_WEIGHTS_TORCH_STATE_H_

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "weights/elements.h"
#include "weights/pickle.h"
#include "weights/weight_file.h"

// The tensors of a pickle that torch.save wrote, whatever container it lies in. Internal to weights.
namespace maskscope {

// A storage as its persistent id describes it: ('storage', torch.FloatStorage, key, device, elements[, view]).
struct TorchStorage {
  std::string key;
  std::optional<ElementKind> kind;  // nothing: bytes whose kind each tensor says (torch.storage.UntypedStorage)
  std::string type;                 // "torch.FloatStorage"
  int64_t elements = 0;
  int64_t view_offset = 0;  // elements; storages of the old format can be views of others
};
// nullopt where `id` is the id of something else. Errors: kBadModel, kUnsupported (the element type).
std::optional<TorchStorage> ReadStorageId(const PickleDocument& document, PickleDocument::Ref id,
                                          const std::string& source);

struct TorchSource {
  const PickleDocument& document;
  // The bytes of a storage. Errors: kBadModel.
  std::function<std::span<const uint8_t>(const TorchStorage&)> bytes;
  std::string name;       // in errors
  size_t file_bytes = 0;  // what tensors may take is measured by it
};

// Finds the weights and reads them. Errors as ReadWeightFile.
WeightFile ReadTorchState(const TorchSource& source, const WeightFileOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_TORCH_STATE_H_
