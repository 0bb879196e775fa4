#ifndef MASKSCOPE_TRAIN_CHECKPOINT_H_
#define MASKSCOPE_TRAIN_CHECKPOINT_H_

#include <filesystem>
#include <nlohmann/json.hpp>

#include "train/optimizer.h"

namespace maskscope {

// Everything a stopped training needs to go on: tensors by name and the rest as JSON. Batches, augmentation and dropout
// are functions of (seed, epoch, step), so there is no state of a random generator to keep.
struct Checkpoint {
  nlohmann::json state = nlohmann::json::object();
  NamedTensors tensors;  // float32
};

// A .safetensors file, complete under its name or not there at all. Errors: kOutput.
void SaveCheckpoint(const Checkpoint& checkpoint, const std::filesystem::path& path);
// Errors: kNotFound, kUnreadable, kBadData.
Checkpoint LoadCheckpoint(const std::filesystem::path& path);

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_CHECKPOINT_H_
