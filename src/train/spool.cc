#include "train/spool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace maskscope {
namespace {

// A file that nobody else can open, and that is gone when it is closed. -1 where that fails (errno).
int OpenUnnamed(const std::filesystem::path& folder) {
  const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
  // File systems without O_TMPFILE.
  std::string name = (folder / ".pictures.XXXXXX").string();
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

[[noreturn]] void Fail(const std::filesystem::path& folder, int64_t bytes, int error) {
  throw Error(ErrorKind::kOutput, "'" + folder.string() + "': no room for " + std::to_string(bytes >> 20) +
                                      " MB of faces that do not fit in memory: " + std::strerror(error) +
                                      "; free some, or allow more memory (--memory)");
}

}  // namespace

at::Tensor Spool::Allocate(const std::vector<int64_t>& shape, at::ScalarType type) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(type));
  for (const int64_t extent : shape) bytes *= extent;
  if (bytes <= left_ || bytes == 0) {
    left_ -= bytes;
    return at::empty(shape, type);
  }
  const auto size = static_cast<size_t>(bytes);
  const int file = OpenUnnamed(folder_);
  if (file < 0) Fail(folder_, bytes, errno);
  // Reserved now: a full disk would otherwise be a SIGBUS in the middle of it all.
  const int reserved = posix_fallocate(file, 0, bytes);
  void* const data = reserved == 0 ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  const int error = reserved != 0 ? reserved : errno;
  close(file);
  if (data == MAP_FAILED) Fail(folder_, bytes, error);
  madvise(data, size, MADV_RANDOM);
  mappings_.push_back({data, size});
  in_files_ += bytes;
  return at::from_blob(
      data, shape, [size](void* mapped) { munmap(mapped, size); }, at::TensorOptions(type));
}

void Spool::Release() const {
  for (const Mapping& mapping : mappings_) madvise(mapping.data, mapping.bytes, MADV_DONTNEED);
}

}  // namespace maskscope
