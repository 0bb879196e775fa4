#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

std::string Reason(int error_number) { return std::strerror(error_number); }

[[noreturn]] void ThrowOpenError(const fs::path& path, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) {
    throw Error(ErrorKind::kNotFound, "'" + path.string() + "' does not exist");
  }
  throw Error(ErrorKind::kUnreadable, "cannot read '" + path.string() + "': " + Reason(error_number));
}

[[noreturn]] void ThrowOutputError(const fs::path& path, int error_number) {
  throw Error(ErrorKind::kOutput, "cannot write '" + path.string() + "': " + Reason(error_number));
}

// Closes a descriptor on every way out.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

template <typename Container>
Container ReadWhole(const fs::path& path, int64_t max_bytes) {
  // Not blocking: a named pipe without a writer must be refused below, not waited for.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) ThrowOpenError(path, errno);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) ThrowOpenError(path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::kUnreadable, "'" + path.string() + "' is not a regular file");
  }
  if (status.st_size > max_bytes) {
    throw Error(ErrorKind::kTooLarge, "'" + path.string() + "' has " + std::to_string(status.st_size) +
                                          " bytes, more than the limit of " + std::to_string(max_bytes));
  }
  Container bytes(static_cast<size_t>(status.st_size), 0);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.fd, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowOpenError(path, errno);
    if (got == 0) break;  // shrank while it was read: what is there is what there is
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

std::vector<uint8_t> ReadFileBytes(const fs::path& path, int64_t max_bytes) {
  return ReadWhole<std::vector<uint8_t>>(path, max_bytes);
}

std::string ReadFileText(const fs::path& path, int64_t max_bytes) { return ReadWhole<std::string>(path, max_bytes); }

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), target_(path_) {
  static std::atomic<unsigned> counter{0};
  std::error_code code;
  if (fs::is_symlink(path_, code)) target_ = fs::weakly_canonical(path_, code);
  if (code) target_ = path_;
  const fs::file_status status = fs::status(target_, code);
  if (fs::is_directory(status)) ThrowOutputError(path_, EISDIR);
  if (!fs::exists(status) || fs::is_regular_file(status)) {
    temporary_ = target_;
    temporary_ += "." + std::to_string(::getpid()) + "." + std::to_string(counter++) + ".tmp";
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  } else {
    fd_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  }
  if (fd_ < 0) ThrowOutputError(path_, errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ThrowOutputError(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

void AtomicFile::Commit() { Close(target_); }

fs::path AtomicFile::CommitUnfinished(std::string_view suffix) {
  const fs::path name = temporary_.empty() ? fs::path() : fs::path(target_) += suffix;
  Close(name);
  return name;
}

void AtomicFile::Close(const fs::path& final_path) {
  const int fd = fd_;
  fd_ = -1;
  int failure = ::close(fd) == 0 ? 0 : errno;
  if (temporary_.empty()) {
    if (failure != 0) ThrowOutputError(path_, failure);
    return;
  }
  if (failure == 0 && ::rename(temporary_.c_str(), final_path.c_str()) != 0) failure = errno;
  if (failure == 0) return;
  ::unlink(temporary_.c_str());
  ThrowOutputError(path_, failure);
}

void WriteFileAtomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.Write(bytes);
  file.Commit();
}

void MakeFolder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) throw Error(ErrorKind::kOutput, "cannot make folder '" + path.string() + "': " + code.message());
}

}  // namespace maskscope
