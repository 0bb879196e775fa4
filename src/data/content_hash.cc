#include "data/content_hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "data/manifest.h"

namespace maskscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "sha256:";
constexpr size_t kDigits = 64;
constexpr size_t kPieceBytes = size_t{1} << 18;

void Require(bool ok) {
  if (!ok) throw Error(ErrorKind::kResource, "libcrypto cannot compute SHA-256");
}

[[noreturn]] void ThrowReadError(const fs::path& file, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR) {
    throw Error(ErrorKind::kNotFound, "'" + file.string() + "' does not exist");
  }
  throw Error(ErrorKind::kUnreadable, "cannot read '" + file.string() + "': " + std::strerror(error_number));
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

struct ContentHasher::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) {
  Require(state_->context != nullptr && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
ContentHasher::~ContentHasher() = default;
ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;
ContentHasher& ContentHasher::operator=(ContentHasher&&) noexcept = default;

void ContentHasher::Add(std::string_view bytes) {
  Require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string ContentHasher::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1);
  std::string text(kPrefix);
  for (unsigned int i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

bool IsContentHash(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigits) return false;
  return std::all_of(text.begin() + kPrefix.size(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string ContentHash(std::string_view bytes) {
  ContentHasher hasher;
  hasher.Add(bytes);
  return hasher.Finish();
}

std::string ContentHashOfFile(const fs::path& file) {
  // Not blocking: a named pipe without a writer must be refused, not waited for.
  const Descriptor input{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (input.fd < 0) ThrowReadError(file, errno);
  struct stat status {};
  if (::fstat(input.fd, &status) != 0) ThrowReadError(file, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::kUnreadable, "'" + file.string() + "' is not a regular file");
  }
  ContentHasher hasher;
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    const ssize_t got = ::read(input.fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowReadError(file, errno);
    if (got == 0) return hasher.Finish();
    hasher.Add({piece.data(), static_cast<size_t>(got)});
  }
}

}  // namespace maskscope
