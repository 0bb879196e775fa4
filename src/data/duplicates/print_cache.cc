#include "data/duplicates/print_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/random.h"

namespace maskscope {
namespace {

// The file: the magic, then a record a picture: the hash's 71 characters, the sides as 32-bit integers, the content box
// as 32-bit floats, 4096 grey values, and FNV-1a (64 bits) over all of that; little-endian.
constexpr std::string_view kMagic = "maskscope.prints/2\n";
constexpr size_t kHashLength = 71;  // "sha256:" and 64 hexadecimal digits
constexpr size_t kGreys = size_t{kPrintSide} * kPrintSide;
constexpr size_t kBodyBytes = kHashLength + 2 * 4 + 4 * 4 + kGreys;
constexpr size_t kRecordBytes = kBodyBytes + 8;

void AppendWord(std::string& bytes, uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(word >> shift & 255);
}

uint32_t WordAt(const char* bytes) {
  const auto at = [&](int i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  return at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
}

void AppendRecord(std::string& bytes, const std::string& hash, const PicturePrint& print) {
  const size_t begin = bytes.size();
  bytes += hash;
  AppendWord(bytes, static_cast<uint32_t>(print.width));
  AppendWord(bytes, static_cast<uint32_t>(print.height));
  const Box& box = print.content;
  for (const float value : {box.x1, box.y1, box.x2, box.y2}) AppendWord(bytes, std::bit_cast<uint32_t>(value));
  bytes.append(reinterpret_cast<const char*>(print.grey.data()), kGreys);
  const uint64_t check = HashText(std::string_view(bytes).substr(begin));
  AppendWord(bytes, static_cast<uint32_t>(check));
  AppendWord(bytes, static_cast<uint32_t>(check >> 32));
}

PicturePrint PrintOf(const char* bytes) {
  PicturePrint print;
  print.width = static_cast<int>(WordAt(bytes));
  print.height = static_cast<int>(WordAt(bytes + 4));
  print.content = {std::bit_cast<float>(WordAt(bytes + 8)), std::bit_cast<float>(WordAt(bytes + 12)),
                   std::bit_cast<float>(WordAt(bytes + 16)), std::bit_cast<float>(WordAt(bytes + 20))};
  std::memcpy(print.grey.data(), bytes + 24, kGreys);
  return print;
}

// A file open for appending, locked against other runs that use the same cache.
class Appender {
 public:
  explicit Appender(const std::filesystem::path& file) : file_(file) {
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd_ < 0) Fail();
    if (::flock(fd_, LOCK_EX) != 0) Fail();
  }
  ~Appender() {
    if (fd_ >= 0) ::close(fd_);
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  size_t Size() {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) Fail();
    return static_cast<size_t>(status.st_size);
  }
  void CutTo(size_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) Fail();
  }
  void Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) Fail();
      bytes.remove_prefix(static_cast<size_t>(put));
    }
  }

 private:
  [[noreturn]] void Fail() {
    const std::string reason = std::strerror(errno);
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    throw Error(ErrorKind::kOutput, "cannot write the cache of prints '" + file_.string() + "': " + reason);
  }

  const std::filesystem::path& file_;
  int fd_ = -1;
};

}  // namespace

PrintCache::PrintCache(std::filesystem::path file) : file_(std::move(file)) {
  if (!file_.empty() && std::filesystem::exists(file_)) Load();
}

void PrintCache::Load() {
  std::ifstream stream(file_, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file_)) {
    throw Error(ErrorKind::kUnreadable, "cannot read the cache of prints '" + file_.string() + "'");
  }
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::kBadData, "cache of prints '" + file_.string() + "': " + what +
                                         "; delete the file, it is made anew from the pictures");
  };
  std::string record(kMagic.size(), '\0');
  stream.read(record.data(), static_cast<std::streamsize>(record.size()));
  record.resize(static_cast<size_t>(stream.gcount()));
  // A shorter one was being made when its run was killed.
  if (record != kMagic.substr(0, record.size())) fail("it does not begin as one (wanted 'maskscope.prints/2')");
  record.resize(kRecordBytes);
  while (stream.read(record.data(), kRecordBytes)) {
    const char* check = record.data() + kBodyBytes;
    const uint64_t stored = WordAt(check) | uint64_t{WordAt(check + 4)} << 32;
    if (stored != HashText(std::string_view(record).substr(0, kBodyBytes))) {
      fail("entry " + std::to_string(prints_.size() + 1) + " is damaged");
    }
    prints_.emplace(record.substr(0, kHashLength), PrintOf(record.data() + kHashLength));
  }
}

const PicturePrint* PrintCache::Find(const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  const auto found = prints_.find(hash);
  return found == prints_.end() ? nullptr : &found->second;
}

const PicturePrint* PrintCache::Add(const std::string& hash, const PicturePrint& print) {
  if (hash.size() != kHashLength) throw Error(ErrorKind::kInternal, "cache of prints: the hash '" + hash + "'");
  const std::lock_guard lock(mutex_);
  const auto [place, fresh] = prints_.emplace(hash, print);
  if (fresh && !file_.empty()) unsaved_.push_back(&place->first);
  return &place->second;
}

void PrintCache::Save() {
  const std::lock_guard lock(mutex_);
  if (unsaved_.empty()) return;
  Appender file(file_);
  const size_t size = file.Size();
  // What a killed run left half written goes.
  const size_t whole = size < kMagic.size() ? 0 : size - (size - kMagic.size()) % kRecordBytes;
  if (whole < size) file.CutTo(whole);
  std::string bytes(whole == 0 ? kMagic : "");
  for (const std::string* hash : unsaved_) {
    AppendRecord(bytes, *hash, prints_.at(*hash));
    constexpr size_t kAtOnce = size_t{4} << 20;
    if (bytes.size() < kAtOnce) continue;
    file.Write(bytes);
    bytes.clear();
  }
  file.Write(bytes);
  unsaved_.clear();
}

size_t PrintCache::size() const {
  const std::lock_guard lock(mutex_);
  return prints_.size();
}

}  // namespace maskscope
