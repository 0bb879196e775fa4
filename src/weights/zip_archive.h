#ifndef MASKSCOPE_WEIGHTS_ZIP_ARCHIVE_H_
#define MASKSCOPE_WEIGHTS_ZIP_ARCHIVE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace maskscope {

// A zip archive in memory (PKWARE APPNOTE 6.3, sections 4.3 to 4.5: stored and deflated entries, also Zip64). What
// torch.save writes is stored, so that reading an entry costs nothing.
// Errors of all functions: kBadModel (cut off, damaged), kUnsupported (encrypted, split, other compressions),
// kTooLarge.
class ZipArchive {
 public:
  // Reads the directory. `bytes` must outlive the archive; `source` names it in errors.
  ZipArchive(std::span<const uint8_t> bytes, std::string source);

  std::vector<std::string> Names() const;  // sorted
  bool Has(const std::string& name) const { return entries_.contains(name); }
  // The content, checked against its CRC-32; valid as long as the archive. Errors also: kBadModel where there is no
  // such entry.
  std::span<const uint8_t> Read(const std::string& name);

 private:
  struct Entry {
    uint16_t flags = 0, method = 0;
    uint32_t crc = 0;
    uint64_t packed = 0, size = 0, header = 0;  // bytes, bytes, offset of the local header
  };

  [[noreturn]] void Fail(const std::string& what) const;
  void ReadDirectory();
  size_t FindEnd() const;
  size_t ReadEntry(size_t at);
  std::span<const uint8_t> Packed(const std::string& name, const Entry& entry) const;
  std::span<const uint8_t> Inflate(const std::string& name, const Entry& entry, std::span<const uint8_t> packed);
  uint64_t Number(size_t at, size_t bytes) const;

  std::span<const uint8_t> bytes_;
  std::string source_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::span<const uint8_t>> read_;
  std::deque<std::vector<uint8_t>> inflated_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_WEIGHTS_ZIP_ARCHIVE_H_
