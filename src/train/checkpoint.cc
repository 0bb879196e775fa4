#include "train/checkpoint.h"

#include <torch/torch.h>

#include <bit>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "train/torch_ops.h"
#include "zoo/weights.h"

namespace maskscope {

namespace {

// The JSON part travels as a tensor of bytes, so that any reader of .safetensors can open the file.
constexpr const char* kStateName = "maskscope.state";

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

std::string_view Bytes(const void* data, size_t size) { return {static_cast<const char*>(data), size}; }

}  // namespace

void SaveCheckpoint(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  const std::string state = checkpoint.state.dump();
  nlohmann::json header = nlohmann::json::object();
  size_t offset = 0;
  const auto describe = [&](const std::string& name, const char* type, const Shape& shape, size_t bytes) {
    header[name] = {{"dtype", type}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  };
  for (const auto& [name, tensor] : checkpoint.tensors) {
    describe(name, "F32", tensor.sizes().vec(), static_cast<size_t>(tensor.numel()) * sizeof(float));
  }
  describe(kStateName, "U8", {static_cast<int64_t>(state.size())}, state.size());

  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format wants its data aligned to 8 bytes
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.Write(Bytes(&length, sizeof(length)));
  file.Write(text);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    file.Write(Bytes(plain.data_ptr<float>(), static_cast<size_t>(plain.numel()) * sizeof(float)));
  }
  file.Write(state);
  file.Commit();
}

Checkpoint LoadCheckpoint(const std::filesystem::path& path) {
  std::map<std::string, Tensor> tensors;
  try {
    tensors = ReadSafetensors(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadModel) throw;
    throw Error{ErrorKind::kBadData, error.what()};
  }
  const auto state = tensors.find(kStateName);
  if (state == tensors.end() || state->second.is_float()) {
    throw Error{ErrorKind::kBadData,
                path.string() + " is not a checkpoint of a training: it has no '" + kStateName + "'"};
  }
  Checkpoint checkpoint;
  const std::string text(state->second.ints.begin(), state->second.ints.end());
  checkpoint.state = nlohmann::json::parse(text, nullptr, false);
  if (!checkpoint.state.is_object()) {
    throw Error{ErrorKind::kBadData, path.string() + ": '" + kStateName + "' is not a JSON object"};
  }
  for (const auto& [name, tensor] : tensors) {
    if (name != kStateName) checkpoint.tensors.emplace(name, ToTorch(tensor));
  }
  return checkpoint;
}

}  // namespace maskscope
