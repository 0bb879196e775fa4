#include "weights/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace maskscope {
namespace {

constexpr uint64_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50, kLocator64Signature = 0x07064b50;
constexpr uint64_t kDirectorySignature = 0x02014b50, kLocalSignature = 0x04034b50;
constexpr size_t kEndBytes = 22, kLocator64Bytes = 20, kEnd64Bytes = 56, kDirectoryBytes = 46, kLocalBytes = 30;
constexpr size_t kMostCommentBytes = 65535;
constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kZip64Extra = 1;
constexpr size_t kMostEntries = 200'000;
constexpr uint64_t kMostInflatedBytes = uint64_t{2} << 30;  // of all entries together

}  // namespace

void ZipArchive::Fail(const std::string& what) const {
  throw Error(ErrorKind::kBadModel, "'" + source_ + "' is not a usable zip archive: " + what);
}

// Little-endian; the caller's offsets come from the file, so every access is checked.
uint64_t ZipArchive::Number(size_t at, size_t bytes) const {
  if (at > bytes_.size() || bytes > bytes_.size() - at) Fail("it is cut off or damaged at byte " + std::to_string(at));
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | bytes_[at + i];
  return value;
}

ZipArchive::ZipArchive(std::span<const uint8_t> bytes, std::string source) : bytes_(bytes), source_(std::move(source)) {
  ReadDirectory();
}

// The end record lies at the very end, but for a comment of up to 64 KiB.
size_t ZipArchive::FindEnd() const {
  if (bytes_.size() < kEndBytes) Fail("it has " + std::to_string(bytes_.size()) + " bytes");
  const size_t last = bytes_.size() - kEndBytes, first = last - std::min(last, kMostCommentBytes);
  for (size_t at = last + 1; at-- > first;) {
    if (Number(at, 4) == kEndSignature && Number(at + 20, 2) == bytes_.size() - at - kEndBytes) return at;
  }
  Fail("its directory is missing, so it is cut off or damaged");
}

void ZipArchive::ReadDirectory() {
  const size_t end = FindEnd();
  if (Number(end + 4, 2) != 0 || Number(end + 6, 2) != 0) {
    throw Error(ErrorKind::kUnsupported, "'" + source_ + "' is one part of a split zip archive");
  }
  uint64_t count = Number(end + 10, 2), offset = Number(end + 16, 4);
  const bool has_locator = end >= kLocator64Bytes && Number(end - kLocator64Bytes, 4) == kLocator64Signature;
  if (has_locator) {
    const uint64_t at = Number(end - kLocator64Bytes + 8, 8);
    if (at > bytes_.size() || bytes_.size() - at < kEnd64Bytes || Number(at, 4) != kEnd64Signature) {
      Fail("its Zip64 directory is damaged");
    }
    count = Number(at + 32, 8);
    offset = Number(at + 48, 8);
  }
  if (count > kMostEntries) Fail("it claims " + std::to_string(count) + " entries");
  if (offset > bytes_.size()) Fail("its directory lies outside the file");
  auto at = static_cast<size_t>(offset);
  for (uint64_t i = 0; i < count; ++i) at = ReadEntry(at);
}

// Reads the directory's entry at `at`; returns where the next one begins.
size_t ZipArchive::ReadEntry(size_t at) {
  if (Number(at, 4) != kDirectorySignature) Fail("its directory is damaged");
  Entry entry;
  entry.flags = static_cast<uint16_t>(Number(at + 8, 2));
  entry.method = static_cast<uint16_t>(Number(at + 10, 2));
  entry.crc = static_cast<uint32_t>(Number(at + 16, 4));
  entry.packed = Number(at + 20, 4);
  entry.size = Number(at + 24, 4);
  entry.header = Number(at + 42, 4);
  const size_t name_bytes = Number(at + 28, 2), extra_bytes = Number(at + 30, 2), comment_bytes = Number(at + 32, 2);
  const size_t name_at = at + kDirectoryBytes, extra_at = name_at + name_bytes;
  const size_t next = extra_at + extra_bytes + comment_bytes;
  if (next > bytes_.size()) Fail("its directory is cut off");
  // Zip64: the fields that did not fit 32 bits, in this order.
  for (size_t field = extra_at; field + 4 <= extra_at + extra_bytes;) {
    const size_t id = Number(field, 2), length = Number(field + 2, 2);
    size_t value = field + 4;
    for (uint64_t* number : {&entry.size, &entry.packed, &entry.header}) {
      if (id != kZip64Extra || *number != std::numeric_limits<uint32_t>::max()) continue;
      if (value + 8 > field + 4 + length) Fail("a Zip64 field is damaged");
      *number = Number(value, 8);
      value += 8;
    }
    field += 4 + length;
  }
  const std::string name(reinterpret_cast<const char*>(bytes_.data()) + name_at, name_bytes);
  if (!entries_.emplace(name, entry).second) Fail("entry '" + name + "' stands in it twice");
  return next;
}

std::vector<std::string> ZipArchive::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::span<const uint8_t> ZipArchive::Packed(const std::string& name, const Entry& entry) const {
  if (entry.header > bytes_.size()) Fail("entry '" + name + "' lies outside the file");
  const auto at = static_cast<size_t>(entry.header);
  if (Number(at, 4) != kLocalSignature) Fail("the header of entry '" + name + "' is damaged");
  const uint64_t begin = at + kLocalBytes + Number(at + 26, 2) + Number(at + 28, 2);
  if (begin > bytes_.size() || entry.packed > bytes_.size() - begin) {
    Fail("entry '" + name + "' of " + std::to_string(entry.packed) + " bytes reaches beyond the file's end");
  }
  return bytes_.subspan(static_cast<size_t>(begin), static_cast<size_t>(entry.packed));
}

std::span<const uint8_t> ZipArchive::Inflate(const std::string& name, const Entry& entry,
                                             std::span<const uint8_t> packed) {
  if (entry.size == 0) return {};
  uint64_t all = entry.size;
  for (const std::vector<uint8_t>& other : inflated_) all += other.size();
  // Deflate packs at most 1032 : 1, so a larger claim is a lie and nothing is allocated for it.
  if (all > kMostInflatedBytes || entry.size / 1032 > packed.size()) {
    throw Error(ErrorKind::kTooLarge, "'" + source_ + "': entry '" + name + "' claims " + std::to_string(entry.size) +
                                          " bytes from " + std::to_string(packed.size()));
  }
  std::vector<uint8_t> content(static_cast<size_t>(entry.size));
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(ErrorKind::kResource, "no memory to unpack " + source_);
  stream.next_in = const_cast<uint8_t*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = content.data();
  stream.avail_out = static_cast<uInt>(content.size());
  const int code = inflate(&stream, Z_FINISH);
  const bool whole = code == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole) Fail("entry '" + name + "' cannot be unpacked");
  return inflated_.emplace_back(std::move(content));
}

std::span<const uint8_t> ZipArchive::Read(const std::string& name) {
  if (const auto found = read_.find(name); found != read_.end()) return found->second;
  const auto found = entries_.find(name);
  if (found == entries_.end()) Fail("entry '" + name + "' is missing");
  const Entry& entry = found->second;
  if ((entry.flags & kEncrypted) != 0) {
    throw Error(ErrorKind::kUnsupported, "'" + source_ + "': entry '" + name + "' is encrypted");
  }
  if (entry.method != kStored && entry.method != kDeflated) {
    throw Error(ErrorKind::kUnsupported, "'" + source_ + "': entry '" + name + "' is packed by method " +
                                             std::to_string(entry.method) + "; stored and deflated are read");
  }
  std::span<const uint8_t> content = Packed(name, entry);
  if (entry.method == kDeflated) content = Inflate(name, entry, content);
  if (content.size() != entry.size) Fail("entry '" + name + "' has another size than its header says");
  if (crc32_z(0, content.data(), content.size()) != entry.crc) {
    Fail("entry '" + name + "' does not match its checksum, so the file is damaged");
  }
  read_[name] = content;
  return content;
}

}  // namespace maskscope
