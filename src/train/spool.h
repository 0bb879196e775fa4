#ifndef MASKSCOPE_TRAIN_SPOOL_H_
#define MASKSCOPE_TRAIN_SPOOL_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace maskscope {

// Room for pictures that a training draws from again and again: in memory as far as allowed, the rest in files without
// a name in `folder`, which vanish with the process however it ends. What a tensor holds does not depend on where it
// lies. The tensors may outlive the spool.
class Spool {
 public:
  Spool(std::filesystem::path folder, int64_t memory_bytes) : folder_(std::move(folder)), left_(memory_bytes) {}

  // A tensor whose values are not set; what does not fit into what is left of the memory lies in a file. Errors:
  // kOutput naming the folder (no room on the disk, no right to write).
  at::Tensor Allocate(const std::vector<int64_t>& shape, at::ScalarType type);
  // Gives back the memory in which pages of the files wait; they are read again when needed. Thread-safe with use of
  // the tensors, as long as these live.
  void Release() const;
  int64_t bytes_in_files() const { return in_files_; }

 private:
  struct Mapping {
    void* data;
    size_t bytes;
  };
  std::filesystem::path folder_;
  int64_t left_, in_files_ = 0;
  std::vector<Mapping> mappings_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_TRAIN_SPOOL_H_
