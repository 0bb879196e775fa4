#include "data/duplicates/print_cache.h"

#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"

namespace maskscope {
namespace {

// The file: the magic, then a record a picture in order of hashes (the hash's 71 characters, the sides as 32-bit
// integers, the content box as 32-bit floats, 4096 grey values), then FNV-1a over all of that; little-endian.
constexpr std::string_view kMagic = "maskscope.prints/1\n";
constexpr size_t kHashLength = 71;  // "sha256:" and 64 hexadecimal digits
constexpr size_t kGreys = size_t{kPrintSide} * kPrintSide;
constexpr size_t kRecordBytes = kHashLength + 2 * 4 + 4 * 4 + kGreys;
constexpr int64_t kMaxCacheBytes = int64_t{8} << 30;

void AppendWord(std::string& bytes, uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(word >> shift & 255);
}

uint32_t WordAt(const uint8_t* bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

std::string RecordOf(const std::string& hash, const PicturePrint& print) {
  std::string record = hash;
  AppendWord(record, static_cast<uint32_t>(print.width));
  AppendWord(record, static_cast<uint32_t>(print.height));
  const Box& box = print.content;
  for (const float value : {box.x1, box.y1, box.x2, box.y2}) AppendWord(record, std::bit_cast<uint32_t>(value));
  record.append(reinterpret_cast<const char*>(print.grey.data()), kGreys);
  return record;
}

PicturePrint PrintOf(const uint8_t* bytes) {
  PicturePrint print;
  print.width = static_cast<int>(WordAt(bytes));
  print.height = static_cast<int>(WordAt(bytes + 4));
  print.content = {std::bit_cast<float>(WordAt(bytes + 8)), std::bit_cast<float>(WordAt(bytes + 12)),
                   std::bit_cast<float>(WordAt(bytes + 16)), std::bit_cast<float>(WordAt(bytes + 20))};
  std::memcpy(print.grey.data(), bytes + 24, kGreys);
  return print;
}

std::string_view TextOf(const std::vector<uint8_t>& bytes, size_t begin, size_t count) {
  return {reinterpret_cast<const char*>(bytes.data()) + begin, count};
}

}  // namespace

PrintCache::PrintCache(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty() || !std::filesystem::exists(file_)) return;
  const std::vector<uint8_t> bytes = ReadFileBytes(file_, kMaxCacheBytes);
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::kBadData, "cache of prints '" + file_.string() + "': " + what +
                                         "; delete the file, it is made anew from the pictures");
  };
  if (bytes.size() < kMagic.size() + 8 || TextOf(bytes, 0, kMagic.size()) != kMagic) {
    fail("it does not begin as one (wanted 'maskscope.prints/1')");
  }
  const size_t body = bytes.size() - kMagic.size() - 8;
  const uint64_t stored = WordAt(&bytes[bytes.size() - 8]) | uint64_t{WordAt(&bytes[bytes.size() - 4])} << 32;
  if (body % kRecordBytes != 0 || stored != HashText(TextOf(bytes, 0, bytes.size() - 8))) {
    fail("it is cut off or damaged");
  }
  for (size_t at = kMagic.size(); at + 8 < bytes.size(); at += kRecordBytes) {
    prints_.emplace(TextOf(bytes, at, kHashLength), PrintOf(&bytes[at + kHashLength]));
  }
}

std::optional<PicturePrint> PrintCache::Find(const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  const auto found = prints_.find(hash);
  if (found == prints_.end()) return std::nullopt;
  return found->second;
}

void PrintCache::Add(const std::string& hash, const PicturePrint& print) {
  if (hash.size() != kHashLength) throw Error(ErrorKind::kInternal, "cache of prints: the hash '" + hash + "'");
  const std::lock_guard lock(mutex_);
  changed_ |= prints_.emplace(hash, print).second;
}

void PrintCache::Save() {
  const std::lock_guard lock(mutex_);
  if (file_.empty() || !changed_) return;
  std::string bytes(kMagic);
  bytes.reserve(kMagic.size() + prints_.size() * kRecordBytes + 8);
  for (const auto& [hash, print] : prints_) bytes += RecordOf(hash, print);
  const uint64_t check = HashText(bytes);
  AppendWord(bytes, static_cast<uint32_t>(check));
  AppendWord(bytes, static_cast<uint32_t>(check >> 32));
  WriteFileAtomically(file_, bytes);
  changed_ = false;
}

size_t PrintCache::size() const {
  const std::lock_guard lock(mutex_);
  return prints_.size();
}

}  // namespace maskscope
