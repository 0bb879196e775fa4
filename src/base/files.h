#ifndef MASKSCOPE_BASE_FILES_H_
#define MASKSCOPE_BASE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace maskscope {

// The whole file. Errors: kNotFound, kUnreadable (also for a folder), kTooLarge (checked before reading).
std::vector<uint8_t> ReadFileBytes(const std::filesystem::path& path, int64_t max_bytes);
std::string ReadFileText(const std::filesystem::path& path, int64_t max_bytes = int64_t{64} << 20);

// A file that appears under its name only when it is complete: written to a temporary name beside it, renamed by Commit();
// without Commit the temporary file is removed. Errors: kOutput, naming the path and the system's reason (disk full ...).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void Write(std::string_view bytes);
  void Commit();

 private:
  std::filesystem::path path_, temporary_;
  int fd_ = -1;
};

void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);

// Creates the folder and its parents. Errors: kOutput.
void MakeFolder(const std::filesystem::path& path);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_FILES_H_
