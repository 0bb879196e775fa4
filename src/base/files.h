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

// A file that appears under its name only when it is complete: written to a temporary name beside it, renamed by
// Commit(); without Commit the temporary file is removed. A link is followed; a device or pipe (/dev/stdout, /dev/null)
// is written to as it is. Errors: kOutput, naming the path and the system's reason (disk full ...). Not thread-safe.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void Write(std::string_view bytes);
  void Commit();
  // Keeps what was written so far under the name plus `suffix`: an unfinished result that must not pass for a finished
  // one. Returns that name; empty for a device.
  std::filesystem::path CommitUnfinished(std::string_view suffix);

 private:
  void Close(const std::filesystem::path& final_path);

  std::filesystem::path path_;       // as given, for messages
  std::filesystem::path target_;     // links followed
  std::filesystem::path temporary_;  // empty: a device, written to directly
  int fd_ = -1;
};

void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);

// Creates the folder and its parents. Errors: kOutput.
void MakeFolder(const std::filesystem::path& path);

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_FILES_H_
