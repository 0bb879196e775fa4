#ifndef MASKSCOPE_WEIGHTS_TEST_SAFETENSORS_H_
#define MASKSCOPE_WEIGHTS_TEST_SAFETENSORS_H_

#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "graph/graph.h"

namespace maskscope::test {

// Writes float tensors as a .safetensors file.
inline std::filesystem::path WriteSafetensors(const std::map<std::string, Tensor>& tensors,
                                              const std::filesystem::path& path) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.floats.data()), tensor.floats.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  WriteFileAtomically(path, std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text + data);
  return path;
}

}  // namespace maskscope::test

#endif  // MASKSCOPE_WEIGHTS_TEST_SAFETENSORS_H_
