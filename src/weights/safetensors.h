#ifndef MASKSCOPE_WEIGHTS_SAFETENSORS_H_
#define MASKSCOPE_WEIGHTS_SAFETENSORS_H_

#include <filesystem>
#include <map>
#include <string>

#include "graph/graph.h"

namespace maskscope {

// Reads a .safetensors file (F32, F16, BF16, F64, I64, I32, U8 ...). The header is checked against the file's size
// before anything is allocated. Errors: kNotFound, kUnreadable, kBadModel, kTooLarge.
std::map<std::string, Tensor> ReadSafetensors(const std::filesystem::path& path);

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_SAFETENSORS_H_
