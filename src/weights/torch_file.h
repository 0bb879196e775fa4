#ifndef MASKSCOPE_WEIGHTS_TORCH_FILE_H_
#define MASKSCOPE_WEIGHTS_TORCH_FILE_H_

#include <cstdint>
#include <span>
#include <string>

#include "weights/weight_file.h"

// The two containers of torch.save. Internal to weights.
namespace maskscope {

bool IsZip(std::span<const uint8_t> bytes);
bool IsPickle(std::span<const uint8_t> bytes);

// From 1.6 on, and TorchScript: a zip archive with the pickle in NAME/data.pkl and each storage in NAME/data/KEY.
WeightFile ReadTorchZip(std::span<const uint8_t> bytes, const std::string& source, const WeightFileOptions& options);
// Before: a magic number, a version, the sizes of the machine's types, the pickle and the list of storages, each
// pickled, one after the other; then each storage, its number of elements before it.
WeightFile ReadTorchLegacy(std::span<const uint8_t> bytes, const std::string& source, const WeightFileOptions& options);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_TORCH_FILE_H_
