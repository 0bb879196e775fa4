#include "weights/weight_file.h"

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "graph/onnx_io.h"
#include "weights/caffemodel.h"
#include "weights/safetensors.h"
#include "weights/torch_file.h"

namespace maskscope {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{2} << 30;

// The first bytes, or all there are.
std::string Head(const std::filesystem::path& path, size_t bytes) {
  std::string head(bytes, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(bytes));
  head.resize(static_cast<size_t>(stream.gcount()));
  return head;
}

WeightFile FromSafetensors(const std::filesystem::path& path) {
  WeightFile file;
  file.format = "safetensors";
  file.tensors = ReadSafetensors(path);
  return file;
}

WeightFile FromOnnx(const std::filesystem::path& path) {
  WeightFile file;
  file.format = "ONNX";
  file.tensors = ReadOnnx(path).initializers;
  return file;
}

WeightFile FromCaffe(const std::filesystem::path& path) {
  WeightFile file;
  file.format = "Caffe";
  file.tensors = ParseCaffemodel(ReadFileBytes(path, kMaxFileBytes), path.string());
  return file;
}

// A header that begins with the length of a JSON object (safetensors): neither zip nor any pickle of torch.save has '{'
// as its ninth byte.
bool IsSafetensors(const std::string& head) { return head.size() > 8 && head[8] == '{'; }
// The magic of tar, in which the very first versions of torch.save wrote.
bool IsTar(const std::string& head) { return head.size() >= 262 && head.compare(257, 5, "ustar") == 0; }

}  // namespace

WeightFile ReadWeightFile(const std::filesystem::path& path, const WeightFileOptions& options) {
  const std::string head = Head(path, 512);
  const std::span<const uint8_t> start(reinterpret_cast<const uint8_t*>(head.data()), head.size());
  // First, since the length before a safetensors header can begin with a pickle's first byte.
  const bool torch = !IsSafetensors(head) && (IsZip(start) || IsPickle(start));
  if (!options.key.empty() && !torch) {
    throw Error(ErrorKind::kUsage,
                "'" + path.string() + "' is no file of PyTorch, so it has no entry '" + options.key + "'");
  }
  if (torch) {
    const std::vector<uint8_t> bytes = ReadFileBytes(path, kMaxFileBytes);
    return IsZip(start) ? ReadTorchZip(bytes, path.string(), options) : ReadTorchLegacy(bytes, path.string(), options);
  }
  if (IsTar(head)) {
    throw Error(ErrorKind::kUnsupported,
                "'" + path.string() +
                    "' is a tar archive, as PyTorch wrote before 0.1.10: load and save it with "
                    "a newer one");
  }
  if (path.extension() == ".onnx") return FromOnnx(path);
  if (path.extension() == ".caffemodel") return FromCaffe(path);
  if (IsSafetensors(head) || path.extension() == ".safetensors") return FromSafetensors(path);
  // Says what is wrong with a file that is missing, empty or a folder.
  if (ReadFileBytes(path, kMaxFileBytes).empty()) throw Error(ErrorKind::kBadModel, "'" + path.string() + "' is empty");
  throw Error(ErrorKind::kUnsupported,
              "'" + path.string() +
                  "' is of no format that is known; safetensors, PyTorch (.pt, .pth), ONNX and .caffemodel are read");
}

}  // namespace maskscope
